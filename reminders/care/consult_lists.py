"""Consults as staff read them: those under way, a patient's, and those that nobody has asked after."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.orm import Session

from reminders.care.consults import MOVES
from reminders.models import Consult, Patient, Protocol, Reply, Ticket, Treatment
from reminders.models.kinds import ConsultState, TicketKind, TicketState

MOST_OPEN = 100
MOST_DONE = 50
"""So many consults are shown that wait for something, and that came to their end."""

MOST_OVERDUE = 10
"""So many consults are shown on Today that are overdue."""

OVERDUE: Mapping[ConsultState, timedelta] = {
    ConsultState.OFFERED: timedelta(days=7),
    ConsultState.BOOKED: timedelta(days=14),
}
"""After how long a consult is asked after that was offered and not booked, or booked and neither attended nor
declined. Our own judgement: the software does not know the day of the appointment."""


@dataclass(frozen=True)
class Line:
    """A consult with its patient and its treatment, and what it is about: the newest ticket that asks for it and what
    the patient said there, as far as they were asked for."""

    consult: Consult
    patient: Patient
    treatment: Treatment | None = None
    protocol: Protocol | None = None
    ticket: Ticket | None = None
    said: Reply | None = None

    @property
    def moves(self) -> tuple[ConsultState, ...]:
        """Where it may go from here, likeliest first."""
        return tuple(state for state, before in MOVES.items() if self.consult.state in before)


_LINES = (
    select(Consult, Patient, Treatment, Protocol)
    .join(Patient, Patient.id == Consult.patient_id)
    .join(Treatment, Treatment.id == Consult.treatment_id)
    .join(Protocol, Protocol.id == Treatment.protocol_id)
    .where(Patient.erased_at.is_(None))
)


def under_way(session: Session, clinic_id: uuid.UUID) -> list[Line]:
    """The clinic's consults that are offered or booked, whoever has waited longest first; then the newest that were
    attended or declined. Three queries."""
    own, is_open = Consult.clinic_id == clinic_id, Consult.state.in_((ConsultState.OFFERED, ConsultState.BOOKED))
    waiting = _LINES.where(own, is_open).order_by(Consult.state_at, Consult.id).limit(MOST_OPEN)
    done = _LINES.where(own, ~is_open).order_by(Consult.state_at.desc(), Consult.id).limit(MOST_DONE)
    found = [Line(*row) for query in (waiting, done) for row in session.execute(query)]
    why = _reasons(session, [line.consult.treatment_id for line in found])
    return [replace(line, **why.get(line.consult.treatment_id, {})) for line in found]


def _reasons(session: Session, treatment_ids: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, Mapping[str, Any]]:
    """The newest ticket of each treatment that asks for a consult, with what the patient said."""
    query = select(Ticket, Reply).outerjoin(Reply, Reply.id == Ticket.reply_id)
    meant = (Ticket.treatment_id.in_(treatment_ids), Ticket.kind == TicketKind.CONSULT)
    rows = session.execute(query.where(*meant).order_by(Ticket.opened_at, Ticket.id))
    return {ticket.treatment_id: {"ticket": ticket, "said": said} for ticket, said in rows if ticket.treatment_id}


def overdue(session: Session, clinic_id: uuid.UUID, now: datetime) -> tuple[list[Line], int]:
    """The consults that were offered or booked too long ago and came no further, the longest first, with how many there
    are; not those that a ticket waits for anyhow. One query."""
    late = or_(*(and_(Consult.state == state, Consult.state_at < now - most) for state, most in OVERDUE.items()))
    waits = exists().where(Ticket.treatment_id == Consult.treatment_id, Ticket.state != TicketState.CLOSED)
    query = _LINES.add_columns(func.count().over()).where(Consult.clinic_id == clinic_id, late, ~waits)
    rows = session.execute(query.order_by(Consult.state_at, Consult.id).limit(MOST_OVERDUE)).all()
    return [Line(*row[:-1]) for row in rows], rows[0][-1] if rows else 0


def of_patient(session: Session, patient: Patient) -> list[Line]:
    """A patient's consults, the newest first."""
    theirs = select(Consult).where(Consult.patient_id == patient.id).order_by(Consult.offered_at.desc(), Consult.id)
    return [Line(consult, patient) for consult in session.scalars(theirs)]
