"""The sending window of one person, and how long the carrier may hold what is sent in it."""

from datetime import datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from reminders.models import Clinic
from reminders.models.kinds import MessageKind
from schedules.hours import Hours, closes_at, is_open, next_open

SHORTEST = timedelta(minutes=1)
"""A window that shuts sooner counts as shut: the carrier would have no time to deliver."""

AT_ONCE = timedelta(hours=1)
"""How long the carrier may hold what goes at any hour: somebody waits for it, and hours later it would only confuse."""

_ANY_HOUR = frozenset({MessageKind.SAFETY, MessageKind.ALERT, MessageKind.CONFIRMATION, MessageKind.ANSWER})


def hours_of(clinic: Clinic, timezone: str | None) -> Hours:
    """The clinic's window in the patient's zone, else its own. Closed days do not shut it."""
    return _hours(timezone or clinic.timezone, clinic.opens, clinic.closes)


@lru_cache(maxsize=1024)
def _hours(zone: str, opens: time, closes: time) -> Hours:
    return Hours(zone=ZoneInfo(zone), opens=opens, closes=closes)


def window_open(now: datetime, hours: Hours) -> bool:
    """Whether a message sent now can still be delivered inside the window."""
    return is_open(now, hours) and closes_at(now, hours) - now >= SHORTEST


def opening_after(now: datetime, hours: Hours) -> datetime:
    """When the window, shut or about to shut now, opens next (UTC)."""
    start = now + SHORTEST if is_open(now, hours) else now
    return next_open(start, hours, avoid_closed_days=False)


def valid_for(kind: MessageKind, now: datetime, hours: Hours, useful_until: datetime) -> timedelta:
    """How long the carrier may try: never past usefulness nor, for what keeps to the window, past its closing."""
    longest = AT_ONCE if kind in _ANY_HOUR or not is_open(now, hours) else closes_at(now, hours) - now
    return max(timedelta(seconds=1), min(longest, useful_until - now))
