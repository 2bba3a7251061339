"""What there is to ask providers about: calls without an answer, and accepted messages without a receipt."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import case, func, select, update
from sqlalchemy.orm import Session, aliased

from reminders import logs
from reminders.delivery.housekeeping import ASK_AFTER
from reminders.delivery.news import Subject
from reminders.errors import CryptoError
from reminders.models import Attempt, Instance, Message, Sender
from reminders.models.instance import CLOCK_OFFSET
from reminders.models.kinds import Outcome
from reminders.outbox import in_state, pick_free
from schedules.lifecycle import State

_log = logs.get(__name__)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Question:
    """A message to ask about, with the newest attempt that may have left. `asked` counts the lookups that found
    nothing; `not_found` the earlier attempts that were given up so, proven or not since. Times are UTC; `started_at`
    by the clock of the world, not of a demo.
    """

    about: Subject
    since: datetime
    to: str = field(repr=False)
    address_index: str
    body_hash: str
    started_at: datetime
    provider_id: str | None
    asked: int
    asked_at: datetime | None
    not_found: int
    priority: int


def pick(session: Session, now: datetime, limit: int) -> list[Question]:
    """At most `limit` messages whose time to ask has come, put off by ASK_AFTER so that nobody else asks meanwhile."""
    ripe = select(Message.id).where(Message.check_at <= now, in_state(State.UNKNOWN, State.SENT))
    # What may have to go again comes before what only lacks a receipt, however many those are.
    first = ripe.order_by(Message.state != State.UNKNOWN, Message.check_at)
    picked = pick_free(first.limit(limit))
    later = update(Message).where(Message.id.in_(picked)).values(check_at=now + ASK_AFTER)
    ids = list(session.scalars(later.returning(Message.id), execution_options={"synchronize_session": False}))
    return _readable("message_id", lambda some: _load(session, some), ids) if ids else []


def senders(session: Session, questions: Sequence[Question]) -> dict[uuid.UUID, Sender]:
    """The senders that the questions are about."""
    ids = {question.about.sender_id for question in questions}
    found = _readable(
        "sender_id", lambda some: list(session.scalars(select(Sender).where(Sender.id.in_(some)))), [*ids]
    )
    return {sender.id: sender for sender in found}


def _readable(name: str, read: Callable[[Sequence[uuid.UUID]], list[T]], ids: Sequence[uuid.UUID]) -> list[T]:
    """What `read` gives for these ids; without those, named in the log, whose sealed values do not open."""
    try:
        return read(ids)
    except CryptoError as error:
        if len(ids) == 1:
            _log.error("a provider cannot be asked", **{name: str(ids[0])}, reason=type(error).__name__)
            return []
        return [one for each in ids for one in _readable(name, read, [each])]


def _load(session: Session, message_ids: Sequence[uuid.UUID]) -> list[Question]:
    offset = timedelta(seconds=float(session.scalar(_OFFSET) or 0))
    newer, other = aliased(Attempt), aliased(Attempt)
    never_left = newer.outcome.in_([Outcome.REFUSED, Outcome.RETRY])
    left = func.max(case((never_left, None), else_=newer.number))
    newest = select(func.coalesce(left, func.max(newer.number))).where(newer.message_id == Message.id).scalar_subquery()
    given_up = (
        select(func.count())
        .where(other.message_id == Message.id, other.outcome.in_(_WAS_GIVEN_UP), other.id != Attempt.id)
        .scalar_subquery()
    )
    rows = session.execute(
        select(Attempt, Message.state, Message.state_at, given_up.label("given_up"), Message.priority)
        .join(Message, Message.id == Attempt.message_id)
        .where(Message.id.in_(message_ids), Attempt.number == newest)
    )
    return [_question(row.Attempt, (row.state, row.state_at, row.given_up, row.priority), offset) for row in rows]


_WAS_GIVEN_UP = (Outcome.NOT_FOUND, Outcome.ACCEPTED)
"""Outcomes of an attempt that another has followed, if it was in doubt: a late receipt turns the first into the second.
"""

_OFFSET = select(Instance.value).where(Instance.key == CLOCK_OFFSET)


def _question(attempt: Attempt, message: tuple[State, datetime, int, int], offset: timedelta) -> Question:
    state, since, not_found, priority = message
    return Question(
        about=Subject(attempt.id, attempt.number, attempt.message_id, attempt.clinic_id, attempt.sender_id, state),
        since=since,
        to=attempt.to,
        address_index=attempt.address_index,
        body_hash=attempt.body_hash,
        started_at=attempt.started_at - offset,
        provider_id=attempt.provider_id,
        asked=attempt.lookups,
        asked_at=attempt.looked_up_at,
        not_found=not_found,
        priority=priority,
    )
