"""Protocols and steps: what is refused, with words fit for staff, and the way to data and back."""

import json
from dataclasses import FrozenInstanceError, replace
from datetime import UTC, time, timedelta
from typing import Any

import pytest
from hypothesis import given

from schedules.protocol import Protocol, Step, StepKind, protocol_from_data, protocol_to_data
from tests.schedules.values import HOUR, protocols

STEP = Step("day-7", 7, StepKind.CHECK_IN, time(10), 72 * HOUR, waits_for_open_day=True)
STEP_DATA = {
    "key": "day-7",
    "day": 7,
    "kind": "check_in",
    "at": "10:00",
    "useful_for_hours": 72,
    "waits_for_open_day": True,
}


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"key": ""}, "lower-case letters"),
        ({"key": "Day 7"}, "lower-case letters"),
        ({"key": "a:b"}, "lower-case letters"),
        ({"key": "x" * 41}, "40 at most"),
        ({"day": 0}, "from 1 to 365"),
        ({"day": 366}, "from 1 to 365"),
        ({"at": time(7, 59)}, "8:00"),
        ({"at": time(21)}, "before 21:00"),
        ({"at": time(10, 0, 1)}, "hour and minute"),
        ({"at": time(10, tzinfo=UTC)}, "local"),
        ({"useful_for": timedelta(0)}, "from 1 hour"),
        ({"useful_for": timedelta(minutes=90)}, "whole hours"),
        ({"useful_for": timedelta(days=31)}, "30 days"),
        ({"kind": StepKind.TIPS}, "tips go out on closed days too"),
    ],
)
def test_a_senseless_step_is_refused(change: dict[str, Any], part: str) -> None:
    with pytest.raises(ValueError, match=r".") as refusal:
        replace(STEP, **change)
    assert part in str(refusal.value)


@pytest.mark.parametrize(
    ("steps", "part"),
    [
        ((), "at least one step"),
        ((STEP, STEP), "the same key"),
        ((STEP, replace(STEP, key="early", day=3)), "must come later"),
        ((STEP, replace(STEP, key="same-moment")), "must come later"),
    ],
)
def test_a_senseless_protocol_is_refused(steps: tuple[Step, ...], part: str) -> None:
    with pytest.raises(ValueError, match=part):
        Protocol("any", steps)


def test_steps_and_protocols_are_frozen() -> None:
    for thing in (STEP, Protocol("any", (STEP,))):
        with pytest.raises(FrozenInstanceError):
            thing.key = "other"  # type: ignore[misc]


def test_data_reads_as_a_protocol_whatever_else_it_holds() -> None:
    assert protocol_from_data({"key": "any", "steps": [STEP_DATA], "texts": {}}) == Protocol("any", (STEP,))


@pytest.mark.parametrize("missing", list(STEP_DATA))
def test_a_missing_field_is_named(missing: str) -> None:
    step = {name: value for name, value in STEP_DATA.items() if name != missing}
    with pytest.raises(ValueError, match=f"lacks {missing}"):
        protocol_from_data({"key": "any", "steps": [step]})


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"day": "7"}, "day must be a whole number"),
        ({"day": True}, "day must be a whole number"),
        ({"useful_for_hours": 1.5}, "useful_for_hours must be a whole number"),
        ({"waits_for_open_day": 1}, "waits_for_open_day must be true or false"),
        ({"at": 10}, "at must be text"),
        ({"at": "ten"}, "ten"),
        ({"kind": "survey"}, "survey"),
    ],
)
def test_a_wrong_field_is_named(change: dict[str, Any], part: str) -> None:
    with pytest.raises(ValueError, match=part):
        protocol_from_data({"key": "any", "steps": [STEP_DATA | change]})


@given(protocols())
def test_to_json_and_back_is_the_same(protocol: Protocol) -> None:
    assert protocol_from_data(json.loads(json.dumps(protocol_to_data(protocol)))) == protocol
