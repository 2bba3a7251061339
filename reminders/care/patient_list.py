"""A clinic's patients, a page at a time, each with how they stand: a fixed number of statements, however many."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from reminders.bulk import among
from reminders.care.patient_search import searching
from reminders.models import Message, Patient, Protocol, Ticket, Treatment
from reminders.models.kinds import TicketKind, TicketState, TreatmentState
from schedules.lifecycle import State

PAGE = 50
"""Patients a page."""


@dataclass(frozen=True, slots=True)
class Last:
    """A patient's latest treatment that was not cancelled (UTC); `protocol` is its name by language."""

    treated_at: datetime
    protocol: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Listed:
    """A patient, their latest treatment, when the next message is due (UTC), and the most urgent open ticket's kind."""

    patient: Patient
    last: Last | None
    next_due: datetime | None
    ticket: TicketKind | None


@dataclass(frozen=True, slots=True)
class Part:
    """A page of the list; `is_last` if no other follows."""

    rows: Sequence[Listed]
    is_last: bool


def listed(session: Session, clinic_id: uuid.UUID, asked: str, number: int) -> Part:
    """Page `number` (from 1) of those whom `asked` may mean (see `patient_search`), of all for ""; newest first.

    Those who were added in one moment keep their order, so that no page repeats or leaves out anybody.
    """
    everybody = select(Patient).where(Patient.clinic_id == clinic_id, Patient.erased_at.is_(None))
    query = searching(session, clinic_id, asked) if asked else everybody
    ordered = query.order_by(Patient.created_at.desc(), Patient.id.desc())
    found = session.scalars(ordered.offset((number - 1) * PAGE).limit(PAGE + 1)).all()
    return Part(_standing(session, found[:PAGE]), len(found) <= PAGE)


def _standing(session: Session, found: Sequence[Patient]) -> list[Listed]:
    ids = {"patients": [patient.id for patient in found]}
    # Of several rows of one patient the last stands.
    last = {row.patient_id: Last(row.treated_at, row.name) for row in session.execute(_LAST, ids)}
    due = {row.patient_id: row.due_at for row in session.execute(_NEXT, ids)}
    tickets = {row.patient_id: row.kind for row in session.execute(_TICKETS, ids)}
    return [Listed(one, last.get(one.id), due.get(one.id), tickets.get(one.id)) for one in found]


_LAST = (
    select(Treatment.patient_id, Treatment.treated_at, Protocol.name)
    .join(Protocol, Protocol.id == Treatment.protocol_id)
    .where(among(Treatment.patient_id, "patients"), Treatment.state != TreatmentState.CANCELLED)
    .order_by(Treatment.treated_at, Treatment.id)
)
_NEXT = (
    select(Message.patient_id, func.min(Message.due_at).label("due_at"))
    .where(among(Message.patient_id, "patients"), Message.state == State.PLANNED)
    .group_by(Message.patient_id)
)
_TICKETS = (
    select(Ticket.patient_id, Ticket.kind)
    .where(among(Ticket.patient_id, "patients"), Ticket.state != TicketState.CLOSED)
    .order_by(Ticket.priority.desc(), Ticket.opened_at.desc())
)
