"""Somebody who shares a number wrote, and staff know who: the reply becomes theirs and is read again for them."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from reminders.care import audit, settling
from reminders.care.actors import Actor
from reminders.care.replies import candidates
from reminders.care.surroundings import answered_by
from reminders.care.understanding import understand_again
from reminders.errors import InvalidInputError, Problem
from reminders.models import Attachment, CheckIn, Patient, Reply, Ticket
from reminders.models.kinds import TicketKind, TicketState

_SHARED = "shared_number"


def assign(session: Session, actor: Actor, reply: Reply, patient_id: uuid.UUID, now: datetime) -> None:
    """It was this patient. What that answers is recorded as theirs; what still needs a person stays open, with a name.

    Raises:
        InvalidInputError: on patient_id: reply_assigned (somebody was faster) or not_at_this_address.
    """
    _lock(session, reply)
    if reply.patient_id is not None:
        raise InvalidInputError({"patient_id": Problem("reply_assigned")})
    patient = next((one for one in candidates(session, reply) if one.id == patient_id), None)
    if patient is None:
        raise InvalidInputError({"patient_id": Problem("not_at_this_address")})
    waiting = _name(session, reply, patient)
    reply.patient_id, reply.read_at = patient.id, None
    reply.answers_id = answered_by(session, patient.id, reply.channel, reply.received_at)
    session.execute(update(Attachment).where(Attachment.reply_id == reply.id).values(patient_id=patient.id))
    session.flush()
    audit.note(session, actor, "reply.assigned", "reply", reply.id, now, {"patient": str(patient.id)})
    understand_again(session, reply.id, now)
    session.expire(reply)
    _settle(session, actor, reply, waiting, now)


def _lock(session: Session, reply: Reply) -> None:
    asked = select(Reply).where(Reply.id == reply.id).with_for_update(key_share=True)
    session.scalars(asked.execution_options(populate_existing=True)).one()


def _name(session: Session, reply: Reply, patient: Patient) -> Sequence[Ticket]:
    """The reply's tickets that wait for somebody to find out who wrote: they are the patient's from now on."""
    mine = (Ticket.reply_id == reply.id, Ticket.state != TicketState.CLOSED)
    found = session.scalars(select(Ticket).where(*mine)).all()
    for ticket in found:
        ticket.patient_id = patient.id
        ticket.reason = "" if ticket.reason == _SHARED else ticket.reason
    return found


def _settle(session: Session, actor: Actor, reply: Reply, waiting: Sequence[Ticket], now: datetime) -> None:
    """What was unclear only because nobody knew who wrote is done once it is an answer."""
    answered = session.scalar(select(exists().where(CheckIn.reply_id == reply.id)))
    for ticket in waiting:
        if answered and ticket.kind is TicketKind.UNCLEAR:
            settling.close(session, actor, ticket, "assigned", now)
    still = exists().where(Ticket.reply_id == reply.id, Ticket.state != TicketState.CLOSED)
    reply.handled_at = None if session.scalar(select(still)) else reply.handled_at or now
