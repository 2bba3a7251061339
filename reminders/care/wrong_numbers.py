"""Addresses that are somebody else's: whoever answers there can ask for nothing, and only staff write there again."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from reminders.care.ticket_keys import key_for
from reminders.care.tickets import NewTicket, open_ticket
from reminders.models import OptOut, Reply
from reminders.models.kinds import Channel, TicketKind

WRONG_NUMBER = "wrong_number"
"""The source of such an opt-out, and why what it called off was cancelled."""


@dataclass(frozen=True, slots=True)
class Place:
    """An address of a clinic's patients, by its look-up index."""

    clinic_id: uuid.UUID
    channel: Channel
    index: str | None


def is_wrong(session: Session, place: Place) -> bool:
    """Whether nothing goes to the address because somebody else answered from it."""
    return session.scalar(select(OptOut.id).where(*_stands(place))) is not None


def lift(session: Session, place: Place, now: datetime) -> bool:
    """Staff have made sure that the address is the patient's: it may be written to. Plans nothing; False if it might
    before."""
    lifted = update(OptOut).where(*_stands(place)).values(lifted_at=now).returning(OptOut.id)
    return session.scalar(lifted) is not None


def report_start(session: Session, reply_id: uuid.UUID, now: datetime) -> None:
    """Somebody at such an address asks for messages again: the patient after all, or the stranger. A person finds out.

    Nothing, if the reply came from any other address.
    """
    reply = session.scalars(select(Reply).where(Reply.id == reply_id)).one()
    if not is_wrong(session, Place(reply.clinic_id, reply.channel, reply.from_index)):
        return
    ticket = NewTicket(
        clinic_id=reply.clinic_id,
        kind=TicketKind.WRONG_NUMBER,
        dedupe_key=key_for(TicketKind.WRONG_NUMBER, reply.id),
        patient_id=reply.patient_id,
        reply_id=reply.id,
        reason="start_refused",
    )
    open_ticket(session, ticket, now)
    reply.handled_at = None


def _stands(place: Place) -> tuple[ColumnElement[bool], ...]:
    at = (OptOut.clinic_id == place.clinic_id, OptOut.channel == place.channel, OptOut.address_index == place.index)
    return (*at, OptOut.source == WRONG_NUMBER, OptOut.lifted_at.is_(None))
