"""Claiming: taking due messages for one worker, for the length of a lease. For delivery only."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import ColumnElement, Update, and_, bindparam, exists, or_, select, update
from sqlalchemy.orm import Session

from reminders.channels.twilio_codes import ABOUT_ONE_MESSAGE
from reminders.models import Clinic, Instance, Message, Patient, Protocol, Sender, Treatment
from reminders.models.instance import HOLD_ALL
from reminders.models.options import SPEND_CAP
from reminders.outbox.drafts import NO_WAITING, PRIORITY
from reminders.outbox.moves import Instant, Move, in_state, may_become, move, pick_free
from schedules.lifecycle import State

_NOW = bindparam("now", type_=Message.due_at.type)

FOR_MOST = ABOUT_ONE_MESSAGE | {SPEND_CAP}
"""Reasons of a pause that does not hold back what cannot wait."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Whose messages to take, how many, under which token, until when. `no_waiting_only`: only what cannot wait."""

    sender_id: uuid.UUID
    token: uuid.UUID
    limit: int
    now: datetime
    lease_until: datetime
    no_waiting_only: bool = False


def is_due(now: Instant) -> ColumnElement[bool]:
    """Planned, due and still useful, in terms that both databases answer from the partial index on due messages."""
    return and_(
        in_state(State.PLANNED),
        # All priorities, so that the index is entered once for each instead of read through.
        Message.priority.in_(sorted(set(PRIORITY.values()))),
        Message.due_at <= now,
        Message.useful_until > now,
    )


def is_held(message: type[Message] = Message) -> ColumnElement[bool]:
    """Whether a message is on hold. A hold of everything or of a clinic holds all; one of a protocol or a patient
    holds neither a safety text nor an alert, which outrank it.

    Scalar subqueries on purpose: evaluated for each candidate, they never become a scan of all patients.
    """
    clinic = select(Clinic.held_at).where(Clinic.id == message.clinic_id).correlate(message).scalar_subquery()
    patient = select(Patient.held_at).where(Patient.id == message.patient_id).correlate(message).scalar_subquery()
    protocol = (
        select(Protocol.held_at)
        .join(Treatment, Treatment.protocol_id == Protocol.id)
        .where(Treatment.id == message.treatment_id)
        .correlate(message)
        .scalar_subquery()
    )
    may_wait = message.priority > NO_WAITING
    return or_(
        all_held(),
        clinic.is_not(None),
        and_(may_wait, patient.is_not(None)),
        and_(may_wait, protocol.is_not(None)),
    )


def all_held() -> ColumnElement[bool]:
    """Whether the kill switch is on: its row exists and says something."""
    return exists().where(Instance.key == HOLD_ALL, Instance.value != "")


def is_unpaused(now: Instant) -> ColumnElement[bool]:
    """Whether a sender may send: its pause, if it had one, is over."""
    return or_(Sender.paused_until.is_(None), Sender.paused_until <= now)


def rests_for_most() -> ColumnElement[bool]:
    """Whether a sender's pause is over content, pace or cost, so that what cannot wait is tried all the same."""
    return Sender.paused_reason.in_(sorted(FOR_MOST))


def claim(session: Session, wanted: Claim) -> list[uuid.UUID]:
    """Claim at most `limit` due messages, the most urgent first; their ids in that order. Commit before you call.

    PostgreSQL passes over rows that another worker is claiming; on SQLite the session's BEGIN IMMEDIATE lets only one
    worker claim at a time.
    """
    given = {
        "sender": wanted.sender_id,
        "token": wanted.token,
        "most": wanted.limit,
        "now": wanted.now,
        "lease": wanted.lease_until,
    }
    claimed = session.connection().execute(_claim(no_waiting_only=wanted.no_waiting_only), given)
    # RETURNING promises no order.
    return [row.id for row in sorted(claimed, key=lambda row: (row.priority, row.due_at, row.id))]


@cache
def _claim(*, no_waiting_only: bool) -> Update:
    despite_pause = and_(rests_for_most(), Message.priority <= NO_WAITING)
    sender = bindparam("sender", type_=Message.sender_id.type)
    may_send = exists().where(Sender.id == sender, or_(is_unpaused(_NOW), despite_pause))
    due = [is_due(_NOW), Message.sender_id == sender, may_send, ~is_held()]
    if no_waiting_only:
        due.append(Message.priority <= NO_WAITING)
    due_first = select(Message.id).where(*due).order_by(Message.priority, Message.due_at).limit(bindparam("most"))
    freed = Move(State.CLAIMED, _NOW, also={"claim_token": bindparam("token"), "lease_until": bindparam("lease")})
    return (
        update(Message.__table__)  # type: ignore[arg-type]
        .where(may_become(State.CLAIMED), Message.id.in_(pick_free(due_first)))
        .values(**freed.values())
        .returning(Message.id, Message.priority, Message.due_at)
    )


def release(session: Session, message_ids: Collection[uuid.UUID], token: uuid.UUID, now: datetime) -> list[uuid.UUID]:
    """Put back what was claimed under `token` and will not be sent now."""
    change = Move(State.PLANNED, now, "released")
    return move(session, change, in_state(State.CLAIMED), Message.claim_token == token, Message.id.in_(message_ids))
