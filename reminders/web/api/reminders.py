"""What is owed to patients: each reminder with what carried it, and why it was, will be, or was not sent."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from pydantic import Field
from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from reminders.care import patients, treatments
from reminders.care.explain import explain, sentence
from reminders.care.explain.waiting import Holds, holds
from reminders.models import Attempt, Message, MessageReminder, Patient, Reminder, Treatment
from reminders.models.kinds import Channel, ReminderState
from reminders.web.api.caller import Caller, KnownCaller
from reminders.web.api.fields import Shown
from reminders.web.api.paging import Listing, Paged, fetch
from reminders.web.api.route import ApiRoute
from schedules.lifecycle import State

router = APIRouter(prefix="/reminders", tags=["reminders"], route_class=ApiRoute)


class ReminderQuery(Paged):
    """Whose reminders."""

    treatment_id: UUID | None = None
    patient_id: UUID | None = None
    state: ReminderState | None = None


class CarrierShown(Shown):
    """A message that carried, or is to carry, a reminder."""

    id: UUID
    channel: Channel
    state: State
    reason: str
    due_at: datetime
    sent_at: datetime | None
    delivered_at: datetime | None


class ReminderShown(Shown):
    """What one step owes one treatment. Times in UTC."""

    id: UUID
    treatment_id: UUID
    patient_id: UUID
    step: str
    round: int
    is_check_in: bool
    due_at: datetime
    useful_until: datetime
    state: ReminderState
    reason: str
    explanation: str = Field(description="Why it was, will be, or was not sent: a sentence for staff.")
    messages: list[CarrierShown]


class ReminderPage(Shown):
    """Reminders, the earliest due first."""

    items: list[ReminderShown]
    next: str | None


@router.get("")
def list_reminders(caller: KnownCaller, asked: Annotated[ReminderQuery, Query()]) -> ReminderPage:
    """The clinic's reminders; those of one treatment or one patient."""
    with caller.read() as session:
        page = fetch(session, caller, _listing(session, caller, asked), asked)
        ids = [row[0].id for row in page.rows]
        carriers = _carriers(session, ids)
        attempts = _attempts(session, carriers)
        held = holds(session, caller.clinic, {row[1].id for row in page.rows}, caller.now)
        around = _Around(caller, attempts, held, _shared(session, carriers))
        items = [_shown(row, carriers[row[0].id], around) for row in page.rows]
    return ReminderPage(items=items, next=page.next)


def _listing(session: Session, caller: Caller, asked: ReminderQuery) -> Listing:
    query = (
        select(Reminder, Patient)
        .join(Treatment, Treatment.id == Reminder.treatment_id)
        .join(Patient, Patient.id == Treatment.patient_id)
    )
    if asked.treatment_id is not None:
        treatment = treatments.get(session, caller.clinic.id, asked.treatment_id)
        query = query.where(Reminder.treatment_id == treatment.id)
    if asked.patient_id is not None:
        query = query.where(Patient.id == patients.get(session, caller.clinic.id, asked.patient_id).id)
    if asked.state is not None:
        query = query.where(Reminder.state == asked.state)
    return Listing("reminders", query, (Reminder.due_at, Reminder.id))


def _carriers(session: Session, reminder_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[Message]]:
    """The messages of each reminder, in the order in which they were planned."""
    found: defaultdict[UUID, list[Message]] = defaultdict(list)
    query = (
        select(MessageReminder.reminder_id, Message)
        .join(Message, Message.id == MessageReminder.message_id)
        .where(MessageReminder.reminder_id.in_(reminder_ids))
        .order_by(Message.created_at, Message.id)
    )
    for reminder_id, message in session.execute(query):
        found[reminder_id].append(message)
    return found


def _shared(session: Session, carriers: Mapping[UUID, Sequence[Message]]) -> frozenset[UUID]:
    """Those of the messages that carry more than one reminder."""
    ids = {message.id for messages in carriers.values() for message in messages}
    carried = select(MessageReminder.message_id).where(MessageReminder.message_id.in_(ids))
    return frozenset(session.scalars(carried.group_by(MessageReminder.message_id).having(func.count() > 1)))


def _attempts(session: Session, carriers: Mapping[UUID, Sequence[Message]]) -> Sequence[Attempt]:
    ids = {message.id for messages in carriers.values() for message in messages}
    return session.scalars(select(Attempt).where(Attempt.message_id.in_(ids)).order_by(Attempt.number)).all()


@dataclass(frozen=True)
class _Around:
    """Who asks, the calls made, what is on hold, and which messages carry several reminders."""

    caller: Caller
    attempts: Sequence[Attempt]
    holds: Holds
    shared: frozenset[UUID]


def _shown(row: Row[*tuple[Any, ...]], carriers: Sequence[Message], around: _Around) -> ReminderShown:
    reminder, patient = row
    zone = ZoneInfo(patient.timezone or around.caller.clinic.timezone)
    told = explain(reminder, carriers, around.attempts, holds=around.holds, shared=around.shared)
    why = sentence(told, around.caller.language, zone)
    made = {"patient_id": patient.id, "explanation": why}
    same = {name: getattr(reminder, name) for name in ReminderShown.model_fields if hasattr(reminder, name)}
    return ReminderShown(**(same | made), messages=[CarrierShown.model_validate(message) for message in carriers])
