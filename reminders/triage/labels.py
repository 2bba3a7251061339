"""What a reading consists of: labels, the words that decided, how sure, which language."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

Tongue = Literal["en", "fr", "mixed", "unknown"]
Tier = Literal["emergency", "urgent", "soon"]
Reader = Literal["rules", "second"]


class Label(StrEnum):
    """What a reply can mean; several may hold at once, `other` stands alone."""

    URGENT = "urgent"
    PERSISTING = "persisting"
    IMPROVING = "improving"
    CLEAR = "clear"
    STOP = "stop"
    START = "start"
    HELP = "help"
    WRONG_NUMBER = "wrong_number"
    CONSULT = "consult"
    QUESTION = "question"
    OTHER = "other"


class Asked(StrEnum):
    """What our last message asked the patient."""

    CHECK_IN = "checkin"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Evidence:
    """The patient's words that decided for a label, and whether a rule or the second reader went by them."""

    label: Label
    words: str
    reader: Reader = "rules"


@dataclass(frozen=True, slots=True)
class Finding:
    """One label found by one rule, with its words and how sure the rule is (0 to 1); `start` is their place."""

    label: Label
    words: str
    confidence: float
    tier: Tier | None = None
    start: int | None = None
    reader: Reader = "rules"


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reply means. `confidence` is that of the least certain label, or of the red flag where there is one.

    `language` is "unknown" where the text does not tell (a bare digit, INFO): the patient's recorded one holds.
    `tier` is None unless `urgent` is among the labels, or it is "soon": nothing urgent, but to be seen within 24 to 48
    hours. `set_aside` are the words of red flags that were taken for somebody else's: whoever knows that the sender may
    speak for the patient must not pass over them.
    """

    labels: frozenset[Label]
    confidence: float
    language: Tongue
    evidence: tuple[Evidence, ...]
    tier: Tier | None
    set_aside: tuple[str, ...] = ()
