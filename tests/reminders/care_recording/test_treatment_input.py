"""When a treatment was: every way in which it cannot have been, and the instants that are meant."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from reminders.care.treatment_input import TreatmentInput, check_lines, treated_at
from reminders.errors import InvalidInputError

ZONE = ZoneInfo("America/Toronto")
NOW = datetime(2026, 11, 10, 15, 0, tzinfo=UTC)
"""10:00 in Montreal."""


@pytest.mark.parametrize(
    ("day", "clock", "field", "problem"),
    [
        ("", "", "treated_on", "date_missing"),
        ("  ", "10:00", "treated_on", "date_missing"),
        ("yesterday", "", "treated_on", "date_unreadable"),
        ("2026-02-30", "", "treated_on", "date_unreadable"),
        ("10/03/2026", "", "treated_on", "date_unreadable"),
        ("2026-13-01T10:00:00Z", "", "treated_on", "date_unreadable"),
        ("TBD", "", "treated_on", "date_unreadable"),
        ("1726-03-10", "10:00", "treated_on", "date_far_past"),
        ("0001-01-01", "00:00", "treated_on", "date_far_past"),
        ("0001-01-01T00:00:00+14:00", "", "treated_on", "date_far_past"),
        ("2025-11-10", "09:59", "treated_on", "date_far_past"),
        ("2326-03-10", "10:00", "treated_on", "treatment_in_future"),
        ("9999-12-31", "23:59", "treated_on", "treatment_in_future"),
        ("9999-12-31T23:59:59-14:00", "", "treated_on", "treatment_in_future"),
        ("2026-11-10", "10:06", "treated_on", "treatment_in_future"),
        ("2026-11-11", "", "treated_on", "treatment_in_future"),
        ("2026-11-09", "25:00", "treated_time", "time_unreadable"),
        ("2026-11-09", "10:60", "treated_time", "time_unreadable"),
        ("2026-11-09", "noon", "treated_time", "time_unreadable"),
        ("2026-03-08", "02:30", "treated_time", "time_nonexistent"),
        ("2026-03-08T02:30", "", "treated_time", "time_nonexistent"),
    ],
)
def test_refuses(day: str, clock: str, field: str, problem: str) -> None:
    with pytest.raises(InvalidInputError) as error:
        treated_at(TreatmentInput("microneedling", day, clock), ZONE, NOW)
    assert {name: found.key for name, found in error.value.problems.items()} == {field: problem}


@pytest.mark.parametrize(
    ("day", "clock", "meant"),
    [
        ("2026-11-09", "14:30", "2026-11-09T19:30:00+00:00"),
        ("2026-07-09", "14:30", "2026-07-09T18:30:00+00:00"),
        ("2026-11-09", "9:05", "2026-11-09T14:05:00+00:00"),
        ("2026-11-09", "14h30", "2026-11-09T19:30:00+00:00"),
        ("2026-11-09", "14:30:59", "2026-11-09T19:30:00+00:00"),
        ("2026-11-09", "", "2026-11-09T17:00:00+00:00"),
        ("2026-11-10", "", "2026-11-10T15:00:00+00:00"),
        ("2026-11-10", "10:05", "2026-11-10T15:05:00+00:00"),
        ("2025-11-10", "10:00", "2025-11-10T15:00:00+00:00"),
        ("2026-11-01", "01:30", "2026-11-01T05:30:00+00:00"),
        ("2026-11-09T14:30:00-08:00", "", "2026-11-09T22:30:00+00:00"),
        ("2026-11-09T14:30:00Z", "", "2026-11-09T14:30:00+00:00"),
        ("2026-11-09T14:30", "", "2026-11-09T19:30:00+00:00"),
    ],
)
def test_means(day: str, clock: str, meant: str) -> None:
    assert treated_at(TreatmentInput("microneedling", day, clock), ZONE, NOW).isoformat() == meant


def test_noon_of_today_is_not_in_the_future() -> None:
    early = NOW.replace(hour=12)
    found = treated_at(TreatmentInput("microneedling", "2026-11-10"), ZONE, early)
    assert found == early
    assert treated_at(TreatmentInput("microneedling", "2026-11-10"), ZONE, NOW + timedelta(hours=9)).hour == 17


@pytest.mark.parametrize(
    ("given", "field", "problem"),
    [
        (TreatmentInput("m", "", provider="x" * 121), "provider", "too_long"),
        (TreatmentInput("m", "", provider="a\x00"), "provider", "control_characters"),
        (TreatmentInput("m\ud800", ""), "protocol_key", "control_characters"),
        (TreatmentInput("m", "", external_id="x" * 101), "external_id", "too_long"),
        (TreatmentInput("m", "", details={"device": "x" * 121}), "details.device", "too_long"),
        (TreatmentInput("m", "", details={"note": "Marie is anxious"}), "details", "detail_unknown"),
    ],
)
def test_refuses_lines(given: TreatmentInput, field: str, problem: str) -> None:
    with pytest.raises(InvalidInputError) as error:
        check_lines(given)
    assert {name: found.key for name, found in error.value.problems.items()} == {field: problem}
