"""What a treatment is owed: readable tables in local time."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from schedules.hours import Hours
from schedules.plan import Plan, plan
from schedules.protocol import Protocol, Step, StepKind
from tests.schedules.values import HOUR, MICRONEEDLING, TORONTO

PLAIN = Hours(TORONTO)
WEEKEND_OFF = Hours(TORONTO, closed_weekdays=frozenset({6, 7}))
EASTER_OFF = Hours(
    TORONTO, closed_weekdays=frozenset({6, 7}), closed_dates=frozenset({date(2026, 4, 3), date(2026, 4, 6)})
)
AFTERNOONS = Hours(TORONTO, time(14), time(18))
EARLY = Hours(TORONTO, time(8), time(9, 30))


def local(text: str, zone: ZoneInfo = TORONTO) -> datetime:
    """`2026-05-04 14:00` on the zone's clocks."""
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def shown(made: Plan, zone: ZoneInfo = TORONTO) -> dict[str, str]:
    """Each step with its local due time, or why it is skipped."""
    due = {one.step.key: f"{one.due_at.astimezone(zone):%m-%d %H:%M}" for one in made.planned}
    return due | {one.step.key: one.reason for one in made.skipped}


# What, the treatment, now, the hours, and what is due on days 1, 3 and 7.
CASES = [
    ("Monday", "2026-05-04 14:00", "2026-05-04 14:05", PLAIN, "05-05 10:00", "05-07 10:00", "05-11 10:00"),
    ("Just after midnight", "2026-05-04 00:10", "2026-05-04 09:00", PLAIN, "05-05 10:00", "05-07 10:00", "05-11 10:00"),
    ("Late in the evening", "2026-05-04 23:50", "2026-05-04 23:55", PLAIN, "05-05 10:00", "05-07 10:00", "05-11 10:00"),
    ("Recorded in advance", "2026-05-04 14:00", "2026-04-20 09:00", PLAIN, "05-05 10:00", "05-07 10:00", "05-11 10:00"),
    (
        "Over the spring change",
        "2026-03-06 14:00",
        "2026-03-06 14:00",
        PLAIN,
        "03-07 10:00",
        "03-09 10:00",
        "03-13 10:00",
    ),
    (
        "Over the autumn change",
        "2026-10-30 14:00",
        "2026-10-30 14:00",
        PLAIN,
        "10-31 10:00",
        "11-02 10:00",
        "11-06 10:00",
    ),
    ("Over a leap day", "2028-02-27 14:00", "2028-02-27 14:00", PLAIN, "02-28 10:00", "03-01 10:00", "03-05 10:00"),
    ("Over new year", "2026-12-30 14:00", "2026-12-30 14:00", PLAIN, "12-31 10:00", "01-02 10:00", "01-06 10:00"),
    # Saturday's patient gets Sunday's tips; the check-in waits for Monday.
    ("Saturday", "2026-05-09 11:00", "2026-05-09 12:00", WEEKEND_OFF, "05-10 10:00", "05-12 10:00", "05-18 10:00"),
    ("Good Friday", "2026-03-27 11:00", "2026-03-27 12:00", EASTER_OFF, "03-28 10:00", "03-30 10:00", "04-07 10:00"),
    (
        "Opens after 10:00",
        "2026-05-04 14:00",
        "2026-05-04 14:05",
        AFTERNOONS,
        "05-05 14:00",
        "05-07 14:00",
        "05-11 14:00",
    ),
    ("Closes before 10:00", "2026-05-04 14:00", "2026-05-04 14:05", EARLY, "05-06 08:00", "05-08 08:00", "05-12 08:00"),
    # Entered late: overdue and useful is due now, or when the window opens.
    ("Entered on day 1", "2026-05-04 14:00", "2026-05-05 15:20", PLAIN, "05-05 15:20", "05-07 10:00", "05-11 10:00"),
    ("Entered that night", "2026-05-04 14:00", "2026-05-05 22:00", PLAIN, "05-06 09:00", "05-07 10:00", "05-11 10:00"),
    ("Entered on day 2", "2026-05-04 14:00", "2026-05-06 19:59", PLAIN, "05-06 19:59", "05-07 10:00", "05-11 10:00"),
    ("Entered after day 2", "2026-05-04 14:00", "2026-05-06 20:00", PLAIN, "too_late", "05-07 10:00", "05-11 10:00"),
    ("Entered on day 3", "2026-05-04 14:00", "2026-05-07 10:00", PLAIN, "too_late", "05-07 10:00", "05-11 10:00"),
    ("Entered on day 4", "2026-05-04 14:00", "2026-05-08 11:00", PLAIN, "too_late", "05-08 11:00", "05-11 10:00"),
    ("Entered on day 6", "2026-05-04 14:00", "2026-05-10 11:00", PLAIN, "too_late", "too_late", "05-11 10:00"),
    ("Entered on day 9", "2026-05-04 14:00", "2026-05-13 11:00", PLAIN, "too_late", "too_late", "05-13 11:00"),
    ("Entered on day 10", "2026-05-04 14:00", "2026-05-14 10:00", PLAIN, "too_late", "too_late", "too_late"),
    # Due on Friday, useful to Monday 10:00: Monday's opening is in time, and a closed Monday would be too late.
    ("Check-in, weekend", "2026-05-01 14:00", "2026-05-08 21:00", WEEKEND_OFF, "too_late", "too_late", "05-11 09:00"),
    ("Check-in, Easter", "2026-03-26 14:00", "2026-04-02 21:00", EASTER_OFF, "too_late", "too_late", "too_late"),
]


