"""Messages to send in tests, and what must never show in an error."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

import pytest

from reminders.channels.base import Channel, ChannelError, Outgoing

ATTEMPT = UUID("0199a4c2-7b1e-7c3d-8e4f-5a6b7c8d9e0f")
NUMBER = "+15145550123"
ADDRESS = "zoe.tremblay@patient.example"
BODY = "Clinique Westmount: a private matter"
TEXT = Outgoing(ATTEMPT, NUMBER, BODY, None, timedelta(hours=2), {})
MAIL = Outgoing(
    ATTEMPT,
    ADDRESS,
    BODY,
    "Your follow-up",
    timedelta(hours=2),
    {"Message-ID": f"<{ATTEMPT}@clinic.example>", "From": "Clinique Westmount", "Content-Language": "fr"},
)

_T = TypeVar("_T")


def mail(**changes: Any) -> Outgoing:
    """MAIL, but for `changes`."""
    return replace(MAIL, **changes)


def run(channel: Channel, use: Callable[[Channel], Awaitable[_T]]) -> _T:
    """`use` the channel in an event loop of its own and close it there, as a sweep does."""

    async def body() -> _T:
        try:
            return await use(channel)
        finally:
            await channel.close()

    return asyncio.run(body())


def failure(channel: Channel, message: Outgoing) -> ChannelError:
    """The error that sending `message` ends in, checked to hold nothing personal."""
    with pytest.raises(ChannelError) as caught:
        run(channel, lambda c: c.send(message))
    told = f"{caught.value!s} {caught.value!r} {caught.value.code}"
    assert not any(secret in told for secret in (NUMBER, ADDRESS, BODY, NUMBER[1:], "zoe"))
    return caught.value
