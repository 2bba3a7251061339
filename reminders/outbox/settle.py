"""Writing down what calls came to: two guarded statements a group, whatever its number. For delivery only."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import cast

from sqlalchemy import ColumnElement, FromClause, Table, Update, and_, bindparam, case, func, literal, null, or_, update
from sqlalchemy.orm import Session

from reminders.bulk import Rows
from reminders.models import Attempt, Message
from reminders.models.kinds import Outcome
from reminders.outbox.moves import Move, may_become_by_id, move, unlink
from schedules.lifecycle import LIVE, State

_MESSAGE, _ATTEMPT = cast("Table", Message.__table__), cast("Table", Attempt.__table__)

_MOVED = ("reason", "tries", "due_at", "check_at", "sent_at", "delivered_at")
_OUTCOMES = Rows(
    "outcomes", {"id": _MESSAGE.c.id.type, "target": _MESSAGE.c.state.type} | {n: _MESSAGE.c[n].type for n in _MOVED}
)
_FINISHED = Rows("finished", {n: _ATTEMPT.c[n].type for n in ("id", "outcome", "provider_id", "error_code")})


@dataclass(frozen=True, slots=True)
class Settlement:
    """What one call came to.

    `due_at` with PLANNED: when again (None: as it was); `tries`: the failed ones so far; `check_at`: when to ask the
    provider about it. `provider_id` and `error_code` fit their columns: channels see to that.
    """

    message_id: uuid.UUID
    attempt_id: uuid.UUID
    target: State
    outcome: Outcome
    reason: str = ""
    provider_id: str | None = None
    error_code: str = ""
    due_at: datetime | None = None
    tries: int = 0
    check_at: datetime | None = None


def settle(session: Session, settlements: Sequence[Settlement], token: uuid.UUID, now: datetime) -> set[uuid.UUID]:
    """Settle a group of calls made under `token`; the messages that really moved.

    A message that a receipt or a reconciler has moved meanwhile stays where it is: the WHERE asks for the token and for
    a state from which the move is legal. PLANNED ones are not reported back.
    """
    if not settlements:
        return set()
    connection = session.connection()
    dialect = connection.dialect.name
    outcomes = {"outcomes": [_moved(one, now) for one in settlements], "settled_at": now, "token": token}
    moved = set(connection.execute(_settled(dialect), outcomes).scalars())
    by_id = {one.message_id: one.target for one in settlements}
    unlink(session, [message_id for message_id in moved if by_id[message_id] not in LIVE])
    # Messages before their attempts, as receipts do it: in another order the two would wait for each other.
    finished = {"finished": [_finish(one) for one in settlements], "settled_at": now}
    connection.execute(_finished(dialect), finished)
    return {message_id for message_id in moved if by_id[message_id] is not State.PLANNED}


def end(
    session: Session, message_ids: Collection[uuid.UUID], state: State, reason: str, now: datetime
) -> list[uuid.UUID]:
    """Move messages to `state` for `reason` where that is legal; the ids of those that moved."""
    return move(session, Move(state, now, reason), Message.id.in_(message_ids)) if message_ids else []


def _moved(one: Settlement, now: datetime) -> dict[str, object]:
    sent = one.target in {State.SENT, State.DELIVERED}
    return {
        "id": one.message_id,
        "target": one.target,
        "reason": one.reason,
        "tries": one.tries if one.target is State.PLANNED else None,
        "due_at": one.due_at,
        "check_at": one.check_at if one.target in {State.UNKNOWN, State.SENT} else None,
        "sent_at": now if sent else None,
        "delivered_at": now if one.target is State.DELIVERED else None,
    }


def _finish(one: Settlement) -> dict[str, object]:
    return {
        "id": one.attempt_id,
        "outcome": one.outcome,
        "provider_id": one.provider_id,
        "error_code": one.error_code,
    }


@cache
def _settled(dialect: str) -> Update:
    given = _OUTCOMES.table(dialect)
    kept = {name: func.coalesce(given.c[name], _MESSAGE.c[name]) for name in ("due_at", "tries")}
    stamps = {name: func.coalesce(given.c[name], _MESSAGE.c[name]) for name in ("sent_at", "delivered_at")}
    # In doubt the token stays: the same worker may yet learn, after its lease, what became of the call.
    token = case((given.c.target == State.UNKNOWN, _MESSAGE.c.claim_token), else_=null())
    return (
        update(Message.__table__)  # type: ignore[arg-type]
        .where(_MESSAGE.c.id == given.c.id, _MESSAGE.c.claim_token == bindparam("token"), _is_legal(given))
        .values(
            state=given.c.target,
            state_at=bindparam("settled_at"),
            reason=given.c.reason,
            check_at=given.c.check_at,
            claim_token=token,
            lease_until=None,
            **kept,
            **stamps,
        )
        .returning(_MESSAGE.c.id)
    )


def _is_legal(given: FromClause) -> ColumnElement[bool]:
    """The table of moves, for each target that the given rows may name."""
    return or_(
        *(and_(given.c.target == literal(target, given.c.target.type), may_become_by_id(target)) for target in State)
    )


@cache
def _finished(dialect: str) -> Update:
    given = _FINISHED.table(dialect)
    told = {name: given.c[name] for name in ("outcome", "provider_id", "error_code")}
    # An early receipt has finished its attempt already, and knows better.
    return (
        update(_ATTEMPT)
        .where(_ATTEMPT.c.id == given.c.id, _ATTEMPT.c.outcome.is_(None))
        .values(finished_at=bindparam("settled_at"), **told)
    )
