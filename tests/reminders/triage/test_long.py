"""A text of any length, however hostile: read in a number of steps that grows with its length and no faster.

Seen to fail when: all of it was read as one; the numbers that are temperatures were looked for at each fever; mails
quoted below one another were taken apart one call deeper each; parts were put together as they came.
"""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from reminders.triage import Asked, Label, read
from reminders.triage.scene import LONGEST, scenes

HOSTILE = {
    "if": "if i get a fever ",
    "commas": ",fever ",
    "denied": "no fever, ",
    "temperatures": "38.9 39,5 ",
    "others": "my sister had a fever ",
    "nothing": "not ",
    "told": "I have a fever of 39 since last night and pus, it hurts. ",
    "French": "J'ai de la fièvre et du pus mais pas trop, est-ce que c'est normal? ",
    "digits": "3 ",
    "history": "On Mon, Jan 1, 2026 Bob <b@x.ca> wrote:\n> fever\nyes\n",
}
LONG = 5_000  # characters
MOST_A_CHARACTER = 600


def steps(work: Callable[[], object]) -> int:
    """The calls that it makes, of our functions and of built-in ones."""
    count = 0

    def note(_frame: FrameType, event: str, _arg: Any) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


def _of(text: str, length: int) -> str:
    return (text * length)[:length]


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_twice_as_long_takes_twice_the_steps(text: str) -> None:
    half, whole = _of(text, LONG // 2), _of(text, LONG)
    read(half, 7, Asked.CHECK_IN)  # what is remembered of words counts for neither
    once, twice = (steps(lambda said=said: read(said, 7, Asked.CHECK_IN)) for said in (half, whole))
    assert twice < 2.5 * once
    assert twice < MOST_A_CHARACTER * LONG


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_no_length_is_too_long(text: str) -> None:
    assert read(_of(text, 60_000), 7, Asked.CHECK_IN).labels


def test_what_has_an_e_mails_length_is_read_as_one() -> None:
    assert len(scenes("I am fine. " * (LONGEST // 4))) == 1


CALM = "Thank you for the visit last week. "
AT_THE_END = ("I have a fever of 39.5 and pus since this morning.", "J'ai 39,5 de fièvre et du pus depuis ce matin.")


@pytest.mark.parametrize("said", AT_THE_END)
@pytest.mark.parametrize("before", [0, 50, 100, 200])
def test_a_red_flag_is_found_wherever_it_stands(said: str, before: int) -> None:
    reading = read(f"{CALM * before}{said} {CALM * (200 - before)}", 7, Asked.CHECK_IN)
    assert reading.labels >= {Label.URGENT}
    assert reading.confidence > 0.6


def test_parts_say_one_thing_of_the_skin_and_the_worst_holds() -> None:
    better, worse = "My skin is much better. ", "The bumps are getting worse. "
    for text in (better + CALM * 100 + worse, worse + CALM * 100 + better):
        states = read(text, 7, Asked.CHECK_IN).labels & {Label.PERSISTING, Label.IMPROVING, Label.CLEAR}
        assert states == {Label.PERSISTING}


def test_of_a_wrong_number_no_state_of_the_skin_is_told() -> None:
    reading = read("My skin is much better. " + CALM * 100 + "You have the wrong number.", 7, Asked.CHECK_IN)
    assert reading.labels == {Label.WRONG_NUMBER}
