"""Which language a reply is in, by the words that only one of them uses."""

from collections.abc import Sequence

from reminders.triage.labels import Tongue
from reminders.triage.vocabulary import TONGUES

_BOTH = TONGUES["en"] & TONGUES["fr"]
_MIXED_FROM = 0.25  # of the words that tell, at least this part in the other language


def language(words: Sequence[str]) -> Tongue:
    """The language of these words; unknown when none of them tells."""
    english = sum(word in TONGUES["en"] and word not in _BOTH for word in words)
    french = sum(word in TONGUES["fr"] and word not in _BOTH for word in words)
    less, more = sorted((english, french))
    if less and less >= _MIXED_FROM * (less + more):
        return "mixed"
    if not more:
        return "unknown"
    return "fr" if french > english else "en"
