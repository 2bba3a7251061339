"""From a protocol and a treatment to what is due when, and what is not sent and why."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

from schedules.hours import Hours, local_instant, next_open, next_open_day, utc
from schedules.protocol import Protocol, Step, StepKind

TOO_LATE = "too_late"
"""No allowed moment is left before the step stops being useful."""

SUPERSEDED = "superseded"
"""Still useful, but the turn of a later step of the same treatment has come."""


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """A step with the instant (UTC) at which it is due, in the window, and the one from which it is useless."""

    step: Step
    due_at: datetime
    useful_until: datetime


@dataclass(frozen=True, slots=True)
class SkippedStep:
    """A step that will not be sent, why (TOO_LATE or SUPERSEDED), and when (UTC) it would have been due and useful."""

    step: Step
    reason: str
    due_at: datetime
    useful_until: datetime


@dataclass(frozen=True, slots=True)
class Plan:
    """Every step of a protocol once, in the order of the due times."""

    planned: tuple[PlannedStep, ...]
    skipped: tuple[SkippedStep, ...]


def plan(protocol: Protocol, treated_at: datetime, hours: Hours, now: datetime, day_zero: date | None = None) -> Plan:
    """What the treatment at `treated_at` is owed, seen from `now` (both aware).

    Days are counted from `day_zero`, the treatment's date at the clinic: a patient who lives where it is tomorrow
    already was not treated tomorrow. Without it, from the date of `treated_at` in the zone of `hours`, the patient's.
    A step is due on its local day at its local time, moved into the window, and for a check-in to the next open
    day. A due time that has passed becomes the next allowed instant, as long as the step is useful then. A step's
    turn ends when the next one's comes, so two steps of a treatment are never due, late or not, at one moment.

    Raises:
        ValueError: `treated_at` or `now` is naive.
    """
    treated_here = utc(treated_at).astimezone(hours.zone).date()
    treated_on = day_zero or treated_here
    steps = sorted((_scheduled(step, treated_on, hours) for step in protocol.steps), key=_turn)
    ends = [later.due_at for later in steps[1:]] + [None]
    decided = [_decide(step, end, hours, utc(now)) for step, end in zip(steps, ends, strict=True)]
    return Plan(
        planned=tuple(step for step in decided if isinstance(step, PlannedStep)),
        skipped=tuple(step for step in decided if isinstance(step, SkippedStep)),
    )


@lru_cache(maxsize=4_096)
def _scheduled(step: Step, treated_on: date, hours: Hours) -> PlannedStep:
    """When the step is due by the calendar alone, whatever the time is now: the same for all who came that day."""
    day = treated_on + timedelta(days=step.day)
    if step.waits_for_open_day:
        day = next_open_day(day, hours)
    instant = local_instant(day, step.at, hours.zone)
    due_at = next_open(instant, hours, avoid_closed_days=step.waits_for_open_day)
    return PlannedStep(step, due_at, due_at + step.useful_for)


def _turn(planned: PlannedStep) -> tuple[datetime, bool, int]:
    """Whose turn is later. Of two at one moment, which closed days can bring about, a check-in outranks tips."""
    return planned.due_at, planned.step.kind is StepKind.CHECK_IN, planned.step.day


def _decide(planned: PlannedStep, turn_ends: datetime | None, hours: Hours, now: datetime) -> PlannedStep | SkippedStep:
    step, due_at = planned.step, planned.due_at
    if due_at < now:
        due_at = next_open(now, hours, avoid_closed_days=step.waits_for_open_day)
    if due_at >= planned.useful_until:
        return SkippedStep(step, TOO_LATE, planned.due_at, planned.useful_until)
    if turn_ends is not None and due_at >= turn_ends:
        return SkippedStep(step, SUPERSEDED, planned.due_at, planned.useful_until)
    return PlannedStep(step, due_at, min(planned.useful_until, turn_ends or planned.useful_until))
