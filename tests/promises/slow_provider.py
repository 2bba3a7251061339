"""Phones that take their time, and a look at who holds a database session meanwhile."""

import asyncio

from sqlalchemy import Engine
from sqlalchemy.pool import QueuePool

from reminders.channels.base import Accepted, Listed, Outgoing
from reminders.channels.opening import SenderIdentity
from reminders.settings import Settings
from tests.reminders.delivery.fakes import FakeChannel, Provider


class SlowProvider(Provider):
    """Phones in this process; each call lasts half a second, in which it watches who holds a database session."""

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self.engine = engine
        self.fewest_open: list[int] = []

    def __call__(self, identity: SenderIdentity, _settings: Settings) -> FakeChannel:
        """Open a channel."""
        return _Watching(self, identity)

    async def watch(self) -> None:
        """Note the fewest sessions that were open at one moment of a call: other work may hold one now and then."""
        pool = self.engine.pool
        assert isinstance(pool, QueuePool)
        seen = []
        for _ in range(25):
            await asyncio.sleep(0.02)
            seen.append(pool.checkedout())
        self.fewest_open.append(min(seen))


class _Watching(FakeChannel):
    def __init__(self, provider: SlowProvider, identity: SenderIdentity) -> None:
        super().__init__(provider, identity)
        self._watched = provider

    async def send(self, message: Outgoing) -> Accepted:
        await self._watched.watch()
        return await super().send(message)

    async def find(self, to: str) -> list[Listed]:
        await self._watched.watch()
        return list(await super().find(to))
