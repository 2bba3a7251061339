"""Consults: offered once for a treatment, and how far each one came."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from reminders.care import audit
from reminders.care.actors import Actor
from reminders.database import insert_missing
from reminders.errors import InvalidInputError, NotFoundError, Problem
from reminders.models import Consult, Patient, Treatment
from reminders.models.kinds import ConsultState

MOST_DONE = 50
"""So many consults that came to their end are shown."""

MOVES: Mapping[ConsultState, frozenset[ConsultState]] = {
    ConsultState.BOOKED: frozenset({ConsultState.OFFERED, ConsultState.DECLINED}),
    ConsultState.ATTENDED: frozenset({ConsultState.OFFERED, ConsultState.BOOKED}),
    ConsultState.DECLINED: frozenset({ConsultState.OFFERED, ConsultState.BOOKED}),
}
"""For each state, the states from which a consult may come to it; an attended one stays so."""


@dataclass(frozen=True)
class Offer:
    """A treatment of one of the clinic's patients, for which a consult is offered."""

    clinic_id: uuid.UUID
    patient_id: uuid.UUID
    treatment_id: uuid.UUID


def offer(session: Session, treatment_id: uuid.UUID, now: datetime) -> Consult:
    """The treatment's consult, offered now unless it was before."""
    treatment = session.scalars(select(Treatment).where(Treatment.id == treatment_id)).one()
    row = row_of(Offer(treatment.clinic_id, treatment.patient_id, treatment.id), now)
    insert_missing(session, Consult, row)
    return session.scalars(select(Consult).where(Consult.treatment_id == treatment_id)).one()


def row_of(offer: Offer, now: datetime) -> dict[str, Any]:
    """The consult as a row, for whoever writes it with others."""
    return {**offer.__dict__, "offered_at": now, "state_at": now}


def move(session: Session, consult: Consult, state: ConsultState, now: datetime) -> bool:
    """Bring a consult to `state`. False if that move is not in `MOVES`."""
    moved = session.scalar(
        update(Consult)
        .where(Consult.id == consult.id, Consult.state.in_(MOVES.get(state, frozenset())))
        .values(state=state, state_at=now)
        .returning(Consult.id)
    )
    return moved is not None


@dataclass(frozen=True)
class Line:
    """A consult with its patient."""

    consult: Consult
    patient: Patient

    @property
    def moves(self) -> tuple[ConsultState, ...]:
        """Where it may go from here, likeliest first."""
        return tuple(state for state, before in MOVES.items() if self.consult.state in before)


def under_way(session: Session, clinic_id: uuid.UUID) -> list[Line]:
    """The clinic's consults that are offered or booked, whoever has waited longest first; then the newest that were
    attended or declined."""
    own = (Consult.clinic_id == clinic_id, Patient.erased_at.is_(None))
    query = select(Consult, Patient).join(Patient, Patient.id == Consult.patient_id).where(*own)
    is_open = Consult.state.in_((ConsultState.OFFERED, ConsultState.BOOKED))
    waiting = session.execute(query.where(is_open).order_by(Consult.state_at, Consult.id))
    done = session.execute(query.where(~is_open).order_by(Consult.state_at.desc(), Consult.id).limit(MOST_DONE))
    return [Line(*row) for row in (*waiting, *done)]


def of_patient(session: Session, patient: Patient) -> list[Line]:
    """A patient's consults, the newest first."""
    theirs = select(Consult).where(Consult.patient_id == patient.id).order_by(Consult.offered_at.desc(), Consult.id)
    return [Line(consult, patient) for consult in session.scalars(theirs)]


def get(session: Session, clinic_id: uuid.UUID, consult_id: uuid.UUID) -> Consult:
    """One of the clinic's consults.

    Raises:
        NotFoundError: there is none, or it is another clinic's.
    """
    found = session.scalar(select(Consult).where(Consult.id == consult_id, Consult.clinic_id == clinic_id))
    if found is None:
        raise NotFoundError("no such consult")
    return found


def settle(session: Session, actor: Actor, consult: Consult, state: str, now: datetime) -> bool:
    """Staff say how far a consult has come. False, and nothing done, if it cannot come there any more.

    Raises:
        InvalidInputError: on state, choice_unknown.
    """
    if state not in {known.value for known in MOVES}:
        raise InvalidInputError({"state": Problem("choice_unknown", choices=", ".join(MOVES))})
    if not move(session, consult, ConsultState(state), now):
        return False
    audit.note(session, actor, f"consult.{state}", "consult", consult.id, now)
    return True


def book(session: Session, treatment_id: uuid.UUID, state: ConsultState, now: datetime) -> bool:
    """What staff arranged by telephone: the consult of a treatment is in `state`, whether or not it was offered."""
    return move(session, offer(session, treatment_id, now), state, now)
