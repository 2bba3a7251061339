"""Staff write to a patient, of themselves or where the patient wrote: a message that follows promise 4's table."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NoReturn

from sqlalchemy import select
from sqlalchemy.orm import Session

from reminders.care import audit, replanning, seeing, settling
from reminders.care.actors import Actor
from reminders.care.mailboxes import is_read
from reminders.care.outlook import refusals
from reminders.care.texts_in import text_problem
from reminders.errors import InvalidInputError, NotFoundError, Problem
from reminders.models import Clinic, Message, Patient, Reply, Ticket
from reminders.models.kinds import Channel, MessageKind, TicketState
from reminders.outbox import Draft, enqueue, keys
from reminders.wording import segments
from reminders.wording.answers import ANSWERS, about_answers
from reminders.wording.render import render
from reminders.wording.texts import find
from reminders.wording.values import clinic_values

TEMPLATE = "staff:message"
LONGEST = 900
"""Characters: about six segments of text."""

ANSWERED = "answered"
"""The outcome of a ticket that is closed with an answer."""

_USEFUL_FOR = timedelta(hours=24)
_MARK = "\ue000"
"""Stands where the text will: nobody types a character for private use, and it would be refused."""


@dataclass(frozen=True, slots=True)
class To:
    """Whom something is written to, and by what; `reply` is what it answers, None if nobody asked."""

    patient: Patient
    channel: Channel
    reply: Reply | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """What somebody wrote. `urgent`: it may leave outside the window. `closes` are the tickets that are done with it.

    `nonce` tells one press of the button from the next, so that pressing twice sends once.
    """

    text: str
    nonce: str
    urgent: bool = False
    closes: Collection[uuid.UUID] = ()


@dataclass(frozen=True, slots=True)
class Shown:
    """How it would read, and what it would cost: segments of a text, 0 by e-mail."""

    body: str
    segments: int


def get(session: Session, clinic_id: uuid.UUID, reply_id: uuid.UUID) -> Reply:
    """One of the clinic's replies.

    Raises:
        NotFoundError: there is none, or it is another clinic's.
    """
    found = session.scalar(select(Reply).where(Reply.id == reply_id, Reply.clinic_id == clinic_id))
    if found is None:
        raise NotFoundError("no such reply")
    return found


def answering(session: Session, reply: Reply) -> To:
    """Where an answer to a reply goes: to who wrote it, as they wrote.

    Raises:
        InvalidInputError: on text, answer_nobody_known.
    """
    if reply.patient_id is None:
        _refuse("answer_nobody_known")
    return To(session.scalars(select(Patient).where(Patient.id == reply.patient_id)).one(), reply.channel, reply)


def write(session: Session, actor: Actor, to: To, written: Written, now: datetime) -> Message:
    """Queue what staff wrote; the trail says who wrote it. The same nonce sends it once.

    Raises:
        InvalidInputError: on text: text_missing, too_long, control_characters, written_already (the nonce has sent
            something else), or why the patient cannot be written to there: answer_no_address, answer_wrong_number,
            answer_opted_out, answer_no_consent, answer_no_sender.
    """
    text = _clean(written.text)
    replanning.lock(session, to.patient)
    there = _there(session, to, written.nonce)
    if there is not None:
        if (there.params or {}).get("text") != text:
            _refuse("written_already")
        return there
    if refusal := refusals(session, to.patient)[to.channel]:
        _refuse(refusal)
    draft = _draft(to, text, written, now)
    enqueue(session, [draft], now)
    message = session.scalars(select(Message).where(Message.dedupe_key == draft.dedupe_key)).one()
    detail = {"reply": str(to.reply.id)} if to.reply else {"patient": str(to.patient.id)}
    audit.note(session, actor, "message.written", "message", message.id, now, detail | {"urgent": written.urgent})
    _close(session, actor, to, written.closes, now)
    if to.reply is not None:
        seeing.see(session, actor, [to.reply.id], now)
    return message


def was_sent(session: Session, patient: Patient, nonce: str) -> bool:
    """Whether this press of the button has sent something to them already."""
    return _there(session, To(patient, Channel.SMS), nonce) is not None


def preview(session: Session, clinic: Clinic, to: To, text: str, now: datetime) -> Shown:
    """What would be sent, and what it would cost.

    Raises:
        InvalidInputError: on text, as `write`.
    """
    body = _body(session, clinic, to, _clean(text), now)
    return Shown(body, segments.count(body).count if to.channel is Channel.SMS else 0)


def around(session: Session, clinic: Clinic, to: To, now: datetime) -> tuple[str, str]:
    """What is put before and after whatever is written, for a counter that counts while somebody types."""
    before, _, after = _body(session, clinic, to, _MARK, now).partition(_MARK)
    return before, after


def answerable(session: Session, patient: Patient) -> Sequence[Ticket]:
    """The open tickets about something that the patient wrote, which an answer may settle; the most urgent first."""
    open_ones = (Ticket.patient_id == patient.id, Ticket.reply_id.is_not(None), Ticket.state != TicketState.CLOSED)
    return session.scalars(select(Ticket).where(*open_ones).order_by(Ticket.priority, Ticket.opened_at)).all()


def _body(session: Session, clinic: Clinic, to: To, text: str, now: datetime) -> str:
    answers = about_answers(to.patient.language, reads=is_read(session, clinic.id, now))
    own = {"first_name": to.patient.given_name, "unsubscribe_url": "", ANSWERS: answers, "text": text}
    found = find(TEMPLATE, to.patient.language, to.channel, None)
    return render(found, {**clinic_values(clinic, to.channel), **own}).body


def _clean(text: str) -> str:
    lines = [line.strip() for line in text.strip().splitlines()]
    if not any(lines):
        _refuse("text_missing")
    problem = text_problem(" ".join(lines), LONGEST)
    if problem:
        raise InvalidInputError({"text": problem})
    return "\n".join(lines)


def _refuse(why: str) -> NoReturn:
    raise InvalidInputError({"text": Problem(why)})


def _there(session: Session, to: To, nonce: str) -> Message | None:
    """What this press of the button has sent already, also by the key that answers had until they shared this path."""
    mine = [keys.staff_key(to.patient.id, nonce)]
    mine += [keys.staff_key(to.reply.id, nonce)] if to.reply else []
    return session.scalar(select(Message).where(Message.dedupe_key.in_(mine)))


def _draft(to: To, text: str, written: Written, now: datetime) -> Draft:
    return Draft(
        clinic_id=to.patient.clinic_id,
        kind=MessageKind.STAFF,
        channel=to.channel,
        template=TEMPLATE,
        language=to.patient.language,
        dedupe_key=keys.staff_key(to.patient.id, written.nonce),
        due_at=now,
        useful_until=now + _USEFUL_FOR,
        patient_id=to.patient.id,
        reply_id=to.reply.id if to.reply else None,
        params={"text": text},
        urgent=written.urgent,
    )


def _close(session: Session, actor: Actor, to: To, closes: Collection[uuid.UUID], now: datetime) -> None:
    if not closes:
        return
    for ticket in answerable(session, to.patient):
        if ticket.id in closes:
            settling.close(session, actor, ticket, ANSWERED, now)
