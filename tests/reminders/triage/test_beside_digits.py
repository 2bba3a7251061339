"""A digit in every wording and correction, and what is asked beside it: the outcome holds, and so does the request.

The rules before this table read 53 of its 903 texts wrongly ("can I put my serum back on?" was an opt-in).
"""

import tomllib
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from reminders.triage import Asked, Label, read

TABLES: dict[str, dict[str, Any]] = tomllib.loads(
    (Path(__file__).parents[2] / "data" / "beside_digits.toml").read_text(encoding="utf-8")
)
OUTCOMES = {1: Label.CLEAR, 2: Label.IMPROVING, 3: Label.PERSISTING}
TAKEN_BACK = {1: 3, 2: 3, 3: 2}
ASKED = (Label.CONSULT, Label.QUESTION, Label.STOP)


def answers(table: dict[str, Any]) -> Iterator[tuple[str, set[Label]]]:
    for frame, chosen in product(table["answers"], OUTCOMES):
        text = frame.format(n=chosen, m=TAKEN_BACK[chosen], w=table["words"][chosen - 1])
        yield text, {OUTCOMES[chosen]}


def beside(table: dict[str, Any], label: Label) -> Iterator[tuple[str, set[Label]]]:
    for said, joint, chosen in product(table[label.value], table["joints"], OUTCOMES):
        yield joint.format(a=chosen, r=said), {OUTCOMES[chosen], label}


def misread(cases: Iterator[tuple[str, set[Label]]]) -> list[str]:
    return [text for text, labels in cases if read(text, 7, Asked.CHECK_IN).labels != labels]


@pytest.mark.parametrize("language", TABLES)
def test_a_digit_is_read_however_it_is_said(language: str) -> None:
    assert misread(answers(TABLES[language])) == []


@pytest.mark.parametrize("label", ASKED)
@pytest.mark.parametrize("language", TABLES)
def test_what_is_asked_beside_a_digit_is_read_too(language: str, label: Label) -> None:
    assert misread(beside(TABLES[language], label)) == []
