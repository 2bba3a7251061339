"""A timeline as a page shows it: one filter at a time, a hundred lines at a time, under one date a day. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from zoneinfo import ZoneInfo

from reminders.web.pages.timeline_view import TimelineLine, TimelineView

FILTERS = ("conversation", "sent", "changes")
"""What may be shown alone: what was said, what was sent, what was changed."""

AT_ONCE = 100
"""Lines of what was, on one page."""


@dataclass(frozen=True)
class Day:
    """The lines of one local day."""

    day: date
    lines: tuple[TimelineLine, ...]


@dataclass(frozen=True)
class Shown:
    """What the page shows: what is to come (on its first page alone), and a part of what was.

    `chosen` is the filter, "" for all; `earlier` and `later` are how many newer lines the neighbouring parts leave out,
    None where there is no such part.
    """

    ahead: tuple[Day, ...]
    past: tuple[Day, ...]
    chosen: str
    earlier: int | None
    later: int | None


def shown(view: TimelineView, zone: ZoneInfo, chosen: str, skip: str) -> Shown:
    """`chosen` and `skip` are as the address has them; what makes no sense there is as if it were not."""
    only = chosen if chosen in FILTERS else ""
    past = [line for line in view.past if not only or only in line.groups]
    ahead = [line for line in view.ahead if not only or only in line.groups]
    start = _start(skip, len(past))
    end = start + AT_ONCE
    return Shown(
        ahead=_days(ahead, zone) if start == 0 else (),
        past=_days(past[start:end], zone),
        chosen=only,
        earlier=end if end < len(past) else None,
        later=max(start - AT_ONCE, 0) if start else None,
    )


def _start(skip: str, there: int) -> int:
    asked = int(skip[:9]) if skip.isascii() and skip.isdigit() else 0
    return asked if asked < there else 0


def _days(lines: Sequence[TimelineLine], zone: ZoneInfo) -> tuple[Day, ...]:
    grouped = groupby(lines, key=lambda line: line.at.astimezone(zone).date())
    return tuple(Day(day, tuple(of_day)) for day, of_day in grouped)
