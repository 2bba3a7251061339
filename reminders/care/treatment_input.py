"""What somebody typed about a treatment, and the instant that it means."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from reminders.care.texts_in import one_line, text_problem
from reminders.errors import InvalidInputError, Problem
from schedules.hours import NonexistentTimeError, local_instant, localize

DETAIL_KEYS = ("device", "needle_depth", "cartridge_lot", "area", "passes")
"""What may be noted of how a treatment was done; nothing else, so that no personal data lands there."""

_OLDEST = timedelta(days=365)
# The clock at the desk may run ahead of the database's by this much.
_TOLERANCE = timedelta(minutes=5)
_NOON = time(12)
_DAY = timedelta(days=1)
_TIME = re.compile(r"([01]?\d|2[0-3]) ?[:hH] ?([0-5]\d)(?::[0-5]\d)?", re.ASCII)
_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_LIMITS = {"protocol_key": 64, "provider": 120, "external_id": 100}
_LONGEST_DETAIL = 120


@dataclass(frozen=True, slots=True)
class TreatmentInput:
    """A treatment as typed; "" where there is nothing.

    `treated_on` is yyyy-mm-dd and `treated_time` HH:MM in the clinic's zone; without a time it is noon. Or
    `treated_on` is a whole ISO 8601 instant ("2026-03-15T14:30:00-04:00"), read in the clinic's zone if it has no
    offset, and `treated_time` is "". `details` has keys of `DETAIL_KEYS` only.
    """

    protocol_key: str
    treated_on: str
    treated_time: str = ""
    provider: str = ""
    external_id: str = ""
    details: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


def treated_at(given: TreatmentInput, zone: ZoneInfo, now: datetime) -> datetime:
    """The instant (UTC) that `given` means in the clinic's `zone`. A time that comes twice is the first of the two.

    Raises:
        InvalidInputError: on treated_on date_missing, date_unreadable, date_far_past or treatment_in_future; on
            treated_time time_unreadable or time_nonexistent.
    """
    moment = _moment(given.treated_on.strip(), given.treated_time.strip(), zone, now)
    if moment > now + _TOLERANCE:
        raise _wrong("treated_on", "treatment_in_future")
    if now - moment > _OLDEST:
        raise _wrong("treated_on", "date_far_past", days=str(_OLDEST.days))
    return moment


def check_lines(given: TreatmentInput) -> None:
    """Refuse what no line of a form can hold.

    Raises:
        InvalidInputError: too_long, control_characters or detail_unknown, beside each field.
    """
    found = {name: text_problem(one_line(getattr(given, name)), limit) for name, limit in _LIMITS.items()}
    problems = {name: problem for name, problem in found.items() if problem}
    for key, value in given.details.items():
        problem = text_problem(value, _LONGEST_DETAIL) if key in DETAIL_KEYS else Problem("detail_unknown")
        if problem:
            problems[f"details.{key}" if key in DETAIL_KEYS else "details"] = problem
    if problems:
        raise InvalidInputError(problems)


def _moment(on: str, at: str, zone: ZoneInfo, now: datetime) -> datetime:
    if not on:
        raise _wrong("treated_on", "date_missing")
    if "T" in on and not at:
        return _instant(on, zone, now)
    day = _date(on)
    _refuse_far(day, now)
    if at:
        return _local(datetime.combine(day, _time(at)), zone)
    noon = local_instant(day, _NOON, zone)
    # Nobody said when; a treatment noted this morning was not at noon.
    return min(noon, now) if now.astimezone(zone).date() == day else noon


def _instant(text: str, zone: ZoneInfo, now: datetime) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise _wrong("treated_on", "date_unreadable") from None
    _refuse_far(moment.date(), now)
    return _local(moment, zone) if moment.tzinfo is None else moment.astimezone(UTC)


def _date(text: str) -> date:
    try:
        if _ISO_DATE.fullmatch(text):
            return date.fromisoformat(text)
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        raise _wrong("treated_on", "date_unreadable") from None


def _time(text: str) -> time:
    found = _TIME.fullmatch(text)
    if found is None:
        raise _wrong("treated_time", "time_unreadable")
    return time(int(found[1]), int(found[2]))


def _refuse_far(day: date, now: datetime) -> None:
    """Refuse days that are wrong in every zone, before arithmetic on years like 1 and 9999 fails."""
    if day > now.date() + 2 * _DAY:
        raise _wrong("treated_on", "treatment_in_future")
    if day < now.date() - _OLDEST - 2 * _DAY:
        raise _wrong("treated_on", "date_far_past", days=str(_OLDEST.days))


def _local(naive: datetime, zone: ZoneInfo) -> datetime:
    try:
        return localize(naive, zone)
    except NonexistentTimeError:
        raise _wrong("treated_time", "time_nonexistent") from None


def _wrong(field_name: str, key: str, **params: str) -> InvalidInputError:
    return InvalidInputError({field_name: Problem(key, **params)})
