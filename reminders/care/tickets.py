"""Tickets: what staff must act on, most urgent first, and how they say that they did."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, literal_column, or_, select, update
from sqlalchemy.orm import Session

from reminders.care import audit, consults
from reminders.care.actors import Actor
from reminders.care.effects import EMERGENCY, SOON
from reminders.care.ticket_keys import ALARM_TEST
from reminders.database import insert_missing
from reminders.errors import InvalidInputError, Problem
from reminders.models import Message, Reply, Ticket
from reminders.models.kinds import ConsultState, MessageKind, TicketKind, TicketState
from reminders.outbox import cancel

PRIORITY: Mapping[TicketKind, int] = {
    TicketKind.RED_FLAG: 0,
    TicketKind.CONSULT: 10,
    TicketKind.UNREACHABLE: 20,
    TicketKind.QUESTION: 30,
    TicketKind.UNKNOWN_SENDER: 40,
    TicketKind.WRONG_NUMBER: 50,
    TicketKind.MISSED_CHECK_IN: 60,
    TicketKind.UNCLEAR: 70,
    TicketKind.OVERLAP: 75,
    TicketKind.OPTED_OUT: 80,
    TicketKind.DELIVERY: 90,
}
"""Lower is more urgent; the gaps leave room for a trend that makes one ticket press more than its kind does."""

BY_REASON: Mapping[str, int] = {EMERGENCY: PRIORITY[TicketKind.RED_FLAG] - 10, SOON: PRIORITY[TicketKind.CONSULT] - 5}
"""Reasons that make a ticket press more than its kind does."""

ALERT_LOST = PRIORITY[TicketKind.RED_FLAG] + 1
"""The priority of a ticket that says that an alert reached nobody: right after the red flags themselves."""

ALARM_SILENT = "alarm_silent"
"""What the reason of a weekly test alert's ticket becomes when nobody has answered it."""

CONSULT_SINCE = "consult_since"
"""Under which key the trail of a closing says since when the consult that it moved had stood where it stood (ISO 8601,
UTC; null if it was not even offered). The ticket says where: `consult_before`."""

OUTCOMES: Mapping[str, ConsultState | None] = {
    "done": None,
    "answered": None,
    "called": None,
    "assigned": None,
    "no_answer": None,
    "record_fixed": None,
    "booked": ConsultState.BOOKED,
    "attended": ConsultState.ATTENDED,
    "declined": ConsultState.DECLINED,
}
"""What a ticket can come to, and how far that brings the treatment's consult."""


@dataclass(frozen=True)
class NewTicket:
    """A ticket to open. `dedupe_key` is made by one of the functions in `ticket_keys`."""

    clinic_id: uuid.UUID
    kind: TicketKind
    dedupe_key: str
    patient_id: uuid.UUID | None = None
    treatment_id: uuid.UUID | None = None
    reply_id: uuid.UUID | None = None
    message_id: uuid.UUID | None = None
    reason: str = ""
    priority: int | None = None
    """None: that of its kind."""


def open_ticket(session: Session, new: NewTicket, now: datetime) -> Ticket:
    """The ticket of `new.dedupe_key`, opened now unless it is there already (then as it is, closed or not)."""
    insert_missing(session, Ticket, row_of(new, now))
    return session.scalars(select(Ticket).where(Ticket.dedupe_key == new.dedupe_key)).one()


def row_of(new: NewTicket, now: datetime) -> dict[str, Any]:
    """The ticket as a row, for whoever writes it with others."""
    usual = BY_REASON.get(new.reason, PRIORITY[new.kind])
    priority = usual if new.priority is None else new.priority
    return {**new.__dict__, "priority": priority, "opened_at": now}


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
    _call_off_alerts(session, ticket, now)
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
    _call_off_alerts(session, ticket, now)
    _settle_reply(session, ticket, now)
    detail = {"outcome": outcome, **_move_consult(session, ticket, OUTCOMES[outcome], now)}
    audit.note(session, actor, "ticket.closed", "ticket", ticket.id, now, detail)
    return True


def may_ring() -> tuple[ColumnElement[bool], ...]:
    """The tickets not closed yet that alerts went out about: red flags, and the weekly test."""
    of_test = Ticket.reason.in_((ALARM_TEST, ALARM_SILENT))
    # Written out, so that the index of what is not closed is recognised.
    return Ticket.state != literal_column("'closed'", Ticket.state.type), or_(
        Ticket.kind == TicketKind.RED_FLAG, of_test
    )


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


def _call_off_alerts(session: Session, ticket: Ticket, now: datetime) -> None:
    alerts = (Message.ticket_id == ticket.id) & (Message.kind == MessageKind.ALERT)
    cancel(session, alerts, "acknowledged", now)


def _settle_reply(session: Session, ticket: Ticket, now: datetime) -> None:
    """The ticket's reply is dealt with once no other ticket of it is open."""
    others = exists().where(
        Ticket.reply_id == ticket.reply_id, Ticket.id != ticket.id, Ticket.state != TicketState.CLOSED
    )
    session.execute(
        update(Reply).where(Reply.id == ticket.reply_id, Reply.handled_at.is_(None), ~others).values(handled_at=now)
    )
