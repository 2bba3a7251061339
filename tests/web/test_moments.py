"""Dates, times and waits in words."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from reminders.models.kinds import Language
from reminders.web.moments import Words

MONTREAL = ZoneInfo("America/Toronto")
EN, FR = Words(Language.EN, MONTREAL), Words(Language.FR, MONTREAL)
LATE = datetime(2026, 3, 11, 2, 30, tzinfo=UTC)
"""Half past ten in the evening of the day before, in Montreal."""


def test_a_moment_is_told_by_the_clocks_of_the_zone() -> None:
    assert EN.full(LATE).replace("\u202f", " ") == "Tuesday, March 10, 2026, 10:30 p.m."
    assert FR.full(LATE) == "mardi 10 mars 2026, 22 h 30"


def test_a_date_stays_the_day_that_it_is() -> None:
    assert EN.day(date(2026, 3, 10)) == "March 10, 2026"
    assert FR.brief(LATE) == "10 mars, 22 h 30"


@pytest.mark.parametrize(
    ("waited", "english", "french"),
    [
        (timedelta(seconds=-5), "< 1 min", "< 1 min"),
        (timedelta(seconds=59), "< 1 min", "< 1 min"),
        (timedelta(minutes=59, seconds=59), "59 min", "59 min"),
        (timedelta(hours=3, minutes=5), "3 h 05", "3 h 05"),
        (timedelta(hours=47, minutes=59), "47 h 59", "47 h 59"),
        (timedelta(hours=48), "2 d", "2 j"),
    ],
)
def test_a_wait(waited: timedelta, english: str, french: str) -> None:
    assert EN.wait(LATE, LATE + waited) == english
    assert FR.wait(LATE, LATE + waited) == french


def test_shares() -> None:
    assert EN.percent(1, 4) == "25%"
    assert FR.percent(1, 4).replace("\xa0", " ") == "25 %"
    assert EN.percent(0, 0) == "–"


def test_the_first_of_a_month_is_written_as_french_writes_it() -> None:
    first = datetime(2026, 11, 1, 15, 0, tzinfo=UTC)
    words = Words(Language.FR, ZoneInfo("America/Toronto"))
    assert (words.day(first), words.weekday(first)) == ("1er novembre 2026", "dimanche 1er novembre 2026")
    assert words.short(first).startswith("1er nov")
    assert words.day(first.replace(day=11)) == "11 novembre 2026"
