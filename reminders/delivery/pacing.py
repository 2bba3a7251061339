"""A sender's budget: segments a second, spent in SQL, so that all workers share one and Redis none."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, or_, select, update
from sqlalchemy.orm import Session

from reminders.delivery.context import Pace
from reminders.delivery.happenings import Happening, tell
from reminders.models import Sender
from reminders.models.kinds import EventKind
from reminders.outbox import FOR_MOST, Claim, claim, is_unpaused, rests_for_most

PAUSE = timedelta(minutes=15)
"""How long a sender rests after an answer that would meet all of its messages, unless the provider says otherwise."""

SLOW_DOWN = timedelta(seconds=5)
"""How long a sender sends nothing that can wait after it went too fast; longer than a claim reaches ahead."""

_NO_WAITING_BATCH = 50
_SLOWEST = 0.01


@dataclass(frozen=True, slots=True)
class Wanted:
    """A claim by budget: whose, under which token, when. `no_waiting_only`: what cannot wait and nothing else."""

    sender_id: uuid.UUID
    token: uuid.UUID
    now: datetime
    no_waiting_only: bool = False


@dataclass(frozen=True, slots=True)
class Taken:
    """What was claimed, most urgent first, and whether that was all for now."""

    ids: list[uuid.UUID]
    was_all: bool


_OURS = Sender.id == bindparam("sender")
_FREE = is_unpaused(bindparam("now", type_=Sender.paused_until.type))
_BUDGET = select(Sender.rate, Sender.next_free_at).where(_OURS).with_for_update(key_share=True)
_ABLE = (
    select(Sender.rate, Sender.next_free_at, _FREE.label("free"))
    .where(_OURS, or_(_FREE, rests_for_most()))
    .with_for_update(key_share=True)
)
_SPEND = update(Sender.__table__).where(_OURS).values(next_free_at=bindparam("spent"))  # type: ignore[arg-type]


def allowance(next_free_at: datetime, rate: float, now: datetime, pace: Pace) -> int:
    """How many messages of one segment may be claimed now: what is sent until the horizon, one at least when free."""
    ahead = max(timedelta(0), next_free_at - now)
    left = (min(pace.horizon, pace.lease / 2) - ahead).total_seconds()
    return min(pace.batch, max(0 if ahead else 1, int(left * _safe(rate))))


def take(session: Session, wanted: Wanted, pace: Pace) -> Taken:
    """Claim what the sender's budget allows and charge it a segment each.

    Without budget, or during a pause over content or pace, only what cannot wait is claimed: neither 50,000 reminders
    nor one that was filtered delay a safety text. The sender's row is locked, so that workers take turns; FOR NO KEY
    UPDATE leaves messages being enqueued alone.
    """
    given = {"sender": wanted.sender_id, "now": wanted.now}
    budget = session.connection().execute(_ABLE, given).one_or_none()
    if budget is None:
        return Taken([], was_all=True)
    urgent_only = wanted.no_waiting_only or not budget.free
    allowed = 0 if urgent_only else allowance(budget.next_free_at, budget.rate, wanted.now, pace)
    claims = Claim(
        sender_id=wanted.sender_id,
        token=wanted.token,
        limit=allowed or _NO_WAITING_BATCH,
        now=wanted.now,
        lease_until=wanted.now + pace.lease,
        no_waiting_only=not allowed,
    )
    claimed = claim(session, claims)
    if claimed:
        _spend(session, wanted.sender_id, _free_after(len(claimed), budget.next_free_at, budget.rate, wanted.now))
    return Taken(claimed, was_all=len(claimed) < claims.limit)


def charge(session: Session, sender_id: uuid.UUID, segments: int, now: datetime) -> None:
    """Spend `segments` of the sender's budget, whether or not there is any left."""
    if segments <= 0:
        return
    budget = session.connection().execute(_BUDGET, {"sender": sender_id}).one()
    _spend(session, sender_id, _free_after(segments, budget.next_free_at, budget.rate, now))


def _free_after(segments: int, next_free_at: datetime, rate: float, now: datetime) -> datetime:
    return max(next_free_at, now) + timedelta(seconds=segments / _safe(rate))


def _spend(session: Session, sender_id: uuid.UUID, free_at: datetime) -> None:
    session.connection().execute(_SPEND, {"sender": sender_id, "spent": free_at})


def pause(session: Session, sender: tuple[uuid.UUID, uuid.UUID], code: str, now: datetime, rest: timedelta) -> None:
    """Let a sender (its clinic's id, its own) rest; staff are told once, until a message of its gets through again.

    That it can send nothing at all is news even while it rests for most. Meanwhile no lesser trouble loosens its rest.
    """
    clinic_id, sender_id = sender
    kept = select(Sender.paused_reason, Sender.paused_until).where(Sender.id == sender_id)
    standing, until = session.execute(kept.with_for_update(key_share=True)).one()
    already = _is_told(standing, code)
    if already and standing != code and code in FOR_MOST and until is not None and until > now:
        return
    _set(session, sender_id, paused_until=now + rest, paused_reason=code or "refused")
    if not already:
        tell(session, [Happening(EventKind.SENDER_PAUSED, clinic_id, None, sender_id, {"code": code})], now)


def slow_down(session: Session, sender_id: uuid.UUID, now: datetime, wished: timedelta | None = None) -> None:
    """It went too fast: no budget for a while, as the provider wishes, at most a PAUSE. Nobody need hear of it."""
    free_at = now + min(max(wished or SLOW_DOWN, SLOW_DOWN), PAUSE)
    session.execute(
        update(Sender).where(Sender.id == sender_id, Sender.next_free_at < free_at).values(next_free_at=free_at),
        execution_options={"synchronize_session": False},
    )


def resume(session: Session, sender_id: uuid.UUID, now: datetime) -> None:
    """A message got through after the pause: what ailed the sender is over, and would be news if it came again."""
    session.execute(
        update(Sender)
        .where(Sender.id == sender_id, Sender.paused_until <= now)
        .values(paused_until=None, paused_reason=None),
        execution_options={"synchronize_session": False},
    )


def begin_afresh(session: Session, now: datetime, clinic_id: uuid.UUID | None = None) -> None:
    """A clinic's hold (or that of all) was lifted: what waited is owed from now on, not since it was due.

    Unspent budget is never saved up, so this gives and takes none.
    """
    idle = Sender.next_free_at < now
    session.execute(
        update(Sender)
        .where(idle if clinic_id is None else idle & (Sender.clinic_id == clinic_id))
        .values(next_free_at=now),
        execution_options={"synchronize_session": False},
    )


def _is_told(standing: str | None, code: str) -> bool:
    """Whether staff who know that a sender rests for `standing` know all that `code` says."""
    return standing is not None and (standing == code or standing not in FOR_MOST)


def _set(session: Session, sender_id: uuid.UUID, **values: object) -> None:
    session.execute(
        update(Sender).where(Sender.id == sender_id).values(**values),
        execution_options={"synchronize_session": False},
    )


def _safe(rate: float) -> float:
    return max(rate, _SLOWEST)
