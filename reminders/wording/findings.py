"""What the linter finds in a protocol's texts: what, where, and whether it may be published so."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from reminders.models.kinds import Channel, Language


class Severity(StrEnum):
    """Whether a finding keeps a protocol from being published."""

    BLOCKS = "blocks"
    WARNS = "warns"


class Part(StrEnum):
    """The part of a text."""

    SUBJECT = "subject"
    BODY = "body"


class Code(StrEnum):
    """What is wrong with a text. The interface says it in words, under `finding.`."""

    TEXT_MISSING = "text_missing"
    PLACEHOLDER_UNKNOWN = "placeholder_unknown"
    PLACEHOLDER_ELSEWHERE = "placeholder_elsewhere"
    BRACE_ALONE = "brace_alone"
    CLINIC_MISSING = "clinic_missing"
    OPT_OUT_MISSING = "opt_out_missing"
    HELP_MISSING = "help_missing"
    OPT_OUT_MISSING_LATER = "opt_out_missing_later"
    UNSUBSCRIBE_MISSING = "unsubscribe_missing"
    ADDRESS_MISSING = "address_missing"
    TREATMENT_NAMED = "treatment_named"
    TREATMENT_NAMED_INSIDE = "treatment_named_inside"
    CARRIER_WORD = "carrier_word"
    PUBLIC_SHORTENER = "public_shortener"
    ANSWERS_MISSING = "answers_missing"
    EMERGENCY_MISSING = "emergency_missing"
    NOT_GSM7 = "not_gsm7"
    VALUE_NOT_GSM7 = "value_not_gsm7"
    NAME_MAY_COST = "name_may_cost"
    TOO_MANY_SEGMENTS = "too_many_segments"


WARNINGS = frozenset(
    {
        # The starter texts have it everywhere, since a backdated treatment may begin at any step.
        Code.OPT_OUT_MISSING_LATER,
        # An e-mail's body is read behind a lock; only the clinic can say whether that is enough.
        Code.TREATMENT_NAMED_INSIDE,
        Code.EMERGENCY_MISSING,
        # The words that the text gives no hold on: they cost, and no edit of it mends that.
        Code.VALUE_NOT_GSM7,
        Code.NAME_MAY_COST,
    }
)
"""All others keep a protocol from being published."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where: a step's text in a language on a channel, and its subject or body."""

    step: str
    language: Language
    channel: Channel
    part: Part = Part.BODY


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found. `found` is what: a placeholder's name, a word, a count, or characters without what parts them.

    `nearest` has, for each of those characters that has one, what stands in for it.
    """

    code: Code
    place: Place
    found: str = ""
    nearest: tuple[tuple[str, str], ...] = ()

    @property
    def severity(self) -> Severity:
        """Whether it blocks."""
        return Severity.WARNS if self.code in WARNINGS else Severity.BLOCKS


def blocking(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Those that keep a protocol from being published."""
    return tuple(finding for finding in findings if finding.severity is Severity.BLOCKS)


def replaced(text: str, nearest: Mapping[str, str]) -> str:
    """`text` with each character that has a nearest one replaced by it."""
    return "".join(nearest.get(character, character) for character in text)
