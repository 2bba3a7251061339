"""How severe patients say it is (0 to 10), and what a rise means for the tickets that are open."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, select, update
from sqlalchemy.orm import Session

from reminders.care.ticket_keys import key_for
from reminders.care.tickets import BY_REASON, PRIORITY, NewTicket, open_ticket
from reminders.database import insert_missing
from reminders.models import Reminder, Severity, Ticket, Treatment
from reminders.models.kinds import TicketKind, TicketState

WORSE = "getting_worse"
"""Why a ticket presses more than its kind does."""

PRESSES_BY = 5
"""So far ahead of its kind: before all others of it, behind every more urgent kind."""

HIGH = 7
"""From here on it is severe (of 10), and a patient is told to call whatever day it is."""

_EARLY_DAYS = 3
"""Up to this day after the treatment reactions are expected; what is worse later than then is not."""


@dataclass(frozen=True, slots=True)
class NewSeverity:
    """A value from 0 to 10 to keep. `id` is the same for the same press of a button."""

    id: uuid.UUID
    clinic_id: uuid.UUID
    treatment_id: uuid.UUID
    reminder_id: uuid.UUID
    value: int
    reply_id: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """What one reminder was answered with, so many days after the treatment."""

    day: int
    value: int


def record(session: Session, new: NewSeverity, now: datetime) -> bool:
    """Keep a value beside the earlier ones. False if it was kept before."""
    values = {name: getattr(new, name) for name in NewSeverity.__slots__}
    return insert_missing(session, Severity, values | {"answered_at": now})


def latest(session: Session, reminder_id: uuid.UUID) -> Severity | None:
    """What a reminder was answered with last."""
    return session.scalars(
        select(Severity)
        .where(Severity.reminder_id == reminder_id)
        .order_by(Severity.answered_at.desc(), Severity.id.desc())
        .limit(1)
    ).first()


def rising(points: Sequence[Point]) -> bool:
    """Whether the last of some points (in order) is worse than the one before it, or than what held on day 3. Pure."""
    if not points:
        return False
    *before, last = points
    early = [point for point in before if point.day <= _EARLY_DAYS]
    return any(last.value > point.value for point in (*before[-1:], *early[-1:]))


def weigh(session: Session, treatment_id: uuid.UUID) -> bool:
    """Whether a treatment's severity rises; if so its open tickets press more than their kind does, red flags apart."""
    if not rising(_points(session, treatment_id)):
        return False
    # Priorities of kinds are tens: what presses already, or is a red flag, stays.
    session.execute(
        update(Ticket)
        .where(Ticket.treatment_id == treatment_id, Ticket.state != TicketState.CLOSED)
        .where(Ticket.priority.in_(_OF_KINDS), Ticket.kind != TicketKind.RED_FLAG)
        .values(
            priority=Ticket.priority - PRESSES_BY,
            reason=case((Ticket.reason == "", WORSE), else_=Ticket.reason),
        )
    )
    return True


def weigh_anew(session: Session, treatment_id: uuid.UUID) -> None:
    """As `weigh`, once answers were moved to the treatment or away: where nothing rises, its open tickets press no more
    than their kind does."""
    if weigh(session, treatment_id):
        return
    theirs = (Ticket.treatment_id == treatment_id, Ticket.state != TicketState.CLOSED)
    for ticket in session.scalars(select(Ticket).where(*theirs, Ticket.kind != TicketKind.RED_FLAG)):
        usual = PRIORITY[ticket.kind]
        if ticket.priority == usual - PRESSES_BY and ticket.reason not in BY_REASON:
            ticket.priority, ticket.reason = usual, "" if ticket.reason == WORSE else ticket.reason


def look_at(session: Session, reminder: Reminder, patient_id: uuid.UUID, now: datetime) -> None:
    """What follows from a severity that came alone: `weigh`, and where it is high and rises somebody hears of it."""
    value = latest(session, reminder.id)
    if not weigh(session, reminder.treatment_id) or value is None or value.value < HIGH:
        return
    kind = TicketKind.QUESTION
    new = NewTicket(
        clinic_id=reminder.clinic_id,
        kind=kind,
        dedupe_key=key_for(kind, reminder.id),
        patient_id=patient_id,
        treatment_id=reminder.treatment_id,
        reason=WORSE,
        priority=PRIORITY[kind] - PRESSES_BY,
    )
    open_ticket(session, new, now)


_OF_KINDS = sorted(PRIORITY.values())
_DAY = timedelta(days=1)


def _points(session: Session, treatment_id: uuid.UUID) -> list[Point]:
    """The newest value for each reminder, in the order of their days."""
    rows = session.execute(
        select(Reminder.id, Reminder.due_at, Treatment.treated_at, Severity.value)
        .join(Reminder, Reminder.id == Severity.reminder_id)
        .join(Treatment, Treatment.id == Severity.treatment_id)
        .where(Severity.treatment_id == treatment_id)
        .order_by(Severity.answered_at, Severity.id)
    )
    return points_of((reminder_id, due, treated, value) for reminder_id, due, treated, value in rows)


def points_of(answers: Iterable[tuple[uuid.UUID, datetime, datetime, int]]) -> list[Point]:
    """The newest value for each reminder, in the order of their days. Pure.

    answers: oldest first, each the reminder, when it was due, when the treatment was, and the value.
    """
    newest = {reminder_id: Point(round((due - treated) / _DAY), value) for reminder_id, due, treated, value in answers}
    return sorted(newest.values(), key=lambda point: point.day)
