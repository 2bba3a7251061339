"""A text as it is sent: without a link that it can do without where there is no room for it."""

from collections.abc import Mapping
from dataclasses import dataclass

from reminders.models.kinds import Channel
from reminders.wording import segments
from reminders.wording.render import Rendered, is_optional, render
from reminders.wording.samples import CHECK_IN, weighed
from reminders.wording.texts import Text


@dataclass(frozen=True, slots=True)
class Room:
    """How a text goes out, and into how many segments the clinic lets one grow."""

    channel: Channel
    most_segments: int


def fitting(text: Text, values: Mapping[str, str], room: Room) -> tuple[Rendered, int]:
    """The text and its segments; an e-mail is one.

    Raises:
        WordingError: as `render`.
    """
    rendered = render(text, values)
    if room.channel is not Channel.SMS:
        return rendered, 1
    cost = segments.count(rendered.body).count
    if cost > room.most_segments and values.get(CHECK_IN) and is_optional(text, CHECK_IN):
        return fitting(text, weighed(text, values), room)
    return rendered, cost
