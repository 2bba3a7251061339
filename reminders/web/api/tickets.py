"""Tickets: what staff must act on."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response

from reminders.care import settling, tickets, undoing
from reminders.errors import NotFoundError, Problem
from reminders.models import Ticket
from reminders.models.kinds import TicketKind, TicketState
from reminders.web.api.caller import Caller, KnownCaller
from reminders.web.api.errors import ConflictError, path_to
from reminders.web.api.fields import Shown, Strict, Word
from reminders.web.api.once import Made, OnlyOnce
from reminders.web.api.paging import Listing, Paged, fetch
from reminders.web.api.route import ApiRoute

router = APIRouter(prefix="/tickets", tags=["tickets"], route_class=ApiRoute)


class Which(StrEnum):
    """Tickets by state; `unclosed` is what staff still must see to."""

    UNCLOSED = "unclosed"
    OPEN = TicketState.OPEN.value
    ACKNOWLEDGED = TicketState.ACKNOWLEDGED.value
    CLOSED = TicketState.CLOSED.value
    ALL = "all"


class TicketQuery(Paged):
    """Which tickets."""

    state: Which = Which.UNCLOSED


class Closing(Strict):
    """What a ticket came to."""

    outcome: Word = Field(description=f"One of {', '.join(tickets.OUTCOMES)}.", examples=["booked"])

    model_config = ConfigDict(json_schema_extra={"example": {"outcome": "booked"}})


class TicketShown(Shown):
    """A ticket. Lower `priority` is more urgent. `…_by` and `assigned_to` name members of staff; null where a program
    did it, or nobody."""

    id: UUID
    kind: TicketKind
    priority: int
    reason: str
    state: TicketState
    patient_id: UUID | None
    treatment_id: UUID | None
    reply_id: UUID | None
    opened_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: UUID | None
    assigned_to: UUID | None
    closed_at: datetime | None
    closed_by: UUID | None
    outcome: str


class TicketPage(Shown):
    """Tickets, the most urgent first, then whoever has waited longest."""

    items: list[TicketShown]
    next: str | None


@router.get("")
def list_tickets(caller: KnownCaller, asked: Annotated[TicketQuery, Query()]) -> TicketPage:
    """The clinic's tickets."""
    query = select(Ticket)
    if asked.state is Which.UNCLOSED:
        query = query.where(Ticket.state != TicketState.CLOSED)
    elif asked.state is not Which.ALL:
        query = query.where(Ticket.state == TicketState(asked.state.value))
    with caller.read() as session:
        page = fetch(session, caller, Listing("tickets", query, _ORDER), asked)
    return TicketPage(items=[TicketShown.model_validate(row[0]) for row in page.rows], next=page.next)


@router.get("/{ticket_id}")
def read_ticket(caller: KnownCaller, ticket_id: UUID) -> TicketShown:
    """One ticket."""
    with caller.read() as session:
        return TicketShown.model_validate(_get(session, caller, ticket_id))


@router.post("/{ticket_id}/acknowledge", response_model=TicketShown)
def acknowledge_ticket(once: OnlyOnce, ticket_id: UUID) -> Response:
    """Somebody has it in hand: no further alert goes out. Saying it again changes nothing."""

    def act(session: Session) -> Made:
        ticket = _get(session, once.caller, ticket_id)
        if ticket.state is TicketState.CLOSED:
            raise _closed(ticket)
        settling.acknowledge(session, once.caller.actor, ticket, once.caller.now)
        return _now(session, ticket)

    return once.answer(act)


@router.post("/{ticket_id}/close", response_model=TicketShown)
def close_ticket(once: OnlyOnce, ticket_id: UUID, given: Closing) -> Response:
    """It is done, and came to `outcome`; a consult moves with it."""

    def act(session: Session) -> Made:
        ticket = _get(session, once.caller, ticket_id)
        if not settling.close(session, once.caller.actor, ticket, given.outcome, once.caller.now):
            raise _closed(ticket)
        return _now(session, ticket)

    return once.answer(act)


@router.post("/{ticket_id}/reopen", response_model=TicketShown)
def reopen_ticket(once: OnlyOnce, ticket_id: UUID) -> Response:
    """It was closed by mistake, less than ten minutes ago: it waits again as it did, and its consult goes back.

    A red flag that nobody had in hand rings again. 409 if it is not closed, or was closed earlier than that."""

    def act(session: Session) -> Made:
        ticket = _get(session, once.caller, ticket_id)
        if not undoing.reopen(session, once.caller.actor, ticket, once.caller.now):
            raise ConflictError("state", Problem("ticket_stays"), path_to("tickets", ticket.id))
        return _now(session, ticket)

    return once.answer(act)


_ORDER = (Ticket.priority, Ticket.opened_at, Ticket.id)


def _get(session: Session, caller: Caller, ticket_id: UUID) -> Ticket:
    found = session.scalar(select(Ticket).where(Ticket.id == ticket_id, Ticket.clinic_id == caller.clinic.id))
    if found is None:
        raise NotFoundError("no such ticket")
    return found


def _closed(ticket: Ticket) -> ConflictError:
    return ConflictError("state", Problem("ticket_closed"), path_to("tickets", ticket.id))


def _now(session: Session, ticket: Ticket) -> Made:
    session.refresh(ticket)
    return Made(TicketShown.model_validate(ticket))
