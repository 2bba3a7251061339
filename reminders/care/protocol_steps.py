"""A protocol's steps as typed, made into ones that may be stored."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import time
from typing import Any

from reminders.errors import InvalidInputError, Problem
from schedules.hours import EARLIEST, LATEST
from schedules.protocol import LAST_DAY, LONGEST_USE, StepKind, protocol_from_data, protocol_to_data

MOST_STEPS = 12
_LONGEST_USE_HOURS = LONGEST_USE.days * 24


@dataclass(frozen=True, slots=True)
class TypedStep:
    """One step as typed. `key` is "" for a new one: it keeps its name for good, whatever its day becomes later.

    `day` counts from the treatment's date, `at` is local time (10:00), `hours` how long it stays useful; `apart`:
    never one message with another treatment's.
    """

    key: str
    day: str
    at: str
    hours: str
    is_check_in: bool
    apart: bool = False


def clean_steps(typed: Sequence[TypedStep]) -> list[dict[str, Any]]:
    """The steps as a version stores them, in the order in which they are due.

    Raises:
        InvalidInputError: on day-N, at-N or hours-N (N from 0) number_outside, not_a_number or step_time; on steps
            steps_missing, steps_too_many or steps_same_time.
    """
    if not typed or len(typed) > MOST_STEPS:
        key = "steps_too_many" if typed else "steps_missing"
        raise InvalidInputError({"steps": Problem(key, most=str(MOST_STEPS))})
    problems: dict[str, Problem] = {}
    cleaned = [_clean(number, step, problems) for number, step in enumerate(typed)]
    if problems:
        raise InvalidInputError(problems)
    in_order = sorted(cleaned, key=lambda step: (step["day"], step["at"]))
    if len({(step["day"], step["at"]) for step in in_order}) < len(in_order):
        raise InvalidInputError({"steps": Problem("steps_same_time")})
    named = _named(in_order)
    return list(protocol_to_data(protocol_from_data({"key": "typed", "steps": named}))["steps"])


def _clean(number: int, step: TypedStep, problems: dict[str, Problem]) -> dict[str, Any]:
    day, hours = _whole(step.day, LAST_DAY), _whole(step.hours, _LONGEST_USE_HOURS)
    at = _time(step.at)
    problems |= {
        f"{name}-{number}": value
        for name, value in (("day", day), ("hours", hours), ("at", at))
        if isinstance(value, Problem)
    }
    return {
        "key": step.key,
        "day": day,
        "kind": (StepKind.CHECK_IN if step.is_check_in else StepKind.TIPS).value,
        "at": at,
        "useful_for_hours": hours,
        "waits_for_open_day": step.is_check_in,
        "apart": step.apart,
    }


def _whole(text: str, most: int) -> int | Problem:
    if not (text.isascii() and text.isdigit()):
        return Problem("not_a_number")
    # Bounded before it is read: int() of a very long number raises.
    fits = len(text) <= len(str(most)) and 1 <= int(text) <= most
    return int(text) if fits else Problem("number_outside", limit=str(most))


def _time(text: str) -> str | Problem:
    try:
        at = time.fromisoformat(text)
    except ValueError:
        return Problem("step_time")
    return f"{at:%H:%M}" if at.tzinfo is None and EARLIEST <= at < LATEST else Problem("step_time")


def _named(steps: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The steps with a name each; a new one is called after its day, and differently if that name is taken."""
    steps = list(steps)
    taken = {step["key"] for step in steps}
    named = []
    for step in steps:
        key = step["key"] or _free(f"day-{step['day']}", taken)
        taken.add(key)
        named.append({**step, "key": key})
    return named


def _free(wanted: str, taken: set[str]) -> str:
    numbered = (f"{wanted}-{number}" for number in range(2, MOST_STEPS + 2))
    return next(key for key in (wanted, *numbered) if key not in taken)
