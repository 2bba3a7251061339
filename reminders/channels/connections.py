"""Connections to providers, shared by all who talk to them in one event loop: a thousand clinics whose texts fall due
at once need a few hundred handshakes, not one or more each."""

import asyncio
import threading
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
    loop: asyncio.AbstractEventLoop
    connector: _Connections
    users: int = 0


class _Here(threading.local):
    """Those of the event loop that runs in this thread; of one that ended without giving them back nothing is kept."""

    shared: _Shared | None = None


_here = _Here()


def borrow() -> aiohttp.TCPConnector:
    """The running loop's connections, any number; each user bounds its own calls, and watches each. To be given back in
    the same loop."""
    loop = asyncio.get_running_loop()
    if _here.shared is None or _here.shared.loop is not loop:
        _here.shared = _Shared(loop, _Connections(limit=0))
    _here.shared.users += 1
    return _here.shared.connector


async def give_back() -> None:
    """Close them, if nobody else in this loop uses them."""
    shared = _here.shared
    if shared is None or shared.loop is not asyncio.get_running_loop():
        return
    shared.users -= 1
    if not shared.users:
        _here.shared = None
        await shared.connector.close()
