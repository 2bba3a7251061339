"""Staff answer a patient where the patient wrote: by text or e-mail, as a message that follows promise 4's table."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NoReturn

from sqlalchemy import select
from sqlalchemy.orm import Session

from reminders import consent
from reminders.care import audit, replanning, tickets, wrong_numbers
from reminders.care.actors import Actor
from reminders.care.mailboxes import is_read
from reminders.care.reach import address_index
from reminders.care.texts_in import text_problem
from reminders.errors import InvalidInputError, NotFoundError, Problem
from reminders.models import Clinic, Message, Patient, Reply, Ticket
from reminders.models.kinds import Channel, MessageKind, TicketState
from reminders.outbox import Draft, enqueue, keys, sending_channels
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


@dataclass(frozen=True, slots=True)
class Written:
    """What somebody wrote. `urgent`: it may leave outside the window. `closes`: the reply's tickets are done with it.

    `nonce` tells one press of the button from the next, so that pressing twice sends once.
    """

    text: str
    nonce: str
    urgent: bool = False
    closes: bool = False


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


def answer(session: Session, actor: Actor, reply: Reply, written: Written, now: datetime) -> Message:
    """Queue what staff wrote, on the channel of the reply; the trail says who wrote it. The same nonce sends it once.

    Raises:
        InvalidInputError: on text: text_missing, too_long, control_characters, or why the patient cannot be written to
            there: answer_nobody_known, answer_no_address, answer_wrong_number, answer_opted_out, answer_no_consent,
            answer_no_sender.
    """
    patient = _addressee(session, reply)
    text = _clean(written.text)
    replanning.lock(session, patient)
    _check_way(session, patient, reply.channel)
    draft = _draft(reply, patient, text, written, now)
    if enqueue(session, [draft], now):
        message = session.scalars(select(Message).where(Message.dedupe_key == draft.dedupe_key)).one()
        detail = {"reply": str(reply.id), "urgent": written.urgent}
        audit.note(session, actor, "message.written", "message", message.id, now, detail)
        if written.closes:
            _close(session, actor, reply, now)
        return message
    return session.scalars(select(Message).where(Message.dedupe_key == draft.dedupe_key)).one()


def preview(session: Session, clinic: Clinic, reply: Reply, text: str, now: datetime) -> Shown:
    """What would be sent, and what it would cost.

    Raises:
        InvalidInputError: on text, as `answer`.
    """
    patient = _addressee(session, reply)
    answers = about_answers(patient.language, reads=is_read(session, clinic.id, now))
    own = {"first_name": patient.given_name, "unsubscribe_url": "", ANSWERS: answers}
    values = {**clinic_values(clinic, reply.channel), **own}
    found = find(TEMPLATE, patient.language, reply.channel, None)
    body = render(found, values | {"text": _clean(text)}).body
    return Shown(body, segments.count(body).count if reply.channel is Channel.SMS else 0)


def _addressee(session: Session, reply: Reply) -> Patient:
    if reply.patient_id is None:
        _refuse("answer_nobody_known")
    return session.scalars(select(Patient).where(Patient.id == reply.patient_id)).one()


def _clean(text: str) -> str:
    lines = [line.strip() for line in text.strip().splitlines()]
    if not any(lines):
        _refuse("text_missing")
    problem = text_problem(" ".join(lines), LONGEST)
    if problem:
        raise InvalidInputError({"text": problem})
    return "\n".join(lines)


def _check_way(session: Session, patient: Patient, channel: Channel) -> None:
    """Promise 4 is asked again when it leaves; asked now, whoever writes hears of it."""
    index = address_index(patient, channel)
    if index is None or patient.erased_at is not None:
        _refuse("answer_no_address")
    if wrong_numbers.is_wrong(session, wrong_numbers.Place(patient.clinic_id, channel, index)):
        _refuse("answer_wrong_number")
    if consent.opted_out(session, patient.clinic_id, [(channel, index)]):
        _refuse("answer_opted_out")
    if (patient.id, channel) not in consent.consented(session, [patient.id]):
        _refuse("answer_no_consent")
    if channel not in sending_channels(session, patient.clinic_id):
        _refuse("answer_no_sender")


def _refuse(why: str) -> NoReturn:
    raise InvalidInputError({"text": Problem(why)})


def _draft(reply: Reply, patient: Patient, text: str, written: Written, now: datetime) -> Draft:
    return Draft(
        clinic_id=reply.clinic_id,
        kind=MessageKind.STAFF,
        channel=reply.channel,
        template=TEMPLATE,
        language=patient.language,
        dedupe_key=keys.staff_key(reply.id, written.nonce),
        due_at=now,
        useful_until=now + _USEFUL_FOR,
        patient_id=patient.id,
        reply_id=reply.id,
        params={"text": text},
        urgent=written.urgent,
    )


def _close(session: Session, actor: Actor, reply: Reply, now: datetime) -> None:
    mine = (Ticket.reply_id == reply.id, Ticket.state != TicketState.CLOSED)
    for ticket in session.scalars(select(Ticket).where(*mine)).all():
        tickets.close(session, actor, ticket, ANSWERED, now)
