"""The sending window of one person, and how long the carrier may hold what is sent in it."""

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from reminders.models import Clinic
from reminders.models.kinds import MessageKind
from schedules.hours import Hours, closes_at, is_closed, is_open, next_open

SHORTEST = timedelta(minutes=1)
"""A window that shuts sooner counts as shut: the carrier would have no time to deliver."""

AT_ONCE = timedelta(hours=1)
"""How long the carrier may hold what goes at any hour: somebody waits for it, and hours later it would only confuse."""

_ANY_HOUR = frozenset({MessageKind.SAFETY, MessageKind.ALERT, MessageKind.CONFIRMATION, MessageKind.ANSWER})


class _Closed(NamedTuple):
    """A clinic's closed days as they are stored, to be remembered by."""

    weekdays: tuple[int, ...]
    dates: tuple[str, ...]


def hours_of(clinic: Clinic, timezone: str | None) -> Hours:
    """The clinic's window and closed days in the patient's zone, else its own."""
    closed = _Closed(tuple(clinic.closed_weekdays), tuple(clinic.closed_dates))
    return _hours(timezone or clinic.timezone, clinic.opens, clinic.closes, closed)


@lru_cache(maxsize=1024)
def _hours(zone: str, opens: time, closes: time, closed: _Closed) -> Hours:
    dates = frozenset(date.fromisoformat(day) for day in closed.dates)
    return Hours(ZoneInfo(zone), opens, closes, frozenset(closed.weekdays), dates)


def window_open(now: datetime, hours: Hours, *, waits_for_open_day: bool = False) -> bool:
    """Whether a message sent now can still be delivered inside the window, on an open day if it waits for one."""
    if waits_for_open_day and is_closed(now.astimezone(hours.zone).date(), hours):
        return False
    return is_open(now, hours) and closes_at(now, hours) - now >= SHORTEST


def opening_after(now: datetime, hours: Hours, *, waits_for_open_day: bool = False) -> datetime:
    """When the window, shut or about to shut now, opens next (UTC)."""
    start = now + SHORTEST if is_open(now, hours) else now
    return next_open(start, hours, avoid_closed_days=waits_for_open_day)


def valid_for(kind: MessageKind, now: datetime, hours: Hours, useful_until: datetime) -> timedelta:
    """How long the carrier may try: never past usefulness nor, for what keeps to the window, past its closing.

    An answer keeps to the window where there is one to keep to; at night only a fresh one goes at all.
    """
    longest = AT_ONCE if kind in _ANY_HOUR or not is_open(now, hours) else closes_at(now, hours) - now
    if kind is MessageKind.ANSWER and window_open(now, hours):
        longest = min(AT_ONCE, closes_at(now, hours) - now)
    return max(timedelta(seconds=1), min(longest, useful_until - now))
