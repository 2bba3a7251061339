"""The stand-in carrier: accepts texts, moves them along, and brings patients' texts to our webhook."""

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace

from reminders.clock import host_now
from reminders.sandbox import keywords, receipts, webhook
from reminders.sandbox.courier import Courier
from reminders.sandbox.faults import FaultKind, Faults, Stage
from reminders.sandbox.records import INBOUND, OUTBOUND, OUTBOUND_REPLY, Media, Record, moved, new_sid
from reminders.sandbox.refusals import OPTED_OUT, RefusedError, check
from reminders.sandbox.store import FILE_NAME, Store
from reminders.settings import SANDBOX_ACCOUNT, SANDBOX_NUMBER, Settings

WEBHOOK_FAILED = 11200
"""Twilio's code on an inbound text that our webhook did not take."""

_ON_ITS_WAY = frozenset({"accepted", "queued", "sent"})
"""What an earlier run left unfinished; its receipts start again, as at-least-once receipts may."""

_OK = range(200, 300)


@dataclass(frozen=True, slots=True)
class PatientText:
    """A text that a patient sends: E.164 numbers, and how often the carrier brings it."""

    sender: str
    recipient: str
    body: str
    media: tuple[Media, ...] = ()
    sid: str = ""
    opt_out_type: str = ""
    repeat: int = 1


@dataclass(frozen=True, slots=True)
class Brought:
    """What came of a patient's text: each try's HTTP status (None: no answer) and the texts sent back in TwiML."""

    record: Record
    statuses: tuple[int | None, ...]
    answers: tuple[str, ...]


class Carrier:
    """Texts and e-mails of the sandbox. It never refuses a send for quiet hours or consent: that is our software's job.

    Open one per process and `close` it: a thread brings receipts to the webhooks.
    """

    account = SANDBOX_ACCOUNT

    def __init__(self, settings: Settings, store: Store) -> None:
        self.token = settings.sandbox_token
        self.store = store
        self.faults = Faults()
        self._public_url = settings.public_url
        self.api_url = settings.twilio_api_url
        self._courier = Courier(self.token)
        for record in store.all():
            if record.status in _ON_ITS_WAY:
                self._courier.run(self._deliver(record, receipts.plan(None)))

    def accept(self, form: Mapping[str, str]) -> Record:
        """Take a text to send, from the parameters of Twilio's create call, and start its delivery.

        Raises:
            RefusedError: Twilio would refuse it.
        """
        refusal = check(form) or (OPTED_OUT if self._blocks(form) else None)
        if refusal:
            raise RefusedError(refusal)
        record = self.store.add(_outgoing(form))
        steps = receipts.plan(self.faults.take(Stage.RECEIPT))
        self._courier.run(self._deliver(record, steps))
        return record

    def keep(self, record: Record) -> Record:
        """Keep an e-mail that came: one of ours that the mailbox took, or one for the clinic."""
        return self.store.add(record)

    async def bring(self, text: PatientText) -> Brought:
        """Bring a patient's text to our inbound webhook and wait for the answer."""
        return await asyncio.wrap_future(self._courier.run(self._bring(text)))

    def reset(self) -> None:
        """Forget every message and opt-out; receipts on their way are dropped."""
        self.store.reset()

    def close(self) -> None:
        """Stop delivering and close the store."""
        self._courier.close()
        self.store.close()

    def _blocks(self, form: Mapping[str, str]) -> bool:
        stands = self.faults.stands(FaultKind.CARRIER_HANDLES_STOP)
        return stands and self.store.opted_out(form["To"], form.get("From") or SANDBOX_NUMBER)

    async def _deliver(self, record: Record, steps: tuple[receipts.Step, ...]) -> None:
        """Move a text along. Its receipts go out in their order, but a slow webhook does not hold up the text."""
        posting: asyncio.Task[None] | None = None
        for step in steps:
            await asyncio.sleep(step.wait)
            if step.status:
                record = moved(record, step.status, host_now(), step.error_code)
            if not self.store.update(record):
                return
            if step.report and record.callback:
                posting = asyncio.create_task(self._report(replace(record, status=step.report), posting))
        if posting:
            await posting

    async def _report(self, record: Record, earlier: "asyncio.Task[None] | None") -> None:
        if earlier:
            await earlier
        await self._courier.post(webhook.receipt(record, self.account))

    async def _bring(self, text: PatientText) -> Brought:
        record = self.store.get(text.sid) or self.store.add(self._hosting(_incoming(text)))
        change = keywords.opt_out_change(text.body)
        if change is not None:
            self.store.set_opt_out(text.sender, text.recipient, opted_out=change)
        post = webhook.inbound(record, self.account, self._public_url, text.opt_out_type)
        answers = [await self._courier.post(post) for _ in range(text.repeat)]
        statuses = tuple(answer.status_code if answer else None for answer in answers)
        if not any(status in _OK for status in statuses if status):
            self.store.update(replace(record, error_code=WEBHOOK_FAILED))
        replies = [body for answer in answers if answer for body in webhook.texts_in(answer.text)]
        for body in replies:
            self.store.add(_reply(record, body))
        return Brought(record, statuses, tuple(replies))

    def _hosting(self, record: Record) -> Record:
        """The record with addresses of our own for what it carries."""
        base = f"{self.api_url}/{webhook.API_VERSION}/Accounts/{self.account}/Messages/{record.sid}/Media"
        media = tuple(
            replace(one, url=f"{base}/ME{secrets.token_hex(16)}") if one.data else one for one in record.media
        )
        return replace(record, media=media)


def _outgoing(form: Mapping[str, str]) -> Record:
    service = form.get("MessagingServiceSid")
    now = host_now()
    return Record(
        sid=new_sid(),
        channel="sms",
        direction=OUTBOUND,
        sender=form.get("From") or SANDBOX_NUMBER,
        recipient=form["To"],
        body=form["Body"],
        status="accepted" if service else "queued",
        created_at=now,
        updated_at=now,
        service_sid=service or None,
        callback=form.get("StatusCallback", ""),
    )


def _incoming(text: PatientText) -> Record:
    now = host_now()
    return Record(
        sid=text.sid or new_sid("MM" if text.media else "SM"),
        channel="sms",
        direction=INBOUND,
        sender=text.sender,
        recipient=text.recipient,
        body=text.body,
        status="received",
        created_at=now,
        updated_at=now,
        sent_at=now,
        media=text.media,
    )


def _reply(asked: Record, body: str) -> Record:
    """The text that a webhook's TwiML sends back, already delivered."""
    now = host_now()
    record = replace(asked, sid=new_sid(), direction=OUTBOUND_REPLY, body=body, media=(), error_code=None)
    turned = replace(record, sender=asked.recipient, recipient=asked.sender, created_at=now, sent_at=None)
    return moved(turned, "delivered", now)


def open_carrier(settings: Settings) -> Carrier:
    """A carrier on DATA_DIR/sandbox.db, where the messages of earlier runs still lie.

    Raises:
        SettingsError: the file cannot be used, or another sandbox has it open.
    """
    return Carrier(settings, Store(settings.data_dir / FILE_NAME, settings.keyring()))
