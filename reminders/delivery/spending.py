"""What a clinic's texts come to in a month, and the sender's pause when that reaches the clinic's maximum.

What is begun is counted in the transaction that begins it, so the count is exact however many workers there are.
"""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningInsert

from reminders.delivery.happenings import Happening, tell
from reminders.delivery.housekeeping import DueSender
from reminders.models import Attempt, Clinic, Sender, Spending
from reminders.models.kinds import Channel, EventKind, MessageKind
from reminders.models.options import SPEND_CAP, rules_of
from reminders.outbox import NO_WAITING, PRIORITY, is_unpaused, rests_for_most
from schedules.hours import local_instant


@dataclass(frozen=True, slots=True)
class Cost:
    """What one message is about to cost, in segments."""

    message_id: uuid.UUID
    kind: MessageKind
    segments: int

    @property
    def can_wait(self) -> bool:
        """Whether it waits for the next month; a safety text and an alert are sent whatever they cost."""
        return PRIORITY[self.kind] > NO_WAITING


@dataclass(frozen=True, slots=True)
class Month:
    """A calendar month of a clinic's zone: its name ("2026-03") and the first instant (UTC) after it."""

    name: str
    ends: datetime


def month_of(now: datetime, timezone: str) -> Month:
    """The month that `now` lies in where the clinic is (`timezone`: an IANA name)."""
    zone = ZoneInfo(timezone)
    today = now.astimezone(zone).date()
    year, month = divmod(today.year * 12 + today.month, 12)
    return Month(f"{today:%Y-%m}", local_instant(today.replace(year=year, month=month + 1, day=1), time(), zone))


def beyond(costs: Sequence[Cost], left: int) -> list[uuid.UUID]:
    """The messages that `left` segments do not pay for. What cannot wait is paid for first, and goes in any case."""
    left -= sum(cost.segments for cost in costs if not cost.can_wait)
    waiting = [cost for cost in costs if cost.can_wait]
    for number, cost in enumerate(waiting):
        left -= cost.segments
        if left < 0:
            return [late.message_id for late in waiting[number:]]
    return []


def withhold(
    session: Session, sender: DueSender, clinic: Clinic, costs: Sequence[Cost], now: datetime
) -> set[uuid.UUID]:
    """The messages that must wait, because they would exceed the clinic's maximum; the sender is paused then.

    `costs` is a group's, most urgent first. No statement for a clinic without a maximum.
    """
    most = rules_of(clinic.options).monthly_segments
    if most is None or not costs or sender.identity.channel is not Channel.SMS:
        return set()
    month = month_of(now, clinic.timezone)
    # Adding nothing locks the row, so that the groups of all workers are decided one after the other.
    spent = _add(session, clinic.id, month, 0)
    if _is_reached(costs, most - spent):
        # Whoever raises the maximum ends the pause under the same lock: only now is it known which maximum holds.
        most = rules_of(session.execute(_OPTIONS, {"clinic": clinic.id}).scalar_one()).monthly_segments
    if most is None or not _is_reached(costs, most - spent):
        return set()
    _pause(session, sender, _Reached(month, most), now)
    return set(beyond(costs, most - spent))


def count(session: Session, sender: DueSender, clinic: Clinic, segments: int, now: datetime) -> None:
    """Add what is begun now to the clinic's month: one statement."""
    if segments and sender.identity.channel is Channel.SMS:
        _add(session, clinic.id, month_of(now, clinic.timezone), segments)


def refund(session: Session, sender: DueSender, refused: Collection[uuid.UUID], begun: datetime) -> None:
    """Take the attempts that the provider has definitely not taken off the month in which they were begun.

    To be called before they are settled: those that have an outcome already are not taken off again.
    """
    if not refused or sender.identity.channel is not Channel.SMS:
        return
    clinic = session.get_one(Clinic, sender.clinic_id)
    month = month_of(begun, clinic.timezone)
    unsettled = select(func.coalesce(func.sum(Attempt.segments), 0)).where(
        Attempt.id.in_(refused), Attempt.outcome.is_(None)
    )
    session.execute(
        update(Spending)
        .where(Spending.clinic_id == clinic.id, Spending.month == month.name)
        .values(segments=Spending.segments - unsettled.scalar_subquery()),
        execution_options={"synchronize_session": False},
    )
    if rules_of(clinic.options).monthly_segments is not None:
        lift(session, clinic, begun)


def lift(session: Session, clinic: Clinic, now: datetime) -> None:
    """End the pause over cost if anything is left again: another maximum was set, or calls were refused."""
    spent = _add(session, clinic.id, month_of(now, clinic.timezone), 0)
    most = rules_of(clinic.options).monthly_segments
    if most is None or spent < most:
        session.execute(
            update(Sender)
            .where(Sender.clinic_id == clinic.id, Sender.paused_reason == SPEND_CAP)
            .values(paused_until=None, paused_reason=None),
            execution_options={"synchronize_session": False},
        )


def spent_in(session: Session, clinic: Clinic, now: datetime) -> int:
    """The segments that the clinic's texts have come to in the month of `now`."""
    month = month_of(now, clinic.timezone)
    found = select(Spending.segments).where(Spending.clinic_id == clinic.id, Spending.month == month.name)
    return session.scalar(found) or 0


@dataclass(frozen=True, slots=True)
class _Reached:
    month: Month
    most: int


_OPTIONS = select(Clinic.options).where(Clinic.id == bindparam("clinic"))


def _is_reached(costs: Sequence[Cost], left: int) -> bool:
    return sum(cost.segments for cost in costs) >= left


def _pause(session: Session, sender: DueSender, reached: _Reached, now: datetime) -> None:
    """Let the sender rest until the month ends, unless it can send nothing at all now, which holds back more.

    Staff are told when that is news.
    """
    ends = reached.month.ends
    is_news = or_(Sender.paused_reason.is_distinct_from(SPEND_CAP), Sender.paused_until.is_distinct_from(ends))
    paused = (
        update(Sender)
        .where(Sender.id == sender.id, is_news, or_(is_unpaused(now), rests_for_most()))
        .values(paused_until=ends, paused_reason=SPEND_CAP)
        .returning(Sender.id)
    )
    if session.scalars(paused, execution_options={"synchronize_session": False}).first():
        detail = {"code": SPEND_CAP, "month": reached.month.name, "most": reached.most}
        tell(session, [Happening(EventKind.SENDER_PAUSED, sender.clinic_id, None, sender.id, detail)], now)


def _upsert(insert: type[postgresql.Insert] | type[sqlite.Insert]) -> ReturningInsert[Any]:
    new = insert(Spending.__table__).values(  # type: ignore[arg-type]
        clinic_id=bindparam("clinic"), month=bindparam("month"), segments=bindparam("segments")
    )
    return new.on_conflict_do_update(
        index_elements=["clinic_id", "month"], set_={"segments": Spending.segments + new.excluded.segments}
    ).returning(Spending.__table__.c.segments)


_ADD = {"postgresql": _upsert(postgresql.Insert), "sqlite": _upsert(sqlite.Insert)}
"""Built once: building it costs more than running it."""


def _add(session: Session, clinic_id: uuid.UUID, month: Month, segments: int) -> int:
    """Add to a clinic's month; what it has come to. Locks the row until the transaction ends."""
    given = {"clinic": clinic_id, "month": month.name, "segments": segments}
    found: int = session.connection().execute(_ADD[session.get_bind().dialect.name], given).scalar_one()
    return found
