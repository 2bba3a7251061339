"""What the boxes of the page come to, alone and beside what triage makes of the words."""

from typing import Any

import pytest

from reminders.care.page_answers import FLAGS, KEY, Breakouts, Course, PageAnswers, as_ticked, from_data, ticked
from reminders.models.kinds import Language, ReplyKind
from reminders.triage import Label, Reading
from reminders.web.i18n import catalogue

CLEAR = {"severity": 1, "breakouts": "none", "course": "better"}


@pytest.mark.parametrize(
    ("severity", "breakouts", "course", "digit"),
    [
        (0, "none", "better", "1"),
        (3, "none", "same", "1"),
        (None, "none", "same", "1"),
        (4, "none", "better", "2"),
        (4, "none", "same", "3"),
        (0, "none", "worse", "3"),
        (2, "few", "better", "2"),
        (2, "few", "same", "3"),
        (2, "few", "worse", "3"),
        (2, "many", "better", "3"),
        (7, "none", "better", "3"),
        (6, "few", "better", "2"),
        (5, None, None, ""),
        (None, "few", None, ""),
        (None, None, "better", ""),
        # The worst is told by one box alone.
        (8, None, None, "3"),
        (None, "many", None, "3"),
        (None, None, "worse", "3"),
    ],
)
def test_boxes_say_what_a_digit_would(
    severity: int | None, breakouts: str | None, course: str | None, digit: str
) -> None:
    page = from_data({"severity": severity, "breakouts": breakouts, "course": course})
    assert page.digit == digit


@pytest.mark.parametrize("severity", range(11))
@pytest.mark.parametrize("breakouts", Breakouts)
@pytest.mark.parametrize("course", Course)
def test_worse_boxes_never_come_to_a_better_outcome(severity: int, breakouts: Breakouts, course: Course) -> None:
    digit = PageAnswers(severity, breakouts, course).digit
    assert digit in {"1", "2", "3"}
    worse = [
        PageAnswers(min(severity + 1, 10), breakouts, course),
        PageAnswers(severity, _next(breakouts), course),
        PageAnswers(severity, breakouts, _next(course)),
    ]
    assert all(page.digit >= digit for page in worse)


def _next(value: Any) -> Any:
    every = list(type(value))
    return every[min(every.index(value) + 1, len(every) - 1)]


def test_what_is_kept_is_read_back() -> None:
    page = PageAnswers(4, Breakouts.FEW, Course.SAME, ("fever", "eye"), in_words=True)
    assert ticked(ReplyKind.PAGE, {KEY: page.to_data()}) == page
    assert ticked(ReplyKind.TEXT, {KEY: page.to_data()}) is None
    assert ticked(ReplyKind.PAGE, None) is None
    assert from_data({"severity": 11, "breakouts": "some", "flags": ["?"]}) == PageAnswers()


def reading(*labels: Label, confidence: float = 0.9, **more: Any) -> Reading:
    return Reading(frozenset(labels), confidence, "en", (), more.get("tier"))


@pytest.mark.parametrize(
    ("words", "boxes", "labels", "confidence", "tier"),
    [
        (reading(Label.CLEAR), CLEAR, {Label.CLEAR}, 1, None),
        (reading(Label.OTHER, confidence=0.3), CLEAR, {Label.CLEAR}, 1, None),
        (
            reading(Label.OTHER, confidence=0.3),
            {**CLEAR, "in_words": True},
            {Label.CLEAR, Label.QUESTION},
            1,
            None,
        ),
        (reading(Label.STOP), CLEAR, {Label.CLEAR, Label.STOP}, 1, None),
        (reading(Label.PERSISTING), CLEAR, {Label.CLEAR, Label.PERSISTING}, 1, None),
        # A red flag of the words that is in doubt stays so, and no box takes it back.
        (
            reading(Label.URGENT, confidence=0.4, tier="urgent"),
            {**CLEAR, "in_words": True},
            {Label.CLEAR, Label.URGENT},
            0.4,
            "urgent",
        ),
        (reading(Label.URGENT, confidence=0.4, tier="urgent"), {"flags": ["fever"]}, {Label.URGENT}, 1, "urgent"),
        (reading(Label.URGENT, tier="emergency"), {"flags": ["fever"]}, {Label.URGENT}, 1, "emergency"),
        (reading(Label.OTHER, confidence=0.3), {"flags": ["throat", "pus"]}, {Label.URGENT}, 1, "emergency"),
        (reading(Label.QUESTION), {"severity": 5, "in_words": True}, {Label.QUESTION}, 0.9, None),
    ],
)
def test_boxes_are_never_in_doubt_and_take_nothing_back(
    words: Reading, boxes: dict[str, Any], labels: set[Label], confidence: float, tier: str | None
) -> None:
    read = as_ticked(words, from_data(boxes))
    assert (read.labels, read.confidence, read.tier) == (labels, confidence, tier)


def test_without_boxes_the_words_stand_alone() -> None:
    words = reading(Label.OTHER, confidence=0.3)
    assert as_ticked(words, None) is words


def test_every_red_flag_question_stands_in_both_languages() -> None:
    for language in Language:
        assert all(catalogue(language).has(f"check_in_page.flag_{flag}") for flag in FLAGS)
