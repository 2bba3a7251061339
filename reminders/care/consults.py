"""Consults: offered once for a treatment, and how far each one came."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from reminders.database import insert_missing
from reminders.models import Consult, Treatment
from reminders.models.kinds import ConsultState

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


def book(session: Session, treatment_id: uuid.UUID, state: ConsultState, now: datetime) -> bool:
    """What staff arranged by telephone: the consult of a treatment is in `state`, whether or not it was offered."""
    return move(session, offer(session, treatment_id, now), state, now)
