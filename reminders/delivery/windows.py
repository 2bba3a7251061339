"""The sending window of one person, and how long the carrier may hold what is sent in it."""

from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Window:
    """A person's sending window as it stands at one moment, asked for once for all who share it.

    `closes` (UTC) is when it shuts, None while it is shut; `open_day` says whether the clinic is there today.
    """

    at: datetime
    hours: Hours
    closes: datetime | None
    open_day: bool

    def is_open(self, *, waits_for_open_day: bool = False) -> bool:
        """Whether a message sent now can still be delivered inside, on an open day if it waits for one."""
        if waits_for_open_day and not self.open_day:
            return False
        return self.closes is not None and self.closes - self.at >= SHORTEST

    def opening(self, *, waits_for_open_day: bool = False) -> datetime:
        """When the window, shut or about to shut now, opens next (UTC)."""
        start = self.at if self.closes is None else self.at + SHORTEST
        return next_open(start, self.hours, avoid_closed_days=waits_for_open_day)

    def valid_for(self, kind: MessageKind, useful_until: datetime) -> timedelta:
        """How long the carrier may try: never past usefulness nor, for what keeps to the window, past its closing."""
        longest = AT_ONCE if kind in _ANY_HOUR or self.closes is None else self.closes - self.at
        if kind is MessageKind.ANSWER and self.closes is not None and self.is_open():
            # At night only a fresh one goes at all.
            longest = min(AT_ONCE, self.closes - self.at)
        return max(timedelta(seconds=1), min(longest, useful_until - self.at))


def window_of(clinic: Clinic, timezone: str | None, now: datetime) -> Window:
    """The clinic's window and closed days in the patient's zone, else its own, at `now`."""
    closed = _Closed(tuple(clinic.closed_weekdays), tuple(clinic.closed_dates))
    hours = _hours(timezone or clinic.timezone, clinic.opens, clinic.closes, closed)
    closes = closes_at(now, hours) if is_open(now, hours) else None
    return Window(now, hours, closes, not is_closed(now.astimezone(hours.zone).date(), hours))


@lru_cache(maxsize=1024)
def _hours(zone: str, opens: time, closes: time, closed: _Closed) -> Hours:
    dates = frozenset(date.fromisoformat(day) for day in closed.dates)
    return Hours(ZoneInfo(zone), opens, closes, frozenset(closed.weekdays), dates)
