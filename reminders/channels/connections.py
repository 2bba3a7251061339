"""Connections to providers, shared by all who talk to them in one event loop: a thousand clinics whose texts fall due
at once need a few hundred handshakes, not one or more each."""

import asyncio
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp.connector import Connection


@dataclass(slots=True)
class Call:
    """Whether a connection was had, so that the request may have been written."""

    connected: bool = False


_under_way: ContextVar[Call] = ContextVar("call")


def watch() -> Call:
    """The call that this task is about to make."""
    call = Call()
    _under_way.set(call)
    return call


class _Connections(aiohttp.TCPConnector):
    """Tells the call under way that it has its connection. aiohttp's tracing does, for a sixth of what a call costs."""

    async def connect(self, *args: Any, **kwargs: Any) -> Connection:
        """As aiohttp's, within the task that makes the call."""
        connection = await super().connect(*args, **kwargs)
        _under_way.get().connected = True
        return connection


@dataclass(slots=True)
class _Shared:
    connector: _Connections
    users: int = 0


_shared: dict[asyncio.AbstractEventLoop, _Shared] = {}


def borrow() -> aiohttp.TCPConnector:
    """The running loop's connections, any number; each user bounds its own calls, and watches each. To be given back in
    the same loop."""
    for ended in [loop for loop in _shared if loop.is_closed()]:
        # Somebody did not give them back in time; they cannot be closed properly any more.
        _shared.pop(ended, None)
    loop = asyncio.get_running_loop()
    if loop not in _shared:
        _shared[loop] = _Shared(_Connections(limit=0))
    _shared[loop].users += 1
    return _shared[loop].connector


async def give_back() -> None:
    """Close them, if nobody else uses them."""
    loop = asyncio.get_running_loop()
    shared = _shared[loop]
    shared.users -= 1
    if not shared.users:
        del _shared[loop]
        await shared.connector.close()
