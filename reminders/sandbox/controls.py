"""The sandbox's own JSON: what was sent, a patient's text, and what shall go wrong."""

from fastapi import APIRouter, HTTPException, Response
from pydantic import Base64Bytes, BaseModel, ConfigDict, Field

from reminders.sandbox.carrier import Carrier, PatientText
from reminders.sandbox.faults import Fault, FaultKind
from reminders.sandbox.hosting import MOST_BYTES, held
from reminders.sandbox.letters import PatientMail, bounce, incoming, written
from reminders.sandbox.records import INBOUND, Media, Record
from reminders.settings import SANDBOX_MAIL_FROM, SANDBOX_NUMBER

_MAX_BODY = 100_000
_E164 = r"^\+[1-9][0-9]{6,14}$"
_MAIL = r"^[^@\s]+@[^@\s]+$"


class MediaIn(BaseModel):
    """An attachment of a patient's text: the file itself in base64, which the sandbox then keeps as Twilio does, or
    the address that the webhook shall name, whatever it is."""

    url: str = Field("", max_length=2000)
    content_type: str = Field("image/jpeg", max_length=100)
    data: Base64Bytes = Field(b"", max_length=MOST_BYTES)


class ReplyIn(BaseModel):
    """A patient's text. `repeat` brings it several times under one sid, as a carrier may."""

    model_config = ConfigDict(extra="forbid")

    sender: str = Field(alias="from", pattern=_E164)
    to: str = Field(SANDBOX_NUMBER, pattern=_E164)
    body: str = Field("", max_length=_MAX_BODY)
    media: list[MediaIn] = Field(default_factory=list, max_length=10)
    sid: str = Field("", pattern="^((SM|MM)[0-9a-fA-F]{32})?$")
    opt_out_type: str = Field("", max_length=20)
    repeat: int = Field(1, ge=1, le=100)


class MailIn(BaseModel):
    """A patient's e-mail, answering the newest that their mailbox got unless `answers` is false or says which (an id).

    `raw` is a whole mail instead, for what no person writes; `bounce` ("5.1.1") the report that theirs was not
    delivered.
    """

    model_config = ConfigDict(extra="forbid")

    sender: str = Field(alias="from", pattern=_MAIL)
    to: str = Field("", pattern=f"^$|{_MAIL}")
    subject: str = Field("", max_length=500)
    body: str = Field("", max_length=_MAX_BODY)
    answers: bool | str = True
    headers: dict[str, str] = Field(default_factory=dict)
    raw: str = Field("", max_length=_MAX_BODY * 100)
    bounce: str = Field("", pattern=r"^$|^[245]\.\d{1,3}\.\d{1,3}$")


class FaultIn(BaseModel):
    """What to do wrong the next `times` times."""

    model_config = ConfigDict(extra="forbid")

    kind: FaultKind
    times: int = Field(1, ge=1, le=1_000_000)
    seconds: float | None = Field(None, ge=0, le=3600)
    code: int | None = Field(None, ge=100, le=99999)
    status: int | None = Field(None, ge=400, le=599)


def controls_router(carrier: Carrier) -> APIRouter:
    """Reading and steering the sandbox."""
    api = APIRouter(prefix="/sandbox", include_in_schema=False)
    _add_reading(api, carrier)
    _add_patients(api, carrier)
    _add_steering(api, carrier)
    return api


def _add_reading(api: APIRouter, carrier: Carrier) -> None:
    @api.get("/messages")
    def messages(*, everything: bool = False) -> list[dict[str, object]]:
        """What our software sent, newest last; patients' own texts too with ?everything=1."""
        return [_shown(record) for record in carrier.store.all() if everything or record.direction != INBOUND]

    @api.get("/messages/{sid}/raw")
    def raw(sid: str) -> Response:
        """An e-mail as it came."""
        record = carrier.store.get(sid)
        if record is None or record.channel != "email":
            raise HTTPException(404)
        return Response(record.raw.encode("utf-8", "surrogateescape"), media_type="text/plain; charset=utf-8")

    @api.get("/version")
    def version() -> dict[str, int]:
        """A number that grows with every change: what the pages poll."""
        return {"version": carrier.store.version}


def _add_patients(api: APIRouter, carrier: Carrier) -> None:
    @api.post("/replies")
    async def reply(text: ReplyIn | MailIn) -> dict[str, object]:
        """Bring a patient's text to our webhook; `status` is the HTTP status of its (last) answer, null if none.

        An e-mail is put into the clinic's mailbox, which our software reads when it next looks.
        """
        if isinstance(text, MailIn):
            return {"sid": carrier.keep(_mail(carrier, text)).sid}
        brought = await carrier.bring(_patient_text(text))
        return {
            "sid": brought.record.sid,
            "status": brought.statuses[-1],
            "statuses": brought.statuses,
            "answers": brought.answers,
        }


def _add_steering(api: APIRouter, carrier: Carrier) -> None:
    @api.post("/faults", status_code=204)
    def set_fault(fault: FaultIn) -> None:
        carrier.faults.set(Fault(fault.kind, fault.seconds, fault.code, fault.status), fault.times)

    @api.delete("/faults", status_code=204)
    def clear_faults() -> None:
        carrier.faults.clear()

    @api.post("/reset", status_code=204)
    def reset() -> None:
        carrier.reset()


def _patient_text(text: ReplyIn) -> PatientText:
    media = tuple(
        held(one.data, one.content_type) if one.data else Media(one.url, one.content_type) for one in text.media
    )
    return PatientText(text.sender, text.to, text.body, media, text.sid, text.opt_out_type, text.repeat)


def _mail(carrier: Carrier, mail: MailIn) -> Record:
    answered = _answered(carrier, mail)
    to = mail.to or (answered.sender if answered else SANDBOX_MAIL_FROM)
    if mail.bounce and answered:
        return incoming(bounce(answered, mail.bounce), mail.sender, to, f"(bounce: {mail.bounce})")
    if mail.raw:
        return incoming(mail.raw.encode("utf-8", "surrogateescape"), mail.sender, to, mail.body)
    headers = tuple(mail.headers.items())
    letter = PatientMail(mail.sender, mail.body, mail.to or ("" if answered else to), mail.subject, answered, headers)
    return incoming(written(letter), mail.sender, to, mail.body)


def _answered(carrier: Carrier, mail: MailIn) -> Record | None:
    if isinstance(mail.answers, str):
        return carrier.store.get(mail.answers)
    got = [one for one in carrier.store.sent_to(mail.sender) if one.direction != INBOUND]
    return got[-1] if got and mail.answers else None


def _shown(record: Record) -> dict[str, object]:
    shown: dict[str, object] = {
        "id": record.sid,
        "channel": record.channel,
        "direction": record.direction,
        "to": record.recipient,
        "from": record.sender,
        "body": record.body,
        "created_at": record.created_at.isoformat(),
        "status": record.status,
        "error_code": record.error_code,
    }
    if record.channel == "email":
        shown |= {"subject": record.subject, "message_id": record.message_id, "list_unsubscribe": record.unsubscribe}
    return shown
