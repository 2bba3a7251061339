"""Consults: offered once for a treatment, and how far each one came."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from reminders.care import audit
from reminders.care.actors import Actor
from reminders.database import insert_missing
from reminders.errors import InvalidInputError, NotFoundError, Problem
from reminders.models import Audit, Consult, Treatment
from reminders.models.kinds import ConsultState

TAKEN_BACK_WITHIN = timedelta(minutes=10)
"""How long a move by hand can be taken back."""

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


@dataclass(frozen=True, slots=True)
class Stand:
    """How far a consult has come, and since when."""

    state: ConsultState
    since: datetime


def stand_of(session: Session, treatment_id: uuid.UUID) -> Stand | None:
    """How far the consult of a treatment has come; None if none was offered."""
    found = session.execute(select(Consult.state, Consult.state_at).where(Consult.treatment_id == treatment_id))
    row = found.one_or_none()
    return Stand(*row) if row else None


def put_back(session: Session, treatment_id: uuid.UUID, moved_at: datetime, before: Stand | None) -> bool:
    """Undo the move that was made at `moved_at`: the consult stands where it stood before, or was not offered (None).

    False, and nothing done, if it has come further since.
    """
    same = (Consult.treatment_id == treatment_id, Consult.state_at == moved_at)
    if before is None:
        return session.scalar(delete(Consult).where(*same).returning(Consult.id)) is not None
    back = update(Consult).where(*same).values(state=before.state, state_at=before.since)
    return session.scalar(back.returning(Consult.id)) is not None


def move(session: Session, consult: Consult, state: ConsultState, now: datetime) -> bool:
    """Bring a consult to `state`. False if that move is not in `MOVES`."""
    moved = session.scalar(
        update(Consult)
        .where(Consult.id == consult.id, Consult.state.in_(MOVES.get(state, frozenset())))
        .values(state=state, state_at=now)
        .returning(Consult.id)
    )
    return moved is not None


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
    before = {"from": consult.state.value, "since": consult.state_at.isoformat()}
    if not move(session, consult, ConsultState(state), now):
        return False
    audit.note(session, actor, f"consult.{state}", "consult", consult.id, now, before)
    return True


def moved_lately(session: Session, consult: Consult, now: datetime) -> Stand | None:
    """Where a consult stood before staff moved it, if that is so short a time ago that they may take it back."""
    if now - consult.state_at >= TAKEN_BACK_WITHIN:
        return None
    same = (Audit.clinic_id == consult.clinic_id, Audit.at == consult.state_at, Audit.subject_id == consult.id)
    detail = session.scalars(select(Audit.detail).where(*same, Audit.subject_kind == "consult")).first() or {}
    if "from" not in detail:
        return None
    return Stand(ConsultState(detail["from"]), datetime.fromisoformat(detail["since"]))


def take_back(session: Session, actor: Actor, consult: Consult, now: datetime) -> bool:
    """It stands where it stood before staff moved it. False if that is too long ago, or it was moved since."""
    before = moved_lately(session, consult, now)
    if before is None or not put_back(session, consult.treatment_id, consult.state_at, before):
        return False
    audit.note(session, actor, "consult.taken_back", "consult", consult.id, now)
    return True


def book(session: Session, treatment_id: uuid.UUID, state: ConsultState, now: datetime) -> bool:
    """What staff arranged by telephone: the consult of a treatment is in `state`, whether or not it was offered."""
    return move(session, offer(session, treatment_id, now), state, now)
