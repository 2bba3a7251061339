"""Who has a ticket: whoever said so, or whom a colleague gave it to."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from reminders.care import audit
from reminders.care.actors import Actor
from reminders.care.settling import acknowledge
from reminders.errors import InvalidInputError, Problem
from reminders.models import Staff, Ticket
from reminders.models.kinds import Role, TicketState


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


def give(session: Session, actor: Actor, ticket: Ticket, to: uuid.UUID | None, now: datetime) -> bool:
    """It is somebody else's, or one's own, from now on. False if it is closed, or another has it since it was read.

    Taking it oneself says that one has it in hand. Giving an open one to a colleague does not: until they say so, a red
    flag goes on ringing.

    Raises:
        InvalidInputError: on staff_id, staff_unknown: nobody here of that id who may take it.
    """
    person = people(session, actor.clinic_id).get(to) if to else None
    if person is None or not person.may_take:
        raise InvalidInputError({"staff_id": Problem("staff_unknown")})
    if person.id == actor.staff_id and ticket.state is TicketState.OPEN:
        return acknowledge(session, actor, ticket, now)
    had = func.coalesce(Ticket.assigned_to, Ticket.acknowledged_by)
    moved = session.scalar(
        update(Ticket)
        .where(Ticket.id == ticket.id, Ticket.state != TicketState.CLOSED)
        .where(had.is_not_distinct_from(holder_of(ticket)))
        .values(assigned_to=person.id)
        .returning(Ticket.id)
    )
    if moved is None:
        return False
    audit.note(session, actor, "ticket.given", "ticket", ticket.id, now, {"staff": str(person.id)})
    return True
