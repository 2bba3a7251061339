"""Promise 4: asked again at the last moment. What a phone got decides, for every line of the table.

Seen to fail when: a rule of `consent.RULES` was loosened (nudge at any hour, reminder without consent, answer past its
quarter of an hour, confirmation after the carrier's, staff at night, or after a STOP, or without consent) or tightened
(safety stopped by an opt-out, alert kept to the window, confirmation blocked by what it confirms); a nudge went that
had been answered; nothing was asked again when a message left; an opt-out called off the safety text; the
confirmation's key forgot its opt-out, or told each STOP apart.
"""

import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from reminders import outbox
from reminders.care import consents
from reminders.care.actors import Actor
from reminders.channels.opening import SenderIdentity
from reminders.ids import new_id
from reminders.models import Consent, Message, OptOut, Patient, Reply, Sender
from reminders.models.kinds import Channel, ConsentAction, Language, MessageKind, Purpose, ReplyKind
from reminders.outbox import Draft
from reminders.settings import Settings
from schedules.lifecycle import State
from tests.promises.practice import MARIE, NURSE, Practice
from tests.promises.world import number
from tests.reminders.delivery.fakes import FakeChannel

DAY = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)
NIGHT = datetime(2026, 3, 11, 7, 0, tzinfo=UTC)
"""03:00 in Montreal; the window opens six hours later."""

OPENING = datetime(2026, 3, 11, 13, 0, tzinfo=UTC)

GOES, WAITS = "goes", "waits"


@dataclass(frozen=True)
class Line:
    """One line of the table: what holds for a message, and what must become of it by day and by night."""

    kind: MessageKind
    by_day: str
    by_night: str
    consented: bool = True
    opted_out: bool = False
    by_carrier: bool = False
    minutes_ago: int | None = None
    urgent: bool = False

    def draft(self, practice: Practice, at: datetime, n: int) -> Draft:
        """The message, due since a moment."""
        return Draft(
            clinic_id=practice.clinic.id,
            kind=self.kind,
            channel=Channel.SMS,
            template=TEMPLATES[self.kind],
            language=Language.EN,
            dedupe_key=f"line:{n}:{new_id()}",
            due_at=at,
            useful_until=at + timedelta(days=1),
            urgent=self.urgent,
            params=WRITTEN.get(self.kind),
        )


K = MessageKind
TO_STAFF = {K.ALERT}
WRITTEN = {K.STAFF: {"text": "Please call us."}, K.ALERT: {"path": "/"}}
TEMPLATES = {
    K.REMINDER: "answer:clear",
    K.NUDGE: "answer:clear",
    K.ANSWER: "answer:clear",
    K.CONFIRMATION: "confirmation:stop",
    K.SAFETY: "safety:urgent",
    K.STAFF: "staff:message",
    K.ALERT: "alert:red_flag",
}

TABLE = [
    *(
        line
        for kind in (K.REMINDER, K.NUDGE)
        for line in (
            Line(kind, GOES, WAITS),
            Line(kind, "no_consent", "no_consent", consented=False),
            Line(kind, "opted_out", "opted_out", opted_out=True),
            Line(kind, "opted_out", "opted_out", opted_out=True, by_carrier=True),
            Line(kind, "opted_out", "opted_out", consented=False, opted_out=True),
            # Neither the patient's own message nor a mark of urgency opens the window for what is owed by a schedule.
            Line(kind, GOES, WAITS, minutes_ago=1),
            Line(kind, GOES, WAITS, urgent=True),
        )
    ),
    Line(K.ANSWER, GOES, GOES, minutes_ago=1),
    Line(K.ANSWER, GOES, GOES, minutes_ago=14),
    Line(K.ANSWER, GOES, WAITS, minutes_ago=16),
    Line(K.ANSWER, GOES, WAITS),
    Line(K.ANSWER, GOES, GOES, minutes_ago=1, consented=False),
    Line(K.ANSWER, "opted_out", "opted_out", minutes_ago=1, opted_out=True),
    Line(K.CONFIRMATION, GOES, GOES, opted_out=True, consented=False),
    Line(K.CONFIRMATION, "opted_out", "opted_out", opted_out=True, by_carrier=True, consented=False),
    Line(K.SAFETY, GOES, GOES, minutes_ago=1),
    Line(K.SAFETY, GOES, GOES, consented=False),
    Line(K.SAFETY, GOES, GOES, minutes_ago=1, opted_out=True, consented=False),
    Line(K.SAFETY, GOES, GOES, minutes_ago=1, opted_out=True, by_carrier=True),
    Line(K.STAFF, GOES, WAITS),
    # A patient's message a minute ago does not make it an answer: a person decides whether it is urgent.
    Line(K.STAFF, GOES, WAITS, minutes_ago=1),
    Line(K.STAFF, GOES, GOES, urgent=True),
    *(
        line
        for urgent in (False, True)
        for line in (
            Line(K.STAFF, "no_consent", "no_consent", consented=False, urgent=urgent),
            Line(K.STAFF, "opted_out", "opted_out", opted_out=True, urgent=urgent),
            Line(K.STAFF, "opted_out", "opted_out", opted_out=True, by_carrier=True, urgent=urgent),
            Line(K.STAFF, "opted_out", "opted_out", consented=False, opted_out=True, urgent=urgent),
        )
    ),
    Line(K.ALERT, GOES, GOES),
]


