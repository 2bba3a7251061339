"""Calling the provider: concurrently, each call under a hard time-out, each with an outcome, no session open."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from reminders import logs
from reminders.channels.base import Accepted, Channel, ChannelError, Fault
from reminders.delivery.prepare import Call

_log = logs.get(__name__)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A call that did not end in acceptance: what that means, the provider's code, and when it wants to be called."""

    fault: Fault
    code: str = ""
    retry_after: timedelta | None = None


Answer = Accepted | Refusal


async def call_all(channel: Channel, calls: Sequence[Call], time_out: float) -> list[Answer]:
    """Make the calls at the same time; their answers in the same order. Never raises for what a provider does."""
    return list(await asyncio.gather(*(_call(channel, call, time_out) for call in calls)))


async def _call(channel: Channel, call: Call, time_out: float) -> Answer:
    try:
        async with asyncio.timeout(time_out):
            return await channel.send(call.outgoing)
    except ChannelError as error:
        return Refusal(error.fault, error.code, error.retry_after)
    except TimeoutError:
        return Refusal(Fault.UNKNOWN, "timeout")
    except Exception as error:
        # Whatever broke, the provider may have the message: doubt it.
        _log.error("call broke", attempt_id=str(call.outgoing.attempt_id), reason=type(error).__name__)
        return Refusal(Fault.UNKNOWN, type(error).__name__)
