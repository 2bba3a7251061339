"""How sending stands, in a few numbers: whether anybody sweeps, and since when something waits that could have gone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Integer, Row, Select, bindparam, case, func, literal, or_, select, union_all
from sqlalchemy.orm import Session, aliased

from reminders.columns import UtcDateTime
from reminders.models import Clinic, Instance, Message, Sender
from reminders.models.instance import LAST_SWEEP
from reminders.models.instance import now as database_now
from reminders.outbox import NO_WAITING, PRIORITY, all_held, in_hand, in_state, is_held, rests_for_most
from schedules.lifecycle import State

LOOKED_AT = 250
"""The most due messages of one sender and priority that are looked through for one that is not on hold. Older ones of
a protocol on hold may hide a younger one beyond that; the age of the last sweep still tells of a dead worker."""

_LEAST_PATIENCE = timedelta(seconds=60)
_SWEEPS_MISSED = 15
"""After so many sweeps without one, nothing is being sent."""


@dataclass(frozen=True, slots=True)
class Pulse:
    """How sending stands at `at` (UTC, the database's clock).

    `overdue_since`: since when the longest-waiting message could have gone and did not: it is due, not on hold, its
    sender's pause is over and the sender's budget is not spent. So a backlog that a sender works off at its pace is
    not overdue, and one that nobody works off is from the moment that the sender was free. `held_since`: since when
    the oldest message that is due waits for a hold. Each is None for none, `swept_at` for never.
    """

    at: datetime
    swept_at: datetime | None
    overdue_since: datetime | None
    held_since: datetime | None
    unknown: int
    senders_paused: int
    clinics_held: int
    everything_held: bool

    def sweeps(self, sweep_seconds: float) -> bool:
        """Whether somebody has swept lately, sweeps being `sweep_seconds` apart."""
        patience = max(_LEAST_PATIENCE, timedelta(seconds=_SWEEPS_MISSED * sweep_seconds))
        return self.swept_at is not None and self.at - self.swept_at <= patience

    def in_time(self, overdue_seconds: float) -> bool:
        """Whether nothing has been overdue for longer than `overdue_seconds`."""
        return self.overdue_since is None or self.at - self.overdue_since <= timedelta(seconds=overdue_seconds)


def pulse(session: Session) -> Pulse:
    """Take the pulse of the whole installation: three statements, and an index probe or two a sender and priority."""
    at = database_now(session)
    counts = session.execute(_COUNTS, {"now": at}).one()
    due = session.execute(_DUE, {"now": at}).all()
    return Pulse(
        at=at,
        swept_at=datetime.fromisoformat(counts.swept) if counts.swept else None,
        overdue_since=min(_overdue(due, at), default=None),
        held_since=min((row.first for row in due if row.first != row.first_free), default=None),
        unknown=counts.unknown,
        senders_paused=counts.senders_paused,
        clinics_held=counts.clinics_held,
        everything_held=counts.everything_held,
    )


def _overdue(due: Iterable[Row[Any]], at: datetime) -> list[datetime]:
    """Since when each sender has left something lying that it could have sent."""
    return [since for since in (_could_go(row, at) for row in due if row.first_free) if since < at]


def _could_go(row: Row[Any], at: datetime) -> datetime:
    """Since when the first message of a sender and priority could have gone, as far as pause and budget say."""
    # A budget that is spent explains nothing of what does not wait for it.
    waits_for_budget = row.priority > NO_WAITING or row.next_free_at <= at
    waits_for_pause = row.paused_until and (row.priority > NO_WAITING or not row.rests_for_most)
    moments: Sequence[datetime] = [
        row.first_free,
        *([row.next_free_at] if waits_for_budget else []),
        *([row.paused_until] if waits_for_pause else []),
    ]
    return max(moments)


def _counts() -> Select[Any]:
    columns: list[ColumnElement[Any]] = [
        select(Instance.value).where(Instance.key == LAST_SWEEP).scalar_subquery().label("swept"),
        # Both conditions, so that SQLite knows the partial index and neither database counts anything else.
        _count(Message, in_hand(), in_state(State.UNKNOWN)).label("unknown"),
        _count(Sender, Sender.paused_until > _NOW).label("senders_paused"),
        _count(Clinic, Clinic.held_at.is_not(None)).label("clinics_held"),
        all_held().label("everything_held"),
    ]
    return select(*columns)


def _count(table: type[Message | Sender | Clinic], *where: ColumnElement[bool]) -> ColumnElement[int]:
    return select(func.count()).select_from(table).where(*where).scalar_subquery()


def _due() -> Select[Any]:
    """Each sender and priority with something due: its first message, and the first that no hold keeps.

    Priorities are walked one by one because the partial index leads with sender and priority: the least `due_at` of
    all would read through every planned row, each of these is one probe.
    """
    levels = union_all(*(select(literal(level, Integer).label("level")) for level in sorted(PRIORITY.values())))
    level = levels.subquery("levels").c.level
    columns = (Message.id, Message.clinic_id, Message.patient_id, Message.treatment_id)
    due = (
        select(*columns, Message.priority, Message.due_at)
        .where(
            Message.sender_id == Sender.id,
            Message.priority == level,
            in_state(State.PLANNED),
            Message.due_at <= _NOW,
        )
        .order_by(Message.due_at)
        .correlate(Sender, level.table)
    )
    first = due.with_only_columns(Message.due_at).limit(1).scalar_subquery()
    head = aliased(Message, due.limit(LOOKED_AT).subquery("head"))
    looked_through = select(head.due_at).where(~is_held(head)).order_by(head.due_at).limit(1).scalar_subquery()
    # Where all is on hold there is nothing to look through.
    first_free = case((or_(all_held(), Clinic.held_at.is_not(None)), None), else_=looked_through)
    return (
        select(
            level.label("priority"),
            Sender.next_free_at,
            Sender.paused_until,
            rests_for_most().label("rests_for_most"),
            first.label("first"),
            first_free.label("first_free"),
        )
        .select_from(Sender)
        .join(Clinic, Clinic.id == Sender.clinic_id)
        .join(level.table, literal(value=True))
        .where(first.is_not(None))
    )


_NOW = bindparam("now", type_=UtcDateTime())
_COUNTS = _counts()
_DUE = _due()