@pytest.mark.parametrize("now", [DAY, NIGHT], ids=["by day", "at 03:00"])
def test_every_line_of_the_table(practice: Practice, now: datetime) -> None:
    practice.world.set_clock(now)
    numbers = [number(n) for n in range(len(TABLE))]
    ids = [_owe(practice, line, now, n) for n, line in enumerate(TABLE)]
    practice.sweep()
    for line, message_id, phone in zip(TABLE, ids, numbers, strict=True):
        wanted = line.by_day if now is DAY else line.by_night
        assert _fate(practice, message_id, len(practice.got(phone))) == wanted, line


def test_what_waited_goes_when_the_window_opens(practice: Practice) -> None:
    practice.world.set_clock(NIGHT)
    waiting = [line for line in TABLE if line.by_night == WAITS]
    ids = [_owe(practice, line, NIGHT, n) for n, line in enumerate(waiting)]
    practice.sweep()
    assert practice.got() == []
    assert {practice.message(message_id).due_at for message_id in ids} == {OPENING}
    practice.world.set_clock(OPENING)
    practice.sweep()
    assert len(practice.got()) == len(waiting)


def _owe(practice: Practice, line: Line, now: datetime, n: int) -> uuid.UUID:
    """A line's message to the n-th number, with all that the line says of its person."""
    draft, phone = line.draft(practice, now, n), number(n)
    if line.kind in TO_STAFF:
        draft = replace(draft, staff_id=practice.hire(phone=phone, on_call=True).id)
    else:
        draft = replace(draft, patient_id=_person(practice, line, phone).id)
    with practice.database.begin() as session:
        if line.minutes_ago is not None:
            reply = _reply(practice, draft, phone, now - timedelta(minutes=line.minutes_ago))
            reply.sender_id = session.scalars(select(Sender.id).where(Sender.channel == Channel.SMS)).one()
            session.add(reply)
            session.flush()
            draft = replace(draft, reply_id=reply.id)
        return outbox.enqueue(session, [draft], now)[0]


def _person(practice: Practice, line: Line, phone: str) -> Patient:
    patient = practice.world.patient(phone=phone)
    with practice.database.begin() as session:
        if not line.consented:
            session.add(_entry(patient, ConsentAction.WITHDRAWN, practice.world.now + timedelta(seconds=1)))
        if line.opted_out:
            session.add(
                OptOut(
                    clinic_id=patient.clinic_id,
                    channel=Channel.SMS,
                    address_index=patient.phone_index,
                    at=practice.world.now,
                    source="reply",
                    by_carrier=line.by_carrier,
                )
            )
    return patient


def _entry(patient: Patient, action: ConsentAction, at: datetime) -> Consent:
    """An entry of the ledger and nothing else: what a process that died before cancelling would leave."""
    return Consent(
        clinic_id=patient.clinic_id,
        patient_id=patient.id,
        channel=Channel.SMS,
        purpose=Purpose.AFTERCARE,
        action=action,
        at=at,
        source="form",
    )


def _reply(practice: Practice, draft: Draft, phone: str, at: datetime) -> Reply:
    return Reply(
        id=new_id(),
        clinic_id=draft.clinic_id,
        patient_id=draft.patient_id,
        kind=ReplyKind.TEXT,
        channel=Channel.SMS,
        provider_id=str(new_id()),
        sender_address=phone,
        from_index=practice.database.keyring.index("phone", phone),
        body="1",
        received_at=at,
    )


def _fate(practice: Practice, message_id: uuid.UUID, texts: int) -> str:
    """What became of a message, by what its phone got and what its row says."""
    message = practice.message(message_id)
    if texts:
        assert (texts, message.state) == (1, State.SENT)
        return GOES
    if message.state is State.PLANNED:
        assert message.due_at == OPENING
        return WAITS
    assert message.state is State.SKIPPED
    return message.reason


# The same, from the patient's own words to their phone.


@pytest.fixture
def asked(practice: Practice) -> Practice:
    """Marie was asked the day-7 question by day; a nurse is on call; now it is 03:00."""
    practice.nurse()
    practice.world.treat(practice.world.patient(phone=MARIE, language="en"))
    practice.sweep()
    assert len(practice.got(MARIE)) == 1
    practice.world.set_clock(NIGHT)
    return practice


