"""After failure n of this kind: when again, or give up."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from schedules.hours import utc


class FailureKind(StrEnum):
    """How a message failed, as far as trying again is concerned."""

    TRANSIENT = "transient"
    """The provider did not take it: refused connection, 429."""
    RECEIPT = "receipt"
    """The provider took it and reported later that the phone could not be reached for now."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Waits after the first, second, ... failure; the last one repeats until `tries` calls have failed."""

    waits: tuple[timedelta, ...]
    tries: int


_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)

POLICIES: Mapping[FailureKind, Policy] = {
    # About four days, longer than any starter step is useful: an outage ends in a text, or in "expired" and its reason.
    FailureKind.TRANSIENT: Policy(
        (_MINUTE / 2, _MINUTE, 2 * _MINUTE, 5 * _MINUTE, 15 * _MINUTE, 30 * _MINUTE, _HOUR), 100
    ),
    # A phone that is off: two more tries over hours, then the e-mail takes over.
    FailureKind.RECEIPT: Policy((_HOUR, 4 * _HOUR), 3),
}

SPREAD = 0.25
"""The part of a wait that jitter may add, so that what failed together does not come back together."""


def next_try(kind: FailureKind, failures: int, now: datetime, jitter: float) -> datetime | None:
    """The instant (UTC) of the next try after `failures` calls have failed in this way; None means give up.

    `jitter` is drawn by the caller from [0, 1). Whether the window is open then, and the message still useful, is
    not decided here.

    Raises:
        ValueError: `failures` is below 1, `jitter` outside [0, 1), or `now` naive.
    """
    if failures < 1 or not 0 <= jitter < 1:
        raise ValueError(f"not a failure count and a jitter: {failures}, {jitter}")
    policy = POLICIES[kind]
    if failures >= policy.tries:
        return None
    wait = policy.waits[min(failures, len(policy.waits)) - 1]
    return utc(now) + wait * (1 + SPREAD * jitter)
