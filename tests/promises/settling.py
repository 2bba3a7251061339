"""Letting the database's time pass until every doubt is resolved, however long that takes a clinic."""

from collections.abc import Callable
from datetime import timedelta

from reminders.models import Message
from schedules.lifecycle import State
from tests import services
from tests.promises.world import World

ASK = timedelta(seconds=70)
"""More than what lies between two lookups that count."""

LEASE = timedelta(minutes=3)
"""More than a claim lasts."""

ENDED = frozenset({State.SENT, State.DELIVERED})
OPEN = frozenset({State.PLANNED, State.CLAIMED, State.SENDING, State.UNKNOWN})
IN_HAND = frozenset({State.CLAIMED, State.SENDING})


def await_settled(world: World, rounds: int = 4, patience: float = 60.0) -> None:
    """Until nothing waits, is in hand or in doubt; `patience` in seconds of the world's clock a round."""
    for _ in range(rounds):
        _await(lambda: not _ripe(world), patience, world)
        if not OPEN & set(world.states()):
            return
        world.pass_time(ASK)
    _await(lambda: not OPEN & set(world.states()), patience, world)


def _await(probe: Callable[[], bool], patience: float, world: World) -> None:
    try:
        services.wait_until(probe, patience, "the sweeps have caught up with the clock")
    except TimeoutError as error:
        waiting = [(one.state, one.channel, one.reason, one.tries) for one in world.messages() if one.state in OPEN]
        raise AssertionError(f"still open: {waiting}") from error


def _ripe(world: World) -> list[Message]:
    """What a sweep has yet to take up, call or ask about at this moment of the database's clock."""
    moment = world.now
    return [
        message
        for message in world.messages()
        if message.state in IN_HAND
        or (message.state is State.PLANNED and message.due_at <= moment)
        or (message.check_at is not None and message.check_at <= moment)
    ]
