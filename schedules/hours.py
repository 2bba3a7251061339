"""When a patient may be written to: zone, sending window, closed days; daylight saving decided on purpose."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime, time, timedelta
from itertools import count
from zoneinfo import ZoneInfo

EARLIEST = time(8)
"""No window opens before this, local time."""

LATEST = time(21)
"""No window closes after this, local time."""

_DAY = timedelta(days=1)
_WEEKDAYS = frozenset(range(1, 8))


class NonexistentTimeError(ValueError):
    """A wall-clock time that the zone skips when its clocks go forward; the message is fit to show staff."""


@dataclass(frozen=True, slots=True)
class Hours:
    """A daily sending window in local time, and the days on which nobody could receive an answer.

    The window is half-open: `opens` is inside it, `closes` is not. Weekdays are ISO (1 Monday to 7 Sunday). Closed
    days do not shut the window; they only move the steps that wait for an open day.

    Raises:
        ValueError: the window is empty, starts before 8:00 or ends after 21:00, or no weekday is open.
    """

    zone: ZoneInfo
    opens: time = time(9)
    closes: time = time(20)
    closed_weekdays: frozenset[int] = frozenset()
    closed_dates: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        if self.opens.tzinfo or self.closes.tzinfo:
            raise ValueError("The sending window is local time; it has no zone of its own.")
        if not EARLIEST <= self.opens < self.closes <= LATEST:
            raise ValueError(
                f"The sending window must lie between 8:00 and 21:00, not {self.opens:%H:%M} to {self.closes:%H:%M}."
            )
        if not self.closed_weekdays < _WEEKDAYS:
            raise ValueError("Closed weekdays go from 1 (Monday) to 7 (Sunday), and one at least must stay open.")


def utc(moment: datetime) -> datetime:
    """`moment` in UTC.

    Raises:
        ValueError: `moment` is naive, so nobody can say when it is.
    """
    if moment.utcoffset() is None:
        raise ValueError(f"naive datetime refused: {moment.isoformat()}")
    return moment.astimezone(UTC)


def is_open(at: datetime, hours: Hours) -> bool:
    """Whether `at` lies in that local day's window. Closed days do not count."""
    start, end = _window(_local_date(at, hours), hours)
    return start <= utc(at) < end


def next_open(at: datetime, hours: Hours, *, avoid_closed_days: bool) -> datetime:
    """The first instant (UTC) from `at` on that lies in a window; `at` itself if it does."""
    for day in _days_from(_local_date(at, hours)):
        start, end = _window(day, hours)
        if utc(at) < end and start < end and not (avoid_closed_days and is_closed(day, hours)):
            return max(utc(at), start)
    raise AssertionError("unreachable: days do not end")


def next_open_day(day: date, hours: Hours) -> date:
    """The first local day from `day` on that is not closed."""
    return next(later for later in _days_from(day) if not is_closed(later, hours))


def is_closed(day: date, hours: Hours) -> bool:
    """Whether nobody is at the clinic on this local day."""
    return day.isoweekday() in hours.closed_weekdays or day in hours.closed_dates


def closes_at(at: datetime, hours: Hours) -> datetime:
    """The end (UTC) of the window that `at` is in.

    Raises:
        ValueError: `at` is in no window; ask `is_open` first.
    """
    if not is_open(at, hours):
        raise ValueError(f"outside the sending window: {at.isoformat()}")
    return _window(_local_date(at, hours), hours)[1]


def localize(naive: datetime, zone: ZoneInfo) -> datetime:
    """The instant (UTC) that a person means who types `naive`; of a time that comes twice, the first.

    Raises:
        NonexistentTimeError: the clocks of `zone` skip this time.
        ValueError: `naive` has a zone already, or lies in the first or last year that a datetime can hold.
    """
    if naive.tzinfo is not None:
        raise ValueError(f"already has a zone: {naive.isoformat()}")
    if not MINYEAR < naive.year < MAXYEAR:
        raise ValueError(f"too far off: {naive.isoformat()}")
    instant = _first(naive, zone)
    if instant.astimezone(zone).replace(tzinfo=None, fold=0) != naive.replace(fold=0):
        raise NonexistentTimeError(f"{naive:%Y-%m-%d %H:%M} does not exist in {zone.key}: the clocks go forward.")
    return instant


def local_instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The instant (UTC) at which the clocks of `zone` first show `at` on `day`, or have just jumped over it."""
    naive = datetime.combine(day, at)
    try:
        return localize(naive, zone)
    except NonexistentTimeError:
        return _end_of_gap(naive, zone)


def _first(naive: datetime, zone: ZoneInfo) -> datetime:
    return naive.replace(tzinfo=zone, fold=0).astimezone(UTC)


def _end_of_gap(naive: datetime, zone: ZoneInfo) -> datetime:
    """The instant of the jump over `naive`: zoneinfo does not tell it, so it is searched for, to the second."""
    before = naive.replace(tzinfo=zone, fold=1).astimezone(UTC).replace(microsecond=0)
    after = _first(naive, zone)
    offset_before = before.astimezone(zone).utcoffset()
    low, high = 0, int((after - before).total_seconds())
    while high - low > 1:
        middle = (low + high) // 2
        jumped = (before + timedelta(seconds=middle)).astimezone(zone).utcoffset() != offset_before
        low, high = (low, middle) if jumped else (middle, high)
    return before + timedelta(seconds=high)


def _window(day: date, hours: Hours) -> tuple[datetime, datetime]:
    return local_instant(day, hours.opens, hours.zone), local_instant(day, hours.closes, hours.zone)


def _local_date(at: datetime, hours: Hours) -> date:
    return utc(at).astimezone(hours.zone).date()


def _days_from(day: date) -> Iterator[date]:
    return (day + n * _DAY for n in count())
