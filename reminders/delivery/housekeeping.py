"""What a sweep does before it sends: note that it runs, recover what broke off, expire what is too late."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Insert, LargeBinary, bindparam, case, or_, select, type_coerce
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import InstrumentedAttribute, Session

from reminders import logs
from reminders.channels.opening import SenderIdentity
from reminders.database import keyring_of
from reminders.delivery.facts import unseal
from reminders.delivery.happenings import Happening, tell
from reminders.errors import CryptoError
from reminders.models import Clinic, Instance, Message, Sender
from reminders.models.instance import LAST_SWEEP
from reminders.models.kinds import EventKind
from reminders.outbox import (
    NO_WAITING,
    PRIORITY,
    Instant,
    Move,
    all_held,
    in_hand,
    in_state,
    is_held,
    is_unpaused,
    move,
    pick_free,
    rests_for_most,
)
from schedules.lifecycle import State

_log = logs.get(__name__)

ASK_AFTER = timedelta(seconds=60)
"""How long after a call without an answer the provider is asked; its list may lag."""

TOO_LATE, HELD_TOO_LONG = "too_late", "held_too_long"
"""Why a message expired: it was not sent in time, or not allowed to be."""

_AT_ONCE = 1000
"""Rows a statement, so that after a long outage no transaction grows without bound."""


@dataclass(frozen=True, slots=True)
class DueSender:
    """A sender with something due, whether part of that cannot wait, and whether its last pause is still on record."""

    id: uuid.UUID
    clinic_id: uuid.UUID
    identity: SenderIdentity
    has_urgent: bool
    has_rested: bool = False


def note_sweep(session: Session, now: datetime) -> None:
    """Record that sweeps run: what the dead-man check looks at."""
    connection = session.connection()
    connection.execute(_note(connection.dialect.name), {"swept": now.isoformat()})


@cache
def _note(dialect: str) -> Insert:
    insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
    statement = insert(Instance).values(key=LAST_SWEEP, value=bindparam("swept"))
    return statement.on_conflict_do_update(index_elements=["key"], set_={"value": statement.excluded.value})


def tidy(session: Session, now: datetime) -> dict[str, int]:
    """Recover and expire where there is something to: how many, as `recovered` and `expired`. Mostly one statement."""
    has_lapsed, has_late = session.connection().execute(_UNTIDY, {"now": now}).one()
    return {
        "recovered": recover(session, now) if has_lapsed else 0,
        "expired": expire(session, now) if has_late else 0,
    }


def recover(session: Session, now: datetime) -> int:
    """Take back what a worker claimed and never sent; doubt what it may have sent. How many of both.

    The doubtful ones keep their token, so that a worker that was only slow can still settle them.
    """
    lapsed = _lapsed(now)
    again = move(session, Move(State.PLANNED, now, "lease_lapsed"), in_state(State.CLAIMED), *lapsed)
    also = {"check_at": now + ASK_AFTER, "claim_token": Message.claim_token}
    doubtful = move(session, Move(State.UNKNOWN, now, "worker_lost", also), *lapsed)
    return len(again) + len(doubtful)


def expire(session: Session, now: datetime, clinic_id: uuid.UUID | None = None) -> int:
    """End planned messages that have stopped being useful, with the event that may become a ticket; how many.

    Those of one clinic, or of all. What is on hold at that moment keeps that as its reason.
    """
    late = select(Message.id).where(*_late(now))
    if clinic_id is not None:
        late = late.where(Message.clinic_id == clinic_id)
    change = Move(State.EXPIRED, now, also={"reason": case((is_held(), HELD_TOO_LONG), else_=TOO_LATE)})
    expired = move(session, change, Message.id.in_(pick_free(late.limit(_AT_ONCE))))
    tell_of(session, EventKind.EXPIRED, expired, now)
    return len(expired)


def tell_of(session: Session, kind: EventKind, message_ids: Collection[uuid.UUID], now: datetime) -> None:
    """One event of this kind for each message, with the reason that the message now bears."""
    if message_ids:
        columns = select(Message.id, Message.clinic_id, Message.sender_id, Message.reason)
        rows = session.execute(columns.where(Message.id.in_(message_ids)))
        tell(
            session,
            [Happening(kind, row.clinic_id, row.id, row.sender_id, {"reason": row.reason}) for row in rows],
            now,
        )


def _lapsed(now: Instant) -> list[ColumnElement[bool]]:
    return [in_hand(), Message.lease_until <= now]


def _late(now: Instant) -> list[ColumnElement[bool]]:
    return [in_state(State.PLANNED), Message.useful_until <= now]


def due_senders(session: Session, now: datetime) -> list[DueSender]:
    """The senders that have something due and are neither paused nor of a clinic on hold.

    With a pause over content or pace only what cannot wait counts.
    """
    found = [_due_sender(session, row) for row in session.connection().execute(_DUE, {"now": now})]
    return [sender for sender in found if sender is not None]


def _due_sender(session: Session, row: Any) -> DueSender | None:
    """None, and a line in the log, for one whose credentials do not open: it must not stop the others."""
    try:
        credentials = unseal(keyring_of(session), row.credentials, "sender.credentials")
    except CryptoError as error:
        _log.error("a sender's credentials do not open", sender_id=str(row.id), reason=type(error).__name__)
        return None
    identity = SenderIdentity(row.channel, row.account, row.address, row.service, credentials)
    return DueSender(row.id, row.clinic_id, identity, row.has_urgent, row.paused_until is not None)


_NOW = bindparam("now", type_=Message.due_at.type)


def _earliest(column: InstrumentedAttribute[Any], *where: ColumnElement[bool]) -> ColumnElement[Any]:
    """The first entry of an index. Asked whether anything is early enough, PostgreSQL reads the whole table instead, in
    the hope of a hit."""
    return (
        select(column).where(*where, column.is_not(None)).order_by(column).limit(1).correlate(Sender).scalar_subquery()
    )


_IN_HAND = (State.CLAIMED, State.SENDING, State.UNKNOWN)
_UNTIDY = select(
    or_(*(_earliest(Message.lease_until, in_hand(), in_state(state)) <= _NOW for state in _IN_HAND)).label(
        "has_lapsed"
    ),
    (_earliest(Message.useful_until, in_state(State.PLANNED)) <= _NOW).label("has_late"),
)


def _owes(*kinds: int) -> ColumnElement[bool]:
    """Whether a sender has something of these priorities planned and due: one look into the index for each."""
    theirs = (in_state(State.PLANNED), Message.sender_id == Sender.id)
    return or_(*(_earliest(Message.due_at, *theirs, Message.priority == kind) <= _NOW for kind in kinds))


_PRIORITIES = sorted(set(PRIORITY.values()))
_OWES = _owes(*_PRIORITIES)
_OWES_URGENT = _owes(*(kind for kind in _PRIORITIES if kind <= NO_WAITING))
_DUE = (
    select(
        *(Sender.id, Sender.clinic_id, Sender.channel, Sender.account, Sender.address, Sender.service),
        *(type_coerce(Sender.credentials, LargeBinary).label("credentials"), Sender.paused_until),
        _OWES_URGENT.label("has_urgent"),
    )
    .join(Clinic, Clinic.id == Sender.clinic_id)
    .where(or_(_OWES & is_unpaused(_NOW), _OWES_URGENT & rests_for_most()), Clinic.held_at.is_(None), ~all_held())
    .order_by(Sender.next_free_at)
)


def identity_of(sender: Sender) -> SenderIdentity:
    """What a channel needs to know of a sender."""
    return SenderIdentity(
        channel=sender.channel,
        account=sender.account,
        address=sender.address,
        service=sender.service,
        credentials=sender.credentials,
    )
