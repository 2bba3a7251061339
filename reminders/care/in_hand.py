"""Who has a ticket: whoever said so, or whom a colleague gave it to."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from reminders.care import alerts, audit
from reminders.care.actors import Actor
from reminders.care.settling import acknowledge
from reminders.care.tickets import ALARM_TESTS
from reminders.errors import InvalidInputError, Problem
from reminders.models import Staff, Ticket
from reminders.models.kinds import Role, TicketKind, TicketState


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who works at the clinic, or did. `may_take`: tickets can be given to them."""

    id: uuid.UUID
    name: str = field(repr=False)
    may_take: bool


def people(session: Session, clinic_id: uuid.UUID) -> Mapping[uuid.UUID, Person]:
    """Everybody who ever had work at the clinic, by id. One query."""
    columns = (Staff.id, Staff.name, Staff.role, Staff.disabled_at)
    rows = session.execute(select(*columns).where(Staff.clinic_id == clinic_id)).all()
    every = [Person(row.id, row.name, row.disabled_at is None and row.role is not Role.VIEWER) for row in rows]
    return {one.id: one for one in sorted(every, key=lambda one: one.name)}


def holder_of(ticket: Ticket) -> uuid.UUID | None:
    """Who has it, or is to have it."""
    return ticket.assigned_to or ticket.acknowledged_by


def stand_of(ticket: Ticket) -> str:
    """Who has it, and whether in hand, as a form says what was on the screen; "" if it is open and nobody's."""
    holder = holder_of(ticket)
    return "" if ticket.state is TicketState.OPEN and holder is None else f"{ticket.state.value}:{holder or ''}"


@dataclass(frozen=True, slots=True)
class Gift:
    """To whom a ticket is given, and what `stand_of` it was on the giver's screen."""

    to: uuid.UUID | None
    seen: str


_HOLDER = func.coalesce(Ticket.assigned_to, Ticket.acknowledged_by)
_UNTAKEN = {"state": TicketState.OPEN, "acknowledged_at": None, "acknowledged_by": None}


def give(session: Session, actor: Actor, ticket: Ticket, gift: Gift, now: datetime) -> bool:
    """It is somebody else's, or one's own, from now on. False if it is closed, or stands otherwise than the giver saw.

    Taking it oneself says that one has it in hand. Giving it to a colleague does not: until they say so, a red flag
    goes on ringing, and rings again if it had been in hand.

    Raises:
        InvalidInputError: on staff_id, staff_unknown: nobody here of that id who may take it.
    """
    person = people(session, actor.clinic_id).get(gift.to) if gift.to else None
    if person is None or not person.may_take:
        raise InvalidInputError({"staff_id": Problem("staff_unknown")})
    holder, state = holder_of(ticket), ticket.state
    if state is TicketState.CLOSED or gift.seen != stand_of(ticket):
        return False
    if person.id == actor.staff_id and state is TicketState.OPEN:
        return acknowledge(session, actor, ticket, now)
    in_hand = ticket.kind is TicketKind.RED_FLAG and state is TicketState.ACKNOWLEDGED
    rings = in_hand and person.id not in {actor.staff_id, holder}
    moved = session.scalar(
        update(Ticket)
        .where(Ticket.id == ticket.id, Ticket.state == state, _HOLDER.is_not_distinct_from(holder))
        .values(assigned_to=person.id, **(_UNTAKEN if rings else {}))
        .returning(Ticket.id)
    )
    if moved is None:
        return False
    audit.note(session, actor, "ticket.given", "ticket", ticket.id, now, {"staff": str(person.id)})
    if rings:
        alerts.ring_on(session, actor, ticket, now)
    return True


def lay_down(session: Session, actor: Actor, staff_id: uuid.UUID, now: datetime) -> None:
    """What somebody had who can act no more is nobody's: it waits again, and a red flag rings again."""
    mine = (Ticket.clinic_id == actor.clinic_id, _HOLDER.in_([staff_id]))
    untaken = update(Ticket).where(*mine, Ticket.reason.not_in(ALARM_TESTS), Ticket.state == TicketState.ACKNOWLEDGED)
    back = session.scalars(untaken.values(assigned_to=None, **_UNTAKEN).returning(Ticket)).all()
    session.execute(update(Ticket).where(*mine, Ticket.state == TicketState.OPEN).values(assigned_to=None))
    for ticket in back:
        if ticket.kind is TicketKind.RED_FLAG:
            alerts.ring_on(session, actor, ticket, now)