@pytest.mark.parametrize(
    ("treated", "now", "hours", "day_1", "day_3", "day_7"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_microneedling(treated: str, now: str, hours: Hours, day_1: str, day_3: str, day_7: str) -> None:
    made = plan(MICRONEEDLING, local(treated), hours, local(now))
    assert shown(made) == {"day-1": day_1, "day-3": day_3, "day-7": day_7}


def test_how_long_each_step_is_useful() -> None:
    made = plan(MICRONEEDLING, local("2026-05-04 14:00"), PLAIN, local("2026-05-04 14:05"))
    until = [f"{one.useful_until.astimezone(TORONTO):%m-%d %H:%M}" for one in made.planned]
    assert until == ["05-06 20:00", "05-09 20:00", "05-14 10:00"]


def test_the_clinics_date_is_day_zero_and_the_hour_the_patients_own() -> None:
    auckland, treated = Hours(ZoneInfo("Pacific/Auckland")), local("2026-05-04 14:00")
    told = plan(MICRONEEDLING, treated, auckland, local("2026-05-04 14:05"), date(2026, 5, 4))
    assert shown(told, auckland.zone)["day-1"] == "05-05 10:00"
    alone = plan(MICRONEEDLING, treated, auckland, local("2026-05-04 14:05"))
    assert shown(alone, auckland.zone)["day-1"] == "05-06 10:00", "with no clinic's date, the patient's own"


def tips(day: int, hours: int) -> Step:
    """Tips at 10:00 on `day`, useful for `hours`."""
    return Step(f"tips-{day}", day, StepKind.TIPS, time(10), hours * HOUR, waits_for_open_day=False)


def check_in(day: int, hours: int) -> Step:
    """A check-in at 10:00 on `day`, useful for `hours`, that waits for an open day."""
    return Step(f"check-{day}", day, StepKind.CHECK_IN, time(10), hours * HOUR, waits_for_open_day=True)


@pytest.mark.parametrize(
    ("steps", "hours", "now", "expected"),
    [
        # Several overdue and useful for long: only the latest counts.
        (
            (tips(1, 200), tips(2, 200), tips(3, 200)),
            PLAIN,
            "2026-05-07 12:00",
            ["superseded", "superseded", "05-07 12:00"],
        ),
        # At night, with the next step at the next opening: the later one.
        ((tips(1, 200), tips(2, 200)), AFTERNOONS, "2026-05-05 21:00", ["superseded", "05-06 14:00"]),
        # Closed days bring two check-ins to the same Monday: the later asks.
        ((check_in(5, 72), check_in(6, 72)), WEEKEND_OFF, "2026-05-04 14:05", ["superseded", "05-11 10:00"]),
        # A check-in brought to the day of tips: it must be asked, and the tips give way.
        ((check_in(6, 72), tips(7, 72)), WEEKEND_OFF, "2026-05-04 14:05", ["05-11 10:00", "superseded"]),
        # A check-in brought past tips follows them.
        ((check_in(5, 72), tips(6, 72)), WEEKEND_OFF, "2026-05-04 14:05", ["05-11 10:00", "05-10 10:00"]),
    ],
)
def test_two_steps_never_share_a_moment(steps: tuple[Step, ...], hours: Hours, now: str, expected: list[str]) -> None:
    made = plan(Protocol("any", steps), local("2026-05-04 14:00"), hours, local(now))
    assert shown(made) == dict(zip([step.key for step in steps], expected, strict=True))


def test_naive_moments_are_refused() -> None:
    aware, naive = local("2026-05-04 14:00"), datetime.fromisoformat("2026-05-04 14:00")
    for treated_at, now in ((naive, aware), (aware, naive)):
        with pytest.raises(ValueError, match="naive"):
            plan(MICRONEEDLING, treated_at, PLAIN, now)
