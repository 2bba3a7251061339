"""The sending window and the clocks that jump: tables, and properties against a minute-by-minute search."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules.hours import (
    Hours,
    NonexistentTimeError,
    closes_at,
    is_closed,
    is_open,
    local_instant,
    localize,
    next_open,
)
from tests.schedules.values import MINUTE, TORONTO, moments, open_hours, zones

WEEKEND_OFF = Hours(TORONTO, closed_weekdays=frozenset({6, 7}), closed_dates=frozenset({date(2026, 3, 9)}))


def utc(text: str) -> datetime:
    """`2026-03-06 14:00` as an instant."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def toronto(text: str) -> datetime:
    """The same as a time on Toronto's clocks."""
    return datetime.fromisoformat(text).replace(tzinfo=TORONTO)


def test_the_default_window_is_nine_to_twenty() -> None:
    assert (Hours(TORONTO).opens, Hours(TORONTO).closes) == (time(9), time(20))


@pytest.mark.parametrize(
    ("opens", "closes", "weekdays", "part"),
    [
        (time(7, 59), time(20), (), "between 8:00 and 21:00"),
        (time(9), time(21, 1), (), "between 8:00 and 21:00"),
        (time(9), time(9), (), "between 8:00 and 21:00"),
        (time(20), time(9), (), "between 8:00 and 21:00"),
        (time(9, tzinfo=UTC), time(20), (), "no zone of its own"),
        (time(9), time(20), (0,), "1 (Monday) to 7 (Sunday)"),
        (time(9), time(20), (8,), "1 (Monday) to 7 (Sunday)"),
        (time(9), time(20), range(1, 8), "one at least must stay open"),
    ],
)
def test_senseless_hours_are_refused(opens: time, closes: time, weekdays: tuple[int, ...], part: str) -> None:
    with pytest.raises(ValueError, match=r"window|weekdays") as refusal:
        Hours(TORONTO, opens, closes, frozenset(weekdays))
    assert part in str(refusal.value)


def test_the_widest_window_is_allowed() -> None:
    assert Hours(TORONTO, time(8), time(21))


@pytest.mark.parametrize(
    ("local", "inside"),
    [
        ("2026-03-06 08:59", False),
        ("2026-03-06 09:00", True),
        ("2026-03-06 19:59", True),
        ("2026-03-06 20:00", False),
        ("2026-03-07 12:00", True),  # a closed Saturday: the window knows no closed days
    ],
)
def test_is_open(local: str, inside: bool) -> None:
    assert is_open(toronto(local), WEEKEND_OFF) is inside


@pytest.mark.parametrize(
    ("local", "avoid", "expected"),
    [
        ("2026-03-06 12:00", True, "2026-03-06 12:00"),  # open now
        ("2026-03-06 06:00", True, "2026-03-06 09:00"),  # early on Friday
        ("2026-03-06 20:00", False, "2026-03-07 09:00"),  # Friday evening, tips: Saturday
        ("2026-03-06 20:00", True, "2026-03-10 09:00"),  # check-in: over the weekend and the closed Monday
        ("2026-03-07 12:00", False, "2026-03-07 12:00"),
        ("2026-03-07 12:00", True, "2026-03-10 09:00"),
    ],
)
def test_next_open(local: str, avoid: bool, expected: str) -> None:
    assert next_open(toronto(local), WEEKEND_OFF, avoid_closed_days=avoid) == toronto(expected)


def test_a_day_that_never_was_has_no_window() -> None:
    """Samoa went from 29 December 2011 straight to the 31st."""
    apia = ZoneInfo("Pacific/Apia")
    evening = datetime(2011, 12, 29, 21, tzinfo=apia)
    assert next_open(evening, Hours(apia), avoid_closed_days=False) == datetime(2011, 12, 31, 9, tzinfo=apia)


def test_closes_at_is_the_end_of_the_same_window() -> None:
    assert closes_at(toronto("2026-03-08 09:00"), WEEKEND_OFF) == toronto("2026-03-08 20:00")
    with pytest.raises(ValueError, match="outside the sending window"):
        closes_at(toronto("2026-03-08 20:00"), WEEKEND_OFF)


