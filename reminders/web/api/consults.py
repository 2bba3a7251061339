"""Consults: offered, booked, attended or declined."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response

from reminders.care import consults
from reminders.errors import Problem
from reminders.models import Consult
from reminders.models.kinds import ConsultState
from reminders.web.api.caller import KnownCaller
from reminders.web.api.errors import ConflictError, path_to
from reminders.web.api.fields import Shown, Strict, Word
from reminders.web.api.once import Made, OnlyOnce
from reminders.web.api.paging import Listing, Paged, fetch
from reminders.web.api.route import ApiRoute

router = APIRouter(prefix="/consults", tags=["consults"], route_class=ApiRoute)


class ConsultQuery(Paged):
    """Which consults."""

    state: ConsultState | None = None


class Moving(Strict):
    """How far it has come."""

    state: Word = Field(description=f"One of {', '.join(consults.MOVES)}.", examples=["booked"])

    model_config = ConfigDict(json_schema_extra={"example": {"state": "booked"}})


class ConsultShown(Shown):
    """A consult: one for a treatment."""

    id: UUID
    patient_id: UUID
    treatment_id: UUID
    state: ConsultState
    offered_at: datetime
    state_at: datetime


class ConsultPage(Shown):
    """Consults, the newest first."""

    items: list[ConsultShown]
    next: str | None


@router.get("")
def list_consults(caller: KnownCaller, asked: Annotated[ConsultQuery, Query()]) -> ConsultPage:
    """The clinic's consults, or those in one state."""
    query = select(Consult)
    if asked.state is not None:
        query = query.where(Consult.state == asked.state)
    with caller.read() as session:
        listing = Listing("consults", query, (Consult.offered_at, Consult.id), newest_first=True)
        page = fetch(session, caller, listing, asked)
    return ConsultPage(items=[ConsultShown.model_validate(row[0]) for row in page.rows], next=page.next)


@router.post("/{consult_id}/move", response_model=ConsultShown)
def move_consult(once: OnlyOnce, consult_id: UUID, given: Moving) -> Response:
    """Say how far it has come; 409 if it cannot come there any more."""

    def act(session: Session) -> Made:
        caller = once.caller
        consult = consults.get(session, caller.clinic.id, consult_id)
        if not consults.settle(session, caller.actor, consult, given.state, caller.now):
            raise ConflictError("state", Problem("consult_elsewhere"), path_to("consults", consult.id))
        session.refresh(consult)
        return Made(ConsultShown.model_validate(consult))

    return once.answer(act)


@router.post("/{consult_id}/undo", response_model=ConsultShown)
def undo_consult_move(once: OnlyOnce, consult_id: UUID) -> Response:
    """It was moved by mistake, less than ten minutes ago: it stands where it stood before. 409 if it was not."""

    def act(session: Session) -> Made:
        caller = once.caller
        consult = consults.get(session, caller.clinic.id, consult_id)
        if not consults.take_back(session, caller.actor, consult, caller.now):
            raise ConflictError("state", Problem("consult_stays"), path_to("consults", consult.id))
        session.refresh(consult)
        return Made(ConsultShown.model_validate(consult))

    return once.answer(act)
