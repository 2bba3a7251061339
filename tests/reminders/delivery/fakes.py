"""A provider made by hand: it takes messages, keeps a list, and does wrong what a test tells it to."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from reminders.channels.base import Accepted, ChannelError, Fault, Listed, Outgoing
from reminders.channels.opening import SenderIdentity
from reminders.clock import host_now
from reminders.database import Database
from reminders.delivery.context import Delivery, Pace
from reminders.ids import new_id
from reminders.settings import Settings
from schedules.lifecycle import State


@dataclass
class Provider:
    """What every channel of a test talks to. Its clock is the world's, whatever a demo says.

    `deeds` happen one a call, first to last; None means nothing wrong.
    """

    can_look_up: bool = True
    deeds: list[Exception | str | None] = field(default_factory=list)
    taken: list[Outgoing] = field(default_factory=list)
    listed: list[Listed] = field(default_factory=list)
    hide: bool = False
    before: Callable[[Outgoing], None] | None = None
    during: Callable[[Outgoing], None] | None = None
    opened: int = 0
    closed: int = 0
    finds: int = 0

    def __call__(self, identity: SenderIdentity, settings: Settings) -> "FakeChannel":
        """Open a channel, as `reminders.channels.opening.open_channel` does."""
        self.opened += 1
        return FakeChannel(self, identity)

    def accept(self, message: Outgoing, sender: str) -> str:
        """Take a message: it reaches the phone."""
        provider_id = f"SM{new_id().hex}"
        self.taken.append(message)
        self.listed.append(Listed(provider_id, message.to, message.body, sender, host_now(), State.SENT, ""))
        return provider_id


class FakeChannel:
    """A `Channel` to the provider."""

    def __init__(self, provider: Provider, identity: SenderIdentity) -> None:
        self.can_look_up = provider.can_look_up
        self._provider = provider
        self._identity = identity

    async def send(self, message: Outgoing) -> Accepted:
        provider = self._provider
        deed = provider.deeds.pop(0) if provider.deeds else None
        if provider.before:
            provider.before(message)
        if isinstance(deed, Exception):
            raise deed
        provider_id = provider.accept(message, self._identity.address)
        await asyncio.sleep(0)
        if provider.during:
            provider.during(message)
        if deed == "accept and say nothing":
            raise ChannelError("no answer", Fault.UNKNOWN, "timeout")
        if deed == "hang":
            await asyncio.sleep(60)
        return Accepted(provider_id, State.SENT)

    async def find(self, to: str) -> Sequence[Listed]:
        self._provider.finds += 1
        return [] if self._provider.hide else [one for one in self._provider.listed if one.to == to]

    async def fetch(self, provider_id: str) -> Listed | None:
        return next((one for one in self._provider.listed if one.provider_id == provider_id), None)

    async def close(self) -> None:
        self._provider.closed += 1


def delivery(database: Database, settings: Settings, provider: Provider, pace: Pace | None = None) -> Delivery:
    """A `Delivery` whose channels lead to the provider."""
    return Delivery(database, settings, provider, pace)