@pytest.mark.parametrize(
    ("zone", "day", "at", "expected"),
    [
        ("America/Toronto", "2026-03-08", "01:59", "2026-03-08 06:59"),
        ("America/Toronto", "2026-03-08", "02:00", "2026-03-08 07:00"),  # gap 2:00 to 3:00
        ("America/Toronto", "2026-03-08", "02:59", "2026-03-08 07:00"),
        ("America/Toronto", "2026-03-08", "03:00", "2026-03-08 07:00"),
        ("America/Toronto", "2026-11-01", "01:30", "2026-11-01 05:30"),  # overlap: the first
        ("Europe/London", "2026-03-29", "01:30", "2026-03-29 01:00"),
        ("Europe/London", "2026-10-25", "01:30", "2026-10-25 00:30"),
        ("Australia/Lord_Howe", "2026-10-04", "02:15", "2026-10-03 15:30"),  # half an hour
        ("Australia/Lord_Howe", "2026-04-05", "01:45", "2026-04-04 14:45"),
        ("America/St_Johns", "2026-03-08", "02:10", "2026-03-08 05:30"),
        ("Pacific/Apia", "2011-12-30", "10:00", "2011-12-30 10:00"),  # a day that never was
    ],
)
def test_local_instant_decides_gaps_and_overlaps(zone: str, day: str, at: str, expected: str) -> None:
    assert local_instant(date.fromisoformat(day), time.fromisoformat(at), ZoneInfo(zone)) == utc(expected)


@pytest.mark.parametrize(
    ("zone", "typed"),
    [
        ("America/Toronto", "2026-03-08 02:30"),
        ("Europe/London", "2026-03-29 01:00"),
        ("Australia/Lord_Howe", "2026-10-04 02:29"),
    ],
)
def test_a_typed_time_that_does_not_exist_is_refused(zone: str, typed: str) -> None:
    with pytest.raises(NonexistentTimeError, match="does not exist"):
        localize(datetime.fromisoformat(typed), ZoneInfo(zone))


def test_localize_takes_the_first_of_two_and_refuses_a_zone() -> None:
    twice = datetime.fromisoformat("2026-11-01 01:30")
    assert localize(twice, TORONTO) == utc("2026-11-01 05:30")
    assert localize(twice.replace(fold=1), TORONTO) == utc("2026-11-01 05:30")
    with pytest.raises(ValueError, match="already has a zone"):
        localize(twice.replace(tzinfo=UTC), TORONTO)


@pytest.mark.parametrize("typed", ["0001-01-01 00:00", "9999-12-31 23:59"])
@pytest.mark.parametrize("zone", ["America/Toronto", "Pacific/Auckland"])
def test_a_typed_year_at_the_edge_is_refused_and_does_not_overflow(typed: str, zone: str) -> None:
    with pytest.raises(ValueError, match="too far off"):
        localize(datetime.fromisoformat(typed), ZoneInfo(zone))


def test_naive_moments_are_refused() -> None:
    naive = datetime.fromisoformat("2026-03-06 12:00")
    with pytest.raises(ValueError, match="naive"):
        is_open(naive, WEEKEND_OFF)
    with pytest.raises(ValueError, match="naive"):
        next_open(naive, WEEKEND_OFF, avoid_closed_days=False)


@given(data=st.data(), zone=zones)
def test_local_instant_is_the_first_minute_at_which_the_clock_has_got_there(
    data: st.DataObject, zone: ZoneInfo
) -> None:
    wanted = data.draw(moments(zone)).replace(tzinfo=None)
    start = wanted.replace(tzinfo=UTC) - timedelta(hours=26)
    minutes = (start + n * MINUTE for n in range(52 * 60))
    expected = next(minute for minute in minutes if minute.astimezone(zone).replace(tzinfo=None) >= wanted)
    assert local_instant(wanted.date(), wanted.time(), zone) == expected


@given(data=st.data(), zone=zones)
def test_localize_undoes_astimezone_but_for_the_second_of_two(data: st.DataObject, zone: ZoneInfo) -> None:
    moment = data.draw(moments(zone))
    local = moment.astimezone(zone)
    back = localize(local.replace(tzinfo=None), zone)
    assert (back == moment) is (local.fold == 0)
    assert back.astimezone(zone).replace(tzinfo=None, fold=0) == local.replace(tzinfo=None, fold=0)


@given(data=st.data(), zone=zones, avoid=st.booleans())
def test_next_open_is_open_and_nothing_before_it_is(data: st.DataObject, zone: ZoneInfo, avoid: bool) -> None:
    moment = data.draw(moments(zone))
    hours = data.draw(open_hours(zone, moment.date()))
    found = next_open(moment, hours, avoid_closed_days=avoid)
    assert found >= moment
    assert _allowed(found, hours, avoid=avoid)
    passed = (moment + n * timedelta(minutes=17) for n in range(1000))
    assert not any(_allowed(minute, hours, avoid=avoid) for minute in passed if minute < found)


def _allowed(moment: datetime, hours: Hours, *, avoid: bool) -> bool:
    """The rule by the wall clock alone, apart from how the code computes windows."""
    local = moment.astimezone(hours.zone)
    return hours.opens <= local.time() < hours.closes and not (avoid and is_closed(local.date(), hours))
