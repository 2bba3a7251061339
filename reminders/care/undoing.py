"""Taking back that a ticket was closed, within a few minutes: it waits again as it did (decision 0030)."""

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from reminders.care import alerts, audit, consults
from reminders.care.actors import Actor
from reminders.care.consults import Stand
from reminders.care.tickets import ALARM_TESTS, CONSULT_SINCE, OUTCOMES
from reminders.models import Audit, Reply, Ticket
from reminders.models.kinds import ConsultState, TicketKind, TicketState

WITHIN = timedelta(minutes=10)
"""How long a closing can be taken back. What comes to mind later is new work, not a slip of the hand."""


def may_reopen(ticket: Ticket, now: datetime) -> bool:
    """Whether the closing of a ticket can still be taken back."""
    at = ticket.closed_at
    return (
        ticket.state is TicketState.CLOSED and at is not None and now - at < WITHIN and ticket.reason not in ALARM_TESTS
    )


def reopen(session: Session, actor: Actor, ticket: Ticket, now: datetime) -> bool:
    """It waits again, with whoever had it. False if it is open, or was closed too long ago, or anew since it was read.

    Its consult goes back to where it was, unless it has come further since. A red flag that nobody had in hand rings
    again.
    """
    closed_at, outcome, before = ticket.closed_at, ticket.outcome, ticket.consult_before
    if closed_at is None or not may_reopen(ticket, now):
        return False
    state = TicketState.ACKNOWLEDGED if ticket.acknowledged_at else TicketState.OPEN
    moved = session.scalar(
        update(Ticket)
        .where(Ticket.id == ticket.id, Ticket.state == TicketState.CLOSED, Ticket.closed_at == closed_at)
        .values(state=state, closed_at=None, closed_by=None, outcome="", consult_before=None)
        .returning(Ticket.id)
    )
    if moved is None:
        return False
    session.execute(update(Reply).where(Reply.id == ticket.reply_id).values(handled_at=None))
    if ticket.treatment_id is not None and OUTCOMES.get(outcome) is not None:
        _put_consult_back(session, ticket, before, closed_at)
    if ticket.kind is TicketKind.RED_FLAG and state is TicketState.OPEN:
        alerts.ring_again(session, ticket, now)
    audit.note(session, actor, alerts.REOPENED, "ticket", ticket.id, now, {"outcome": outcome})
    return True


def _put_consult_back(session: Session, ticket: Ticket, before: ConsultState | None, closed_at: datetime) -> None:
    noted = session.scalar(
        select(Audit.detail).where(
            Audit.clinic_id == ticket.clinic_id,
            Audit.at == closed_at,
            Audit.subject_id == ticket.id,
            Audit.action == "ticket.closed",
        )
    )
    if ticket.treatment_id is None or noted is None or CONSULT_SINCE not in noted:
        return
    since = noted[CONSULT_SINCE]
    stand = Stand(before, datetime.fromisoformat(since)) if before and since else None
    consults.put_back(session, ticket.treatment_id, closed_at, stand)
