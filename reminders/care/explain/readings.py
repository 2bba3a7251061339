"""Why a reply was read as it was: the words that decided, who went by them, and how sure that is. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from reminders.care.page_answers import FLAGS
from reminders.care.red_flags import SURE
from reminders.models import Reply
from reminders.models.kinds import ReplyKind
from reminders.triage import Evidence, Label

SECOND = "second"
"""The second reader, which goes by examples where the rules saw nothing."""

TICKED = "ticked"
"""The patient, by a box on the check-in's page; the words are the box's key then."""

RULES = "rules"
_CERTAIN = 0.9
_PARTS = 2


@dataclass(frozen=True, slots=True)
class Decider:
    """The words that decided for a label, and by whose reading: RULES, SECOND or TICKED."""

    label: str
    words: str
    by: str = RULES


@dataclass(frozen=True, slots=True)
class ReadAs:
    """What a reply was read as. `sureness` is sure, likely or doubt; "" where nobody noted it."""

    labels: tuple[str, ...]
    sureness: str
    deciders: tuple[Decider, ...]

    @property
    def by_second(self) -> bool:
        """Whether the second reader decided where the rules would not have."""
        return any(one.by == SECOND for one in self.deciders)


def to_data(evidence: Iterable[Evidence]) -> list[list[str]]:
    """What a reply keeps of a reading's evidence: label and words, and the reader where it is not the rules."""
    return [[found.label.value, found.words, *([SECOND] if found.reader == SECOND else [])] for found in evidence]


def read_as(reply: Reply) -> ReadAs | None:
    """Why a reply has its labels; None as long as nobody has read it. What the evidence says in a shape that is not
    known here is left out."""
    if reply.read_at is None:
        return None
    ticks = reply.kind is ReplyKind.PAGE
    found = [one for entry in _entries(reply.evidence) if (one := _decider(entry, ticks=ticks))]
    return ReadAs(tuple(reply.labels), _sureness(reply.confidence), tuple(dict.fromkeys(found)))


def _entries(evidence: Any) -> Sequence[Any]:
    return evidence if isinstance(evidence, list) else []


def _decider(entry: Any, *, ticks: bool) -> Decider | None:
    if not isinstance(entry, list) or len(entry) < _PARTS or not all(isinstance(part, str) for part in entry):
        return None
    label, words, *reader = entry
    if label not in set(Label):
        return None
    ticked = ticks and words in FLAGS
    return Decider(label, words, TICKED if ticked else SECOND if reader[:1] == [SECOND] else RULES)


def _sureness(confidence: float | None) -> str:
    if confidence is None:
        return ""
    return "sure" if confidence >= _CERTAIN else "likely" if confidence >= SURE else "doubt"
