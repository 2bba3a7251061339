"""Connections to providers, shared by all who talk to them in one event loop: a thousand clinics whose texts fall due
at once need a few hundred handshakes, not one or more each."""

import asyncio
from dataclasses import dataclass

import aiohttp


@dataclass(slots=True)
class _Shared:
    connector: aiohttp.TCPConnector
    users: int = 0


_shared: dict[asyncio.AbstractEventLoop, _Shared] = {}


def borrow() -> aiohttp.TCPConnector:
    """The running loop's connections, any number; each user bounds its own calls. To be given back in the same loop."""
    for ended in [loop for loop in _shared if loop.is_closed()]:
        # Somebody did not give them back in time; they cannot be closed properly any more.
        _shared.pop(ended, None)
    loop = asyncio.get_running_loop()
    if loop not in _shared:
        _shared[loop] = _Shared(aiohttp.TCPConnector(limit=0))
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
