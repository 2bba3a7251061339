"""Claiming: taking due messages for one worker, for the length of a lease. For delivery only."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session

from reminders.channels.twilio_codes import ABOUT_ONE_MESSAGE
from reminders.models import Clinic, Instance, Message, Patient, Protocol, Sender, Treatment
from reminders.models.instance import HOLD_ALL
from reminders.models.options import SPEND_CAP
from reminders.outbox.drafts import NO_WAITING, PRIORITY
from reminders.outbox.moves import Move, in_state, move, pick_free
from schedules.lifecycle import State


@dataclass(frozen=True, slots=True)
class Claim:
    """Whose messages to take, how many, under which token, until when. `no_waiting_only`: only what cannot wait."""

    sender_id: uuid.UUID
    token: uuid.UUID
    limit: int
    now: datetime
    lease_until: datetime
    no_waiting_only: bool = False


def is_due(now: datetime) -> ColumnElement[bool]:
    """Planned, due and still useful, in terms that both databases answer from the partial index on due messages."""
    return and_(
        in_state(State.PLANNED),
        # All priorities, so that the index is entered once for each instead of read through.
        Message.priority.in_(sorted(set(PRIORITY.values()))),
        Message.due_at <= now,
        Message.useful_until > now,
    )


def is_held() -> ColumnElement[bool]:
    """Whether a message is on hold. A hold of everything or of a clinic holds all; one of a protocol or a patient
    holds neither a safety text nor an alert, which outrank it.

    Scalar subqueries on purpose: evaluated for each candidate, they never become a scan of all patients.
    """
    clinic = select(Clinic.held_at).where(Clinic.id == Message.clinic_id).correlate(Message).scalar_subquery()
    patient = select(Patient.held_at).where(Patient.id == Message.patient_id).correlate(Message).scalar_subquery()
    protocol = (
        select(Protocol.held_at)
        .join(Treatment, Treatment.protocol_id == Protocol.id)
        .where(Treatment.id == Message.treatment_id)
        .correlate(Message)
        .scalar_subquery()
    )
    may_wait = Message.priority > NO_WAITING
    return or_(
        all_held(),
        clinic.is_not(None),
        and_(may_wait, patient.is_not(None)),
        and_(may_wait, protocol.is_not(None)),
    )


def all_held() -> ColumnElement[bool]:
    """Whether the kill switch is on: its row exists and says something."""
    return exists().where(Instance.key == HOLD_ALL, Instance.value != "")


def is_unpaused(now: datetime) -> ColumnElement[bool]:
    """Whether a sender may send: its pause, if it had one, is over."""
    return or_(Sender.paused_until.is_(None), Sender.paused_until <= now)


def rests_for_most() -> ColumnElement[bool]:
    """Whether a sender's pause is over content, pace or cost, so that what cannot wait is tried all the same."""
    return Sender.paused_reason.in_(sorted(ABOUT_ONE_MESSAGE | {SPEND_CAP}))


def claim(session: Session, wanted: Claim) -> list[uuid.UUID]:
    """Claim at most `limit` due messages, the most urgent first; their ids in that order. Commit before you call.

    PostgreSQL passes over rows that another worker is claiming; on SQLite the session's BEGIN IMMEDIATE lets only one
    worker claim at a time.
    """
    despite_pause = and_(rests_for_most(), Message.priority <= NO_WAITING)
    may_send = exists().where(Sender.id == wanted.sender_id, or_(is_unpaused(wanted.now), despite_pause))
    due = [is_due(wanted.now), Message.sender_id == wanted.sender_id, may_send, ~is_held()]
    if wanted.no_waiting_only:
        due.append(Message.priority <= NO_WAITING)
    due_first = select(Message.id).where(*due).order_by(Message.priority, Message.due_at).limit(wanted.limit)
    also = {"claim_token": wanted.token, "lease_until": wanted.lease_until}
    claimed = move(session, Move(State.CLAIMED, wanted.now, also=also), Message.id.in_(pick_free(due_first)))
    return _in_order(session, claimed)


def release(session: Session, message_ids: Collection[uuid.UUID], token: uuid.UUID, now: datetime) -> list[uuid.UUID]:
    """Put back what was claimed under `token` and will not be sent now."""
    change = Move(State.PLANNED, now, "released")
    return move(session, change, in_state(State.CLAIMED), Message.claim_token == token, Message.id.in_(message_ids))


def _in_order(session: Session, claimed: list[uuid.UUID]) -> list[uuid.UUID]:
    # RETURNING promises no order.
    if not claimed:
        return []
    ordered = select(Message.id).where(Message.id.in_(claimed)).order_by(Message.priority, Message.due_at, Message.id)
    return list(session.scalars(ordered))
