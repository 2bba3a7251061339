"""Tickets: what staff must act on, most urgent first, and what it can come to."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, literal_column, or_, select
from sqlalchemy.orm import Session

from reminders.care.effects import EMERGENCY, SOON
from reminders.care.ticket_keys import ALARM_TEST
from reminders.database import insert_missing
from reminders.models import Ticket
from reminders.models.kinds import ConsultState, TicketKind

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

ALARM_TESTS = (ALARM_TEST, ALARM_SILENT)
"""The reasons of the weekly test alert's ticket. One that somebody has answered has proved what it is for."""

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


def may_ring() -> tuple[ColumnElement[bool], ...]:
    """The tickets not closed yet that alerts went out about: red flags, and the weekly test."""
    of_test = Ticket.reason.in_(ALARM_TESTS)
    # Written out, so that the index of what is not closed is recognised.
    return Ticket.state != literal_column("'closed'", Ticket.state.type), or_(
        Ticket.kind == TicketKind.RED_FLAG, of_test
    )
