"""Finding an attempt among the messages that a provider lists."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from reminders.channels.base import Listed
from reminders.channels.opening import SenderIdentity
from reminders.crypto import Keyring
from reminders.delivery.facts import INDEX_KIND
from reminders.delivery.questions import Question

SKEW = timedelta(seconds=60)
"""How far the provider's clock may be behind the database's; it also rounds to seconds."""


def match(
    question: Question, listed: Iterable[Listed], taken: Collection[str], sender: tuple[SenderIdentity, Keyring]
) -> Listed | None:
    """The listed message that is this attempt's: same address, words and sender, not older, not another attempt's.

    Of several the oldest, so that two attempts with the same words find one each.
    """
    identity, keyring = sender
    kind = INDEX_KIND[identity.channel]
    fitting = [
        one
        for one in listed
        if one.provider_id not in taken
        and keyring.index(kind, one.to) == question.address_index
        and keyring.index("body", one.body) == question.body_hash
        and _is_from(one.sender, identity)
        and (one.created_at is None or one.created_at >= question.started_at - SKEW)
    ]
    return min(fitting, key=lambda one: one.created_at or question.started_at, default=None)


def _is_from(sender: str, identity: SenderIdentity) -> bool:
    # A messaging service picks one of its numbers, at a time of its choosing.
    return bool(identity.service) or sender in {"", identity.address}


def far_enough_apart(asked_at: datetime | None, now: datetime, gap: timedelta) -> bool:
    """Whether a lookup now counts beside the one at `asked_at`: a list that lags would lag for both."""
    return asked_at is None or now - asked_at >= gap
