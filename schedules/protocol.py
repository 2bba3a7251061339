"""What is owed after a treatment: a protocol and its steps, frozen and validated."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any, TypeVar

from schedules.hours import EARLIEST, LATEST

LAST_DAY = 365
"""No step is further from its treatment than this, in days."""

LONGEST_USE = timedelta(days=30)
"""No step stays useful for longer than this."""

_HOUR = timedelta(hours=1)
_KEY = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_KEY_LENGTH = 40
_TYPES: Mapping[type, str] = {
    str: "text",
    int: "a whole number",
    bool: "true or false",
    list: "a list",
    dict: "a table",
}

Value = TypeVar("Value")


class StepKind(StrEnum):
    """What a step does: tell the patient something, or ask."""

    TIPS = "tips"
    CHECK_IN = "check_in"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to send: "7 days after, a check-in, at 10:00, useful for 3 days".

    `day` counts calendar days from the treatment's date at the clinic; `at` is local wall-clock time; `useful_for`
    counts from the moment the step is due, in whole hours.

    Raises:
        ValueError: a value makes no sense; the text is fit to show staff.
    """

    key: str
    day: int
    kind: StepKind
    at: time
    useful_for: timedelta
    waits_for_open_day: bool
    """On a closed day the step moves to the next open one: somebody must be there to read the answer."""
    apart: bool = False
    """Never one message with another treatment's, even if both say the same on the same day; a check-in never is."""

    def __post_init__(self) -> None:
        _check_key(self.key)
        if not 1 <= self.day <= LAST_DAY:
            raise ValueError(f"Step {self.key}: the day must be from 1 to {LAST_DAY}, not {self.day}.")
        if self.at.tzinfo or self.at.second or self.at.microsecond or not EARLIEST <= self.at < LATEST:
            raise ValueError(f"Step {self.key}: the time must be a local hour and minute from 8:00 to before 21:00.")
        if not _HOUR <= self.useful_for <= LONGEST_USE or self.useful_for % _HOUR:
            raise ValueError(
                f"Step {self.key}: it must be useful for whole hours, from 1 hour to {LONGEST_USE.days} days."
            )
        if self.waits_for_open_day and self.kind is StepKind.TIPS:
            raise ValueError(f"Step {self.key}: tips go out on closed days too; only a check-in waits for an open day.")


@dataclass(frozen=True, slots=True)
class Protocol:
    """A template of steps for one kind of treatment, in the order in which they are due.

    Raises:
        ValueError: no step, two steps of one key, or steps out of order; the text is fit to show staff.
    """

    key: str
    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        _check_key(self.key)
        if not self.steps:
            raise ValueError(f"Protocol {self.key}: there must be at least one step.")
        if len({step.key for step in self.steps}) < len(self.steps):
            raise ValueError(f"Protocol {self.key}: two steps have the same key.")
        for first, second in pairwise(self.steps):
            if (first.day, first.at) >= (second.day, second.at):
                raise ValueError(f"Protocol {self.key}: step {second.key} must come later than step {first.key}.")


def protocol_from_data(data: Mapping[str, Any]) -> Protocol:
    """The protocol written in `data` (the library's TOML, a version's JSON); keys it does not know are left alone.

    Raises:
        ValueError: something is missing or makes no sense; the text is fit to show staff.
    """
    return Protocol(
        key=_read(data, "key", str),
        steps=tuple(_step_from_data(step) for step in _read(data, "steps", list)),
    )


def protocol_to_data(protocol: Protocol) -> dict[str, Any]:
    """What `protocol_from_data` reads back: strings, whole numbers and booleans only."""
    return {"key": protocol.key, "steps": [_step_to_data(step) for step in protocol.steps]}


def _step_from_data(data: Mapping[str, Any]) -> Step:
    return Step(
        key=_read(data, "key", str),
        day=_read(data, "day", int),
        kind=StepKind(_read(data, "kind", str)),
        at=time.fromisoformat(_read(data, "at", str)),
        useful_for=_read(data, "useful_for_hours", int) * _HOUR,
        waits_for_open_day=_read(data, "waits_for_open_day", bool),
        apart="apart" in data and _read(data, "apart", bool),
    )


def _step_to_data(step: Step) -> dict[str, Any]:
    # Left out where it says nothing: versions are compared as they are stored, and older ones know nothing of it.
    apart = {"apart": True} if step.apart else {}
    return {
        "key": step.key,
        "day": step.day,
        "kind": step.kind.value,
        "at": f"{step.at:%H:%M}",
        "useful_for_hours": step.useful_for // _HOUR,
        "waits_for_open_day": step.waits_for_open_day,
        **apart,
    }


def _read(data: Mapping[str, Any], name: str, kind: type[Value]) -> Value:
    if not isinstance(data, Mapping) or name not in data:
        raise ValueError(f"The protocol lacks {name}.")
    value = data[name]
    if type(value) is not kind:  # isinstance would let True pass for the number 1
        raise ValueError(f"The protocol's {name} must be {_TYPES[kind]}.")
    return value


def _check_key(key: str) -> None:
    if not _KEY.fullmatch(key) or len(key) > _KEY_LENGTH:
        raise ValueError(f"A key is lower-case letters, digits and single hyphens, {_KEY_LENGTH} at most; not {key!r}.")
