"""A clinic sets its hours: the zone, the sending window, the days on which it is closed.

What is planned follows by an event that the worker handles (`new_hours`). Until then nothing leaves outside the new
hours, since delivery asks the clinic's row again before each message. See decision 0033.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from reminders.care import audit
from reminders.care.actors import Actor
from reminders.care.closed_days import PROVINCES
from reminders.care.zones import is_zone
from reminders.errors import InvalidInputError, Problem
from reminders.ids import new_id
from reminders.models import Clinic, Event
from reminders.models.kinds import EventKind
from schedules.hours import EARLIEST, LATEST

_WEEKDAYS = frozenset(str(day) for day in range(1, 8))

LONGEST_CLOSURE = timedelta(days=60)
"""A closure typed as a first and a last day; longer is a slip of the keyboard."""

FURTHEST = timedelta(days=3 * 366)
"""How far ahead a day may be closed."""


@dataclass(frozen=True, slots=True)
class TypedHours:
    """What somebody typed. Times are the clinic's clocks' ("09:00"), weekdays ISO ("7" is Sunday), dates ISO.

    `closed_dates` are all that are to be closed from today on; `first` and `last`, or `first` alone, close some more.
    """

    timezone: str
    opens: str
    closes: str
    province: str
    closed_weekdays: tuple[str, ...] = ()
    closed_dates: tuple[str, ...] = ()
    first: str = ""
    last: str = ""


def set_hours(session: Session, actor: Actor, clinic: Clinic, typed: TypedHours, now: datetime) -> bool:
    """Change the hours of `clinic`; whether anything did. Days that are past stay as they were.

    Raises:
        InvalidInputError: on timezone (timezone_unknown), opens or closes (time_unreadable, window_outside,
            window_backwards), province (province_unknown), closed_weekdays (all_days_closed), closed_dates
            (date_unreadable), first or last (date_unreadable, date_in_past, date_too_far, closure_backwards,
            closure_too_long).
    """
    asked = select(Clinic).where(Clinic.id == clinic.id).with_for_update(key_share=True)
    stored = session.scalars(asked.execution_options(populate_existing=True)).one()
    values = _parsed(typed, stored, now)
    changed = {name: value for name, value in values.items() if value != getattr(stored, name)}
    if not changed:
        return False
    detail = _detail(stored, changed)
    for name, value in changed.items():
        setattr(stored, name, value)
    if changed.keys() - {"province"}:
        session.add(Event(id=new_id(), clinic_id=clinic.id, kind=EventKind.HOURS_CHANGED, detail={}, at=now))
    session.flush()
    audit.note(session, actor, "clinic.hours_changed", "clinic", clinic.id, now, detail)
    return True


def is_being_followed(session: Session, clinic: Clinic) -> bool:
    """Whether what is planned has still to follow a change of the hours."""
    open_ones = (Event.clinic_id == clinic.id, Event.kind == EventKind.HOURS_CHANGED, Event.handled_at.is_(None))
    return session.scalar(select(Event.id).where(*open_ones).limit(1)) is not None


def _parsed(typed: TypedHours, stored: Clinic, now: datetime) -> dict[str, Any]:
    problems: dict[str, Problem] = {}
    if not is_zone(typed.timezone):
        problems["timezone"] = Problem("timezone_unknown")
    if typed.province not in PROVINCES:
        problems["province"] = Problem("province_unknown")
    window = {name: _time(getattr(typed, name)) for name in ("opens", "closes")}
    problems |= _window_problems(window)
    weekdays = sorted(int(day) for day in _WEEKDAYS.intersection(typed.closed_weekdays))
    if len(weekdays) == len(_WEEKDAYS):
        problems["closed_weekdays"] = Problem("all_days_closed")
    today = now.astimezone(ZoneInfo(stored.timezone)).date()
    dates = _dates(typed, stored, today, problems)
    if problems:
        raise InvalidInputError(problems)
    place = {"timezone": typed.timezone, "province": typed.province}
    return {**place, **window, "closed_weekdays": weekdays, "closed_dates": dates}


def _time(typed: str) -> time | None:
    try:
        return time.fromisoformat(typed).replace(second=0, microsecond=0, tzinfo=None)
    except ValueError:
        return None


def _window_problems(window: Mapping[str, time | None]) -> dict[str, Problem]:
    opens, closes = window["opens"], window["closes"]
    unreadable = {name: Problem("time_unreadable") for name, at in window.items() if at is None}
    if opens is None or closes is None:
        return unreadable
    outside = {name: Problem("window_outside") for name, at in window.items() if at and not EARLIEST <= at <= LATEST}
    return outside or ({} if opens < closes else {"closes": Problem("window_backwards")})


def _dates(typed: TypedHours, stored: Clinic, today: date, problems: dict[str, Problem]) -> list[str]:
    """Every closed date: the past ones as they were, the ticked ones, and those of the closure that was typed."""
    past = [day for day in stored.closed_on if day < today]
    ticked = [_date(day) for day in typed.closed_dates]
    if None in ticked:
        problems["closed_dates"] = Problem("date_unreadable")
    ahead = [day for day in ticked if day is not None and today <= day <= today + FURTHEST]
    return sorted(day.isoformat() for day in {*past, *ahead, *_closure(typed, today, problems)})


def _closure(typed: TypedHours, today: date, problems: dict[str, Problem]) -> Iterable[date]:
    if not (typed.first or typed.last):
        return ()
    first, last = _date(typed.first), _date(typed.last or typed.first)
    if first is None or last is None:
        problems["first" if first is None else "last"] = Problem("date_unreadable")
        return ()
    wrong = {
        "date_in_past": first < today,
        "closure_backwards": last < first,
        "closure_too_long": last - first > LONGEST_CLOSURE,
        "date_too_far": last > today + FURTHEST,
    }
    if key := next((key for key, holds in wrong.items() if holds), ""):
        problems["first" if key == "date_in_past" else "last"] = Problem(key)
        return ()
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


def _date(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return None


def _detail(before: Clinic, changed: Mapping[str, Any]) -> dict[str, Any]:
    """What the trail keeps: the new values, which are nobody's data, and of dates those that came and went."""
    kept = {
        name: f"{value:%H:%M}" if isinstance(value, time) else value
        for name, value in changed.items()
        if name != "closed_dates"
    }
    if "closed_dates" in changed:
        old, new = set(before.closed_dates), set(changed["closed_dates"])
        kept |= {name: days for name, days in (("closed", sorted(new - old)), ("opened", sorted(old - new))) if days}
    return kept
