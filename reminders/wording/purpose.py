"""Which placeholders a step's text may have, by channel."""

from collections.abc import Set as AbstractSet

from reminders.models.kinds import Channel

_ALWAYS = frozenset({"clinic", "first_name", "phone", "address", "booking_url", "check_in_url"})
_BY_CHANNEL = {Channel.SMS: frozenset[str](), Channel.EMAIL: frozenset({"unsubscribe_url", "answers"})}


def step_placeholders(channel: Channel) -> AbstractSet[str]:
    """What may be filled in there. `check_in_url` opens what the step asks: tips ask how severe it is, and no more."""
    return _ALWAYS | _BY_CHANNEL[channel]
