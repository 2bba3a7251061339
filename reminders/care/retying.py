"""An answer was about another treatment of the same patient: it moves there, with all that came of it.

An answer by page is tied to the message that led there, one by text to the newest check-in asked. With two open at once
that can be the wrong one, and only the patient knows: staff who asked them say so here.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from reminders.care import audit, replanning, retied
from reminders.care.actors import Actor
from reminders.care.checkins import ANSWERABLE_FOR
from reminders.errors import InvalidInputError, Problem
from reminders.models import CheckIn, Message, MessageReminder, Patient, Reminder, Reply, Severity


@dataclass(frozen=True, slots=True)
class OtherCheckIn:
    """A check-in of another treatment that the same answer could have been to."""

    treatment_id: uuid.UUID
    reminder_id: uuid.UUID
    message_id: uuid.UUID


def others(session: Session, reply: Reply) -> Sequence[OtherCheckIn]:
    """The check-ins of other treatments that were open when `reply` came, the newest of each; none unless it was taken
    for an answer."""
    answered = session.scalar(select(CheckIn.treatment_id).where(CheckIn.reply_id == reply.id).limit(1))
    if answered is None or reply.patient_id is None:
        return ()
    sent_at = func.coalesce(Message.sent_at, Message.delivered_at)
    query = (
        select(Reminder.treatment_id, Reminder.id, Message.id)
        .join(MessageReminder, MessageReminder.reminder_id == Reminder.id)
        .join(Message, Message.id == MessageReminder.message_id)
        .where(Message.patient_id == reply.patient_id, Reminder.is_check_in, Reminder.treatment_id != answered)
        .where(sent_at <= reply.received_at, sent_at >= reply.received_at - ANSWERABLE_FOR)
        .order_by(sent_at, Message.id)
    )
    newest = {row[0]: OtherCheckIn(*row) for row in session.execute(query)}
    return tuple(newest.values())


def retie(session: Session, actor: Actor, reply: Reply, treatment_id: uuid.UUID, now: datetime) -> None:
    """The answer was about that treatment: its outcome, severity and all that they led to are that one's from now on.

    Raises:
        InvalidInputError: on treatment_id, no_such_check_in: none of that treatment was open then.
    """
    if reply.patient_id is not None:
        replanning.lock(session, session.get_one(Patient, reply.patient_id))
    to = next((one for one in others(session, reply) if one.treatment_id == treatment_id), None)
    if to is None:
        raise InvalidInputError({"treatment_id": Problem("no_such_check_in")})
    answers = session.scalars(select(CheckIn).where(CheckIn.reply_id == reply.id)).all()
    before = {answer.treatment_id for answer in answers}
    for kind in (CheckIn, Severity):
        there = {"treatment_id": to.treatment_id, "reminder_id": to.reminder_id}
        session.execute(update(kind).where(kind.reply_id == reply.id).values(**there))
    reply.answers_id = to.message_id
    session.flush()
    retied.carry(session, retied.Moved(reply, answers, before, to.treatment_id), now)
    detail = {"treatment": str(to.treatment_id)}
    audit.note(session, actor, "reply.retied", "reply", reply.id, now, detail)
