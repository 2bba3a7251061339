"""What a clinic has set about its sending, read from its options: typed, and with a value where it has set none."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

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
    """A clinic's rules. `monthly_segments`: the most text segments of a calendar month in its zone; None: no limit."""

    unknown: OnUnknown = OnUnknown.TRY_AGAIN
    monthly_segments: int | None = None


def rules_of(options: Mapping[str, Any]) -> SendingRules:
    """The rules in a clinic's options. What is not there, or nobody could have set, is the default: sending goes on."""
    kept = options.get(SENDING)
    given: Mapping[str, Any] = kept if isinstance(kept, Mapping) else {}
    unknown, most = given.get("unknown"), given.get("monthly_segments")
    return SendingRules(
        unknown=OnUnknown(unknown) if isinstance(unknown, str) and unknown in set(OnUnknown) else OnUnknown.TRY_AGAIN,
        monthly_segments=most if isinstance(most, int) and not isinstance(most, bool) and most >= 0 else None,
    )


def with_rules(options: Mapping[str, Any], rules: SendingRules) -> dict[str, Any]:
    """A clinic's options with these rules in them, as JSON."""
    return {**options, SENDING: {"unknown": rules.unknown.value, "monthly_segments": rules.monthly_segments}}