def test_an_answer_at_three_in_the_morning_goes_at_once(asked: Practice) -> None:
    asked.text("3")
    asked.world.pass_time(timedelta(minutes=14))
    asked.sweep()
    assert "we suggest a consult" in asked.got(MARIE)[-1]


def test_an_answer_that_could_not_leave_for_a_quarter_of_an_hour_waits_for_the_morning(asked: Practice) -> None:
    asked.text("3")
    asked.world.pass_time(timedelta(minutes=16))
    asked.sweep()
    assert len(asked.got(MARIE)) == 1
    asked.world.set_clock(OPENING)
    asked.sweep()
    assert "we suggest a consult" in asked.got(MARIE)[-1]


def test_an_opt_out_is_confirmed_once_after_it_and_nothing_follows(asked: Practice) -> None:
    for body in ("STOP", "stop please", "ARRET"):
        asked.text(body)
        asked.sweep()
    (confirmed,) = asked.got(MARIE)[1:]
    assert "Reply START" in confirmed
    (confirmation,) = asked.rows(select(Message).where(Message.kind == MessageKind.CONFIRMATION))
    (opt_out,) = asked.rows(select(OptOut))
    assert opt_out.at <= confirmation.sent_at
    asked.world.treat(asked.rows(select(Patient))[0], days_ago=1)
    asked.world.set_clock(OPENING)
    asked.sweep()
    assert len(asked.got(MARIE)) == 2


def test_another_opt_out_after_a_start_is_another_opt_out(asked: Practice) -> None:
    for body in ("STOP", "START", "STOP"):
        asked.world.pass_time(timedelta(minutes=1))
        asked.text(body)
        asked.sweep()
    first, started, second = asked.got(MARIE)[1:]
    assert first == second != started


def test_what_the_carrier_has_confirmed_we_do_not(asked: Practice) -> None:
    asked.text("STOP", OptOutType="STOP")
    asked.sweep()
    assert len(asked.got(MARIE)) == 1
    assert [row.by_carrier for row in asked.rows(select(OptOut))] == [True]


def test_a_red_flag_beside_a_stop_gets_the_safety_text_at_any_hour_and_the_nurse_her_alert(asked: Practice) -> None:
    asked.text("STOP. I have a fever and there is pus")
    asked.sweep()
    assert sum("Call us now" in text for text in asked.got(MARIE)) == 1
    assert len(asked.got(NURSE)) == 1
    assert len(asked.rows(select(OptOut))) == 1


@pytest.mark.parametrize("withdrawn_by", ["staff", "the ledger alone", "STOP", "all but offers"])
def test_what_is_withdrawn_between_claim_and_call_is_not_sent(practice: Practice, withdrawn_by: str) -> None:
    """A sweep opens its channel after the claim is committed and before it prepares: there consent goes."""
    marie = practice.world.patient(phone=MARIE)
    practice.world.treat(marie)
    claimed: list[uuid.UUID] = []

    def open_late(identity: SenderIdentity, settings: Settings) -> FakeChannel:
        claimed.extend(practice.rows(select(Message.id).where(Message.state == State.CLAIMED)))
        _withdraw(practice, marie, withdrawn_by)
        return practice.phones(identity, settings)

    practice.delivery.opener = open_late
    practice.sweep()
    assert len(claimed) == 1
    assert practice.message(claimed[0]).state in {State.SKIPPED, State.CANCELLED}
    assert not any("How has your skin been" in text for text in practice.got(MARIE))


def _withdraw(practice: Practice, patient: Patient, by: str) -> None:
    now = practice.world.now
    if by == "STOP":
        assert practice.text("STOP").status_code == 200
        return
    with practice.database.begin() as session:
        if by == "staff":
            consents.withdraw(session, Actor(practice.clinic.id, "form"), patient.id, Channel.SMS, now)
        else:
            session.add(_entry(patient, ConsentAction.WITHDRAWN, now))
        if by == "all but offers":
            # The newest entry of the channel, and of another purpose: nothing goes on that.
            offers = _entry(patient, ConsentAction.GRANTED, now + timedelta(seconds=1))
            offers.purpose = Purpose.MARKETING
            session.add(offers)


def test_whoever_agrees_again_is_written_to_again(practice: Practice) -> None:
    """The other direction: the newest entry holds, whatever stands before it."""
    marie = practice.world.patient(phone=MARIE)
    with practice.database.begin() as session:
        for minute, action in enumerate((ConsentAction.WITHDRAWN, ConsentAction.GRANTED), start=1):
            session.add(_entry(marie, action, practice.world.now + timedelta(minutes=minute)))
    practice.world.treat(marie)
    practice.sweep()
    assert len(practice.got(MARIE)) == 1
