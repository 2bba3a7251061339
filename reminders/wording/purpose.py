"""Which placeholders a step's text may have, by channel and by what the step is for."""

from collections.abc import Set as AbstractSet

from reminders.models.kinds import Channel
from schedules.protocol import StepKind

_ALWAYS = frozenset({"clinic", "first_name", "phone", "address", "booking_url"})
_BY_CHANNEL = {Channel.SMS: frozenset[str](), Channel.EMAIL: frozenset({"unsubscribe_url"})}
_BY_KIND = {StepKind.TIPS: frozenset[str](), StepKind.CHECK_IN: frozenset({"check_in_url"})}


def step_placeholders(kind: StepKind, channel: Channel) -> AbstractSet[str]:
    """What may be filled in there. `check_in_url` opens the check-in's question, which only a check-in asks."""
    return _ALWAYS | _BY_CHANNEL[channel] | _BY_KIND[kind]
