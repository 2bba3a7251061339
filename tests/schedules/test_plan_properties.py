"""What holds of every plan, whatever the protocol, the hours, the treatment and the moment."""

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules.hours import Hours, is_closed
from schedules.plan import Plan, PlannedStep, SkippedStep, plan
from schedules.protocol import Protocol, Step, StepKind
from tests.schedules.values import DAY, HOUR, MICRONEEDLING, ZONES, moments, protocols, situations

Situation = tuple[datetime, Hours, datetime]


@given(protocol=protocols(), situation=situations())
def test_every_step_is_planned_or_skipped_once(protocol: Protocol, situation: Situation) -> None:
    made = plan(protocol, *situation)
    keys = [one.step.key for one in made.planned] + [one.step.key for one in made.skipped]
    assert sorted(keys) == sorted(step.key for step in protocol.steps)


@given(protocol=protocols(), situation=situations())
def test_what_is_planned_lies_ahead_in_the_window_and_is_useful(protocol: Protocol, situation: Situation) -> None:
    treated_at, hours, now = situation
    for one in plan(protocol, treated_at, hours, now).planned:
        at = one.due_at.astimezone(hours.zone)
        assert now <= one.due_at < one.useful_until
        assert hours.opens <= at.time() < hours.closes
        assert one.due_at.tzinfo is UTC
        assert not (one.step.waits_for_open_day and is_closed(at.date(), hours))


@given(protocol=protocols(), situation=situations())
def test_a_steps_turn_ends_before_the_next_begins(protocol: Protocol, situation: Situation) -> None:
    """So no outage, however long, delivers two at once."""
    planned = plan(protocol, *situation).planned
    for one, following in pairwise(planned):
        assert one.useful_until <= following.due_at


@given(situation=situations())
def test_closed_days_never_touch_tips(situation: Situation) -> None:
    treated_at, hours, now = situation
    always_open = Hours(hours.zone, hours.opens, hours.closes)
    assert _tips(plan(MICRONEEDLING, treated_at, hours, now)) == _tips(
        plan(MICRONEEDLING, treated_at, always_open, now)
    )


@given(situation=situations())
def test_too_late_means_that_no_allowed_moment_was_left(situation: Situation) -> None:
    treated_at, hours, now = situation
    for one in plan(MICRONEEDLING, treated_at, hours, now).skipped:
        assert one.reason == "too_late"
        left = (max(one.due_at, now) + n * 13 * HOUR / 60 for n in range(400))
        assert not any(_allowed(at, hours, one.step) for at in left if at < one.useful_until)


@pytest.mark.parametrize("zone", ZONES[:4], ids=str)
@given(data=st.data())
def test_the_clocks_may_jump_but_ten_oclock_stays_ten_oclock(zone: ZoneInfo, data: st.DataObject) -> None:
    treated_at = data.draw(moments(zone))
    made = plan(MICRONEEDLING, treated_at, Hours(zone), treated_at)
    first = treated_at.astimezone(zone).date()
    due = [one.due_at.astimezone(zone) for one in made.planned]
    assert [at.date() for at in due] == [first + n * DAY for n in (1, 3, 7)]
    assert {at.time() for at in due} == {time(10)}


@given(situation=situations(), later=st.integers(0, 10 * 1440))
def test_a_later_now_only_delays_or_drops(situation: Situation, later: int) -> None:
    treated_at, hours, now = situation
    before = {one.step.key: one for one in plan(MICRONEEDLING, treated_at, hours, now).planned}
    for one in plan(MICRONEEDLING, treated_at, hours, now + timedelta(minutes=later)).planned:
        assert one.due_at >= before[one.step.key].due_at
        assert one.useful_until == before[one.step.key].useful_until


def _tips(made: Plan) -> list[PlannedStep | SkippedStep]:
    every: list[PlannedStep | SkippedStep] = [*made.planned, *made.skipped]
    return [one for one in every if one.step.kind is StepKind.TIPS]


def _allowed(at: datetime, hours: Hours, step: Step) -> bool:
    on_clock = at.astimezone(hours.zone)
    closed = step.waits_for_open_day and is_closed(on_clock.date(), hours)
    return hours.opens <= on_clock.time() < hours.closes and not closed
