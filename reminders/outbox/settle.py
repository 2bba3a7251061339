"""Writing down what calls came to: a fixed number of statements a group, each guarded. For delivery only."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, update
from sqlalchemy.orm import Session

from reminders.models import Attempt, Message
from reminders.models.kinds import Outcome
from reminders.outbox.moves import Move, may_become, move
from schedules.lifecycle import State


@dataclass(frozen=True, slots=True)
class Settlement:
    """What one call came to.

    `due_at` with PLANNED: when again (None: as it was); `tries`: the failed ones so far; `check_at`: when to ask the
    provider about it.
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
    groups: defaultdict[tuple[State, str, datetime | None], list[uuid.UUID]] = defaultdict(list)
    again = [one for one in settlements if one.target is State.PLANNED]
    for one in settlements:
        if one.target is not State.PLANNED:
            groups[one.target, one.reason, one.check_at].append(one.message_id)
    moved: set[uuid.UUID] = set()
    for (target, reason, check_at), ids in groups.items():
        change = Move(target, now, reason, _also(target, check_at, token, now))
        moved.update(move(session, change, Message.id.in_(ids), Message.claim_token == token))
    _plan_again(session, again, token, now)
    # Messages before their attempts, as receipts do it: in another order the two would wait for each other.
    _finish_attempts(session, settlements, now)
    return moved


def end(
    session: Session, message_ids: Collection[uuid.UUID], state: State, reason: str, now: datetime
) -> list[uuid.UUID]:
    """Move messages to `state` for `reason` where that is legal; the ids of those that moved."""
    return move(session, Move(state, now, reason), Message.id.in_(message_ids)) if message_ids else []


def _also(target: State, check_at: datetime | None, token: uuid.UUID, now: datetime) -> Mapping[str, object]:
    if target is State.UNKNOWN:
        # The token stays: the same worker may yet learn, after its lease, what became of the call.
        return {"check_at": check_at, "claim_token": token}
    if target is State.SENT:
        return {"check_at": check_at, "sent_at": now}
    return {"sent_at": now, "delivered_at": now} if target is State.DELIVERED else {}


def _finish_attempts(session: Session, settlements: Sequence[Settlement], now: datetime) -> None:
    # An early receipt has finished its attempt already, and knows better.
    statement = (
        update(Attempt.__table__)  # type: ignore[arg-type]
        .where(Attempt.id == bindparam("attempt"), Attempt.outcome.is_(None))
        .values(
            finished_at=now,
            outcome=bindparam("new_outcome"),
            provider_id=bindparam("new_provider_id"),
            error_code=bindparam("new_error_code"),
        )
    )
    rows = [
        {
            "attempt": one.attempt_id,
            "new_outcome": one.outcome,
            "new_provider_id": one.provider_id,
            "new_error_code": one.error_code[:32],
        }
        for one in settlements
    ]
    session.connection().execute(statement, rows)


def _plan_again(session: Session, settlements: Sequence[Settlement], token: uuid.UUID, now: datetime) -> None:
    if not settlements:
        return
    statement = (
        update(Message.__table__)  # type: ignore[arg-type]
        .where(Message.id == bindparam("message"), Message.claim_token == token, may_become(State.PLANNED))
        .values(
            **Move(State.PLANNED, now).values()
            | {
                "reason": bindparam("why"),
                "due_at": func.coalesce(bindparam("due", type_=Message.due_at.type), Message.due_at),
                "tries": bindparam("failed"),
            }
        )
    )
    rows = [
        {"message": one.message_id, "why": one.reason, "due": one.due_at, "failed": one.tries} for one in settlements
    ]
    session.connection().execute(statement, rows)
