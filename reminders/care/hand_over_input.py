"""When somebody takes over, as typed by the clinic's clocks."""

import re
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from reminders.errors import InvalidInputError, Problem
from schedules.hours import NonexistentTimeError, localize

_FURTHEST = timedelta(days=60)
"""Nobody knows further ahead who will be there; a year mistyped is found out."""

_TIME = re.compile(r"([01]?\d|2[0-3])[:hH]([0-5]\d)", re.ASCII)


def when(day: str, clock: str, zone: ZoneInfo, now: datetime) -> datetime:
    """The moment (UTC) of a day (yyyy-mm-dd; today if empty) and a time (14:30); now if neither is given.

    Raises:
        InvalidInputError: on day, date_unreadable or hand_over_outside (past, or 60 days ahead); on time,
            time_unreadable or time_nonexistent.
    """
    if not (day.strip() or clock.strip()):
        return now
    chosen = _day(day.strip()) if day.strip() else now.astimezone(zone).date()
    found = _TIME.fullmatch(clock.strip())
    if found is None:
        raise InvalidInputError({"time": Problem("time_unreadable")})
    if not now.date() - timedelta(days=1) <= chosen <= now.date() + _FURTHEST:
        raise InvalidInputError({"day": Problem("hand_over_outside", days=str(_FURTHEST.days))})
    try:
        moment = localize(datetime.combine(chosen, time(int(found[1]), int(found[2]))), zone)
    except NonexistentTimeError:
        raise InvalidInputError({"time": Problem("time_nonexistent")}) from None
    if moment < now - timedelta(minutes=1):
        raise InvalidInputError({"day": Problem("hand_over_outside", days=str(_FURTHEST.days))})
    return moment


def _day(text: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        raise InvalidInputError({"day": Problem("date_unreadable")}) from None
