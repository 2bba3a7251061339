"""How staff say that they have a ticket in hand, and that it is done."""

import uuid
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import exists, update
from sqlalchemy.orm import Session

from reminders.care import alerts, audit, consults, strangers
from reminders.care.actors import Actor
from reminders.care.alerts import Cause
from reminders.care.tickets import CONSULT_SINCE, OUTCOMES
from reminders.errors import InvalidInputError, Problem
from reminders.models import Message, Reply, Ticket
from reminders.models.kinds import ConsultState, MessageKind, TicketKind, TicketState
from reminders.outbox import cancel


def acknowledge(session: Session, actor: Actor, ticket: Ticket, now: datetime) -> bool:
    """Somebody has it in hand: alerts not yet sent are called off. False if it was no longer open.

    Whoever says so has it, also if it was meant for a colleague.
    """
    moved = session.scalar(
        update(Ticket)
        .where(Ticket.id == ticket.id, Ticket.state == TicketState.OPEN)
        .values(
            state=TicketState.ACKNOWLEDGED,
            acknowledged_at=now,
            acknowledged_by=actor.staff_id,
            assigned_to=actor.staff_id or Ticket.assigned_to,
        )
        .returning(Ticket.id)
    )
    if moved is None:
        return False
    _quieten(session, ticket, now)
    audit.note(session, actor, "ticket.acknowledged", "ticket", ticket.id, now)
    return True


def close(session: Session, actor: Actor, ticket: Ticket, outcome: str, now: datetime) -> bool:
    """It is done, with one of `OUTCOMES`; a consult moves with it. False if it was closed before.

    Raises:
        InvalidInputError: no such outcome.
    """
    if outcome not in OUTCOMES:
        raise InvalidInputError({"outcome": Problem("unknown_outcome")})
    moved = session.scalar(
        update(Ticket)
        .where(Ticket.id == ticket.id, Ticket.state != TicketState.CLOSED)
        .values(state=TicketState.CLOSED, closed_at=now, closed_by=actor.staff_id, outcome=outcome)
        .returning(Ticket.id)
    )
    if moved is None:
        return False
    _quieten(session, ticket, now)
    _settle_reply(session, ticket, now)
    detail = {"outcome": outcome, **_move_consult(session, ticket, OUTCOMES[outcome], now)}
    audit.note(session, actor, "ticket.closed", "ticket", ticket.id, now, detail)
    return True


def _move_consult(
    session: Session, ticket: Ticket, state: ConsultState | None, now: datetime
) -> Mapping[str, str | None]:
    """Bring the treatment's consult to `state`; where it was, for the trail: since when, None if there was none."""
    if state is None or ticket.treatment_id is None:
        return {}
    before = consults.stand_of(session, ticket.treatment_id)
    if not consults.book(session, ticket.treatment_id, state, now):
        return {}
    ticket.consult_before = before.state if before else None
    return {CONSULT_SINCE: before.since.isoformat() if before else None}


def _quieten(session: Session, ticket: Ticket, now: datetime) -> None:
    """Nobody is called about it any more; what its alarm kept from ringing rings now."""
    calls = (Message.ticket_id == ticket.id) & (Message.kind == MessageKind.ALERT)
    cancel(session, calls, "acknowledged", now)
    if ticket.kind is TicketKind.RED_FLAG:
        _ring_next(session, ticket.clinic_id, now)


def _ring_next(session: Session, clinic_id: uuid.UUID, now: datetime) -> None:
    found = strangers.next_to_ring(session, clinic_id)
    if found:
        alerts.ring_late(session, Cause(clinic_id, found.ticket_id, found.reason), now)


def _settle_reply(session: Session, ticket: Ticket, now: datetime) -> None:
    """The ticket's reply is dealt with once no other ticket of it is open."""
    others = exists().where(
        Ticket.reply_id == ticket.reply_id, Ticket.id != ticket.id, Ticket.state != TicketState.CLOSED
    )
    session.execute(
        update(Reply).where(Reply.id == ticket.reply_id, Reply.handled_at.is_(None), ~others).values(handled_at=now)
    )
