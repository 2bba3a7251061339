"""Letting the database's time pass until every doubt is resolved, however long that takes a clinic."""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select

from reminders.models import Message
from reminders.outbox import in_state
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


def await_settled(
    world: World, rounds: int = 4, patience: float = 60.0, before_time_passes: Callable[[], object] = lambda: None
) -> None:
    """Until nothing waits, is in hand or in doubt; `patience` in seconds of the world's clock a round."""
    for _ in range(rounds):
        _await(lambda: not _count(world, _ripe(world.now)), patience, world)
        if not _count(world, in_state(*OPEN)):
            return
        before_time_passes()
        world.pass_time(ASK)
    _await(lambda: not _count(world, in_state(*OPEN)), patience, world)


def _await(probe: Callable[[], bool], patience: float, world: World) -> None:
    try:
        services.wait_until(probe, patience, "the sweeps have caught up with the clock")
    except TimeoutError as error:
        columns = select(Message.state, Message.channel, Message.reason, Message.tries)
        with world.database.read() as session:
            waiting = session.execute(columns.where(in_state(*OPEN)).limit(20)).all()
        raise AssertionError(f"still open: {dict(world.states())}, as {waiting}") from error


def _count(world: World, which: ColumnElement[bool]) -> int:
    with world.database.read() as session:
        return session.scalar(select(func.count()).select_from(Message).where(which)) or 0


def _ripe(moment: datetime) -> ColumnElement[bool]:
    """What a sweep has yet to take up, call or ask about at this moment of the database's clock."""
    return or_(
        in_state(*IN_HAND),
        and_(in_state(State.PLANNED), Message.due_at <= moment),
        and_(Message.check_at.is_not(None), Message.check_at <= moment),
    )
