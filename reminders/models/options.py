"""What a clinic has set about its sending, read from its options: typed, and with a value where it has set none."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from reminders.models.kinds import Language

SENDING = "sending"
"""Under which key of `Clinic.options` these rules stand."""

SPEND_CAP = "spend_cap"
"""Why a sender is paused whose clinic has spent its monthly segments, and what its event and its ticket say."""


class OnUnknown(StrEnum):
    """What becomes of a text whose outcome nobody knows and which the provider's list lacked twice."""

    TRY_AGAIN = "try_again"
    ASK_STAFF = "ask_staff"


@dataclass(frozen=True, slots=True)
class SendingRules:
    """A clinic's rules. `monthly_segments`: the most text segments of a calendar month in its zone; None: no limit.

    `link_in_texts`: a check-in's text has the link to its page, where it offers a place and there is room for it.
    `hours_en` and `hours_fr`: when somebody is there, as patients read it ("Mon-Fri 9:00-17:00"); "" while not known.
    Unlike the sending window they are only words.
    """

    unknown: OnUnknown = OnUnknown.TRY_AGAIN
    monthly_segments: int | None = None
    link_in_texts: bool = False
    hours_en: str = ""
    hours_fr: str = ""

    def hours(self, language: Language) -> str:
        """When somebody is there, in words of that language."""
        return {Language.EN: self.hours_en, Language.FR: self.hours_fr}[language]


def rules_of(options: Mapping[str, Any]) -> SendingRules:
    """The rules in a clinic's options. What is not there, or nobody could have set, is the default: sending goes on."""
    kept = options.get(SENDING)
    given: Mapping[str, Any] = kept if isinstance(kept, Mapping) else {}
    unknown, most = given.get("unknown"), given.get("monthly_segments")
    return SendingRules(
        unknown=OnUnknown(unknown) if isinstance(unknown, str) and unknown in set(OnUnknown) else OnUnknown.TRY_AGAIN,
        monthly_segments=most if isinstance(most, int) and not isinstance(most, bool) and most >= 0 else None,
        hours_en=_words(given.get("hours_en")),
        hours_fr=_words(given.get("hours_fr")),
        link_in_texts=given.get("link_in_texts") is True,
    )


def with_rules(options: Mapping[str, Any], rules: SendingRules) -> dict[str, Any]:
    """A clinic's options with these rules in them, as JSON."""
    return {**options, SENDING: {**asdict(rules), "unknown": rules.unknown.value}}


def _words(given: object) -> str:
    return given if isinstance(given, str) else ""


CONTENT = "content"
"""Under which key of `Clinic.options` the rules for its own texts stand."""

MOST_SEGMENTS = 3
"""What a text of the starter protocols takes at most."""


@dataclass(frozen=True, slots=True)
class ContentRules:
    """What a clinic allows in its protocols' texts: the most segments a text, and whether one may name the treatment.

    By default none does: whoever picks up the phone could read it (minimum content).
    """

    most_segments: int = MOST_SEGMENTS
    may_name_treatment: bool = False


def content_rules_of(options: Mapping[str, Any]) -> ContentRules:
    """The rules for texts in a clinic's options. What is not there, or nobody could have set, is the default."""
    kept = options.get(CONTENT)
    given: Mapping[str, Any] = kept if isinstance(kept, Mapping) else {}
    most = given.get("most_segments")
    return ContentRules(
        most_segments=most if isinstance(most, int) and not isinstance(most, bool) and most >= 1 else MOST_SEGMENTS,
        may_name_treatment=given.get("may_name_treatment") is True,
    )


def with_content_rules(options: Mapping[str, Any], rules: ContentRules) -> dict[str, Any]:
    """A clinic's options with these rules for texts in them, as JSON."""
    kept = {"most_segments": rules.most_segments, "may_name_treatment": rules.may_name_treatment}
    return {**options, CONTENT: kept}
