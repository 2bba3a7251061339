"""What a patient ticks on the check-in's page, what outcome that is, and what it adds to the reading of their words."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from reminders.care.red_flags import SURE
from reminders.models.kinds import ReplyKind
from reminders.triage import Evidence, Label, Reading
from reminders.triage.labels import Tier

KEY = "page"
"""Under which key of `Reply.raw` a page's answers stand."""

MOST_SEVERE = 10
_SEVERE = 7
"""From here on it is severe, and severe belongs before a professional whatever its course (facts: aftercare)."""

_MODERATE = 4
"""From here on it is more than nothing, and no better after a week is too long (PRO-CTCAE maps 4-6 to moderate)."""

_TICKED = 1.0


class Breakouts(StrEnum):
    """How many there are."""

    NONE = "none"
    FEW = "few"
    MANY = "many"


class Course(StrEnum):
    """How the skin is, compared with a few days before."""

    BETTER = "better"
    SAME = "same"
    WORSE = "worse"


FLAGS: Mapping[str, Tier] = {
    "breathing": "emergency",
    "throat": "emergency",
    "fever": "urgent",
    "spreading": "urgent",
    "pus": "urgent",
    "pain": "urgent",
    "blisters": "urgent",
    "eye": "urgent",
    "hives": "urgent",
    "immune": "urgent",
}
"""The red-flag questions, each with its tier (facts/aftercare: "911" and "now")."""

_OUTCOMES: Mapping[str, Label] = {"1": Label.CLEAR, "2": Label.IMPROVING, "3": Label.PERSISTING}


@dataclass(frozen=True, slots=True)
class PageAnswers:
    """What was ticked; None where nothing was. `severity` goes from 0 (none) to 10, `flags` are keys of `FLAGS`;
    `in_words`: something was written beside."""

    severity: int | None = None
    breakouts: Breakouts | None = None
    course: Course | None = None
    flags: tuple[str, ...] = ()
    in_words: bool = False

    @property
    def digit(self) -> str:
        """The answer to the check-in as a text would give it; "" where too little was ticked to say."""
        severity = self.severity or 0
        if self.breakouts is Breakouts.MANY or self.course is Course.WORSE or severity >= _SEVERE:
            return "3"
        if self.breakouts is None or self.course is None:
            return ""
        if self.course is Course.SAME and (self.breakouts is Breakouts.FEW or severity >= _MODERATE):
            return "3"
        return "1" if self.breakouts is Breakouts.NONE and severity < _MODERATE else "2"

    @property
    def tier(self) -> Tier | None:
        """The gravest tier that was ticked."""
        tiers = {FLAGS[flag] for flag in self.flags}
        return "emergency" if "emergency" in tiers else "urgent" if tiers else None

    def to_data(self) -> dict[str, Any]:
        """The same, JSON-safe: what `from_data` reads back."""
        return {
            "severity": self.severity,
            "breakouts": self.breakouts,
            "course": self.course,
            "flags": list(self.flags),
            "in_words": self.in_words,
        }


def from_data(data: Mapping[str, Any]) -> PageAnswers:
    """What `to_data` made. What this version does not know is as if it had not been ticked."""
    severity, breakouts, course = data.get("severity"), data.get("breakouts"), data.get("course")
    return PageAnswers(
        severity=severity if isinstance(severity, int) and 0 <= severity <= MOST_SEVERE else None,
        breakouts=Breakouts(breakouts) if breakouts in set(Breakouts) else None,
        course=Course(course) if course in set(Course) else None,
        flags=tuple(flag for flag in FLAGS if flag in data.get("flags", ())),
        in_words=bool(data.get("in_words")),
    )


def ticked(kind: ReplyKind, raw: Any) -> PageAnswers | None:
    """The page's answers in a reply's raw form, if it came by a page and has any."""
    given = raw.get(KEY) if kind is ReplyKind.PAGE and isinstance(raw, Mapping) else None
    return from_data(given) if isinstance(given, Mapping) else None


def as_text(body: str, page: PageAnswers | None) -> str:
    """A reply's words with what was ticked before them as a text would say it: what is read, not what was written."""
    return body if page is None else "\n".join(filter(None, (page.digit, body)))


def as_ticked(reading: Reading, page: PageAnswers | None) -> Reading:
    """The reading with what was ticked, which is never in doubt: a red flag is urgent, and the boxes are an answer.

    The words beside may say more, or worse, but they take nothing back. Where they are in doubt a person reads them.
    """
    if page is None:
        return reading
    # Nobody wrote the digit, so no words decided by it.
    reading = replace(reading, evidence=tuple(found for found in reading.evidence if found.words != page.digit))
    added = set(filter(None, (_OUTCOMES.get(page.digit), Label.URGENT if page.flags else None)))
    if not added:
        return reading
    in_doubt = page.in_words and reading.confidence < SURE and Label.URGENT not in reading.labels
    evidence = [Evidence(Label.URGENT, flag) for flag in page.flags]
    return replace(
        reading,
        labels=reading.labels - {Label.OTHER} | added | ({Label.QUESTION} if in_doubt else set()),
        confidence=reading.confidence if Label.URGENT in reading.labels - added else _TICKED,
        evidence=(*evidence, *reading.evidence),
        tier="emergency" if reading.tier == "emergency" else page.tier or reading.tier,
    )
