"""Calling the provider: concurrently, each call under a hard time-out, each with an outcome, no session open."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from reminders import logs
from reminders.channels.base import Accepted, Channel, ChannelError, Fault
from reminders.delivery.prepare import Call

_log = logs.get(__name__)

_LONGEST_CODE = 32


@dataclass(frozen=True, slots=True)
class Refusal:
    """A call that did not end in acceptance: what that means, the provider's code, and when it wants to be called."""

    fault: Fault
    code: str = ""
    retry_after: timedelta | None = None


Answer = Accepted | Refusal


async def call_all(channel: Channel, calls: Sequence[Call], time_out: float) -> list[Answer]:
    """Make the calls at the same time; their answers in the same order. Never raises for what a provider does.

    A channel bounds its calls itself; what has no answer after `time_out` seconds all the same is called off.
    """
    made = [asyncio.ensure_future(_call(channel, call)) for call in calls]
    try:
        _, pending = await asyncio.wait(made, timeout=time_out)
    finally:
        for one in made:
            one.cancel()
    if pending:
        await asyncio.wait(pending)
    return [_NO_ANSWER if one.cancelled() else one.result() for one in made]


_NO_ANSWER = Refusal(Fault.UNKNOWN, "timeout")


async def _call(channel: Channel, call: Call) -> Answer:
    try:
        return await channel.send(call.outgoing)
    except ChannelError as error:
        return Refusal(error.fault, error.code, error.retry_after)
    except Exception as error:
        # Whatever broke, the provider may have the message: doubt it.
        _log.error("call broke", attempt_id=str(call.outgoing.attempt_id), reason=type(error).__name__)
        return Refusal(Fault.UNKNOWN, type(error).__name__[:_LONGEST_CODE])
