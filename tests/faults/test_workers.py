"""Workers that die in the middle of their calls, and more workers than there is work for.

Seen to fail when
- calls of a lost worker were planned again at once: ..._killed_at_random_moments;
- what is claimed could be claimed again, and was not looked at again under its token: ..._race_for_every_message.
"""

import random
import re
import time

import pytest

from schedules.lifecycle import State
from tests import services
from tests.faults.scale import LONG, SCALE, TIMEOUT
from tests.faults.stage import Stage
from tests.promises import witness

pytestmark = pytest.mark.timeout(TIMEOUT)

CREW = ("worker", "worker:2")
ALONE = 5 if LONG else 1
"""Kills of one worker while the other goes on, before both are killed at once."""

SHARE = 2 * SCALE.texts // (3 * SCALE.kills) if LONG else SCALE.texts // 3
"""What falls due before each kill."""

_CHANCE = random.Random(3)


def test_workers_killed_at_random_moments(stage: Stage) -> None:
    """Two workers, one or both killed again and again while messages keep falling due; half get no receipt."""
    stage.slow_carrier()
    stage.mix_receipts()
    stage.stack.start("beat")
    for _ in range(SCALE.kills):
        if (stage.kills or 0) < SCALE.kills:
            _one_round(stage)
    assert (stage.kills or 0) >= SCALE.kills, "enough kills hit calls in flight"
    stage.stack.clear_faults()
    stage.stack.start("worker")
    stage.owe(SCALE.texts - len(stage.texts))
    stage.settle()


def _one_round(stage: Stage) -> None:
    stage.stack.start(*CREW)
    for name in _CHANCE.choices(CREW, k=ALONE):
        _kill(stage, name)
        stage.stack.start(name)
    _kill(stage, *CREW)
    stage.lose_workers(killed=ALONE + len(CREW))


def _kill(stage: Stage, *names: str) -> None:
    stage.owe(min(SHARE, SCALE.texts - len(stage.texts)))
    stage.await_ready(*names)
    stage.await_calls()
    time.sleep(_CHANCE.uniform(0, SCALE.call / 2))
    stage.stack.kill(*names)


def test_workers_and_two_beats_race_for_every_message(stage: Stage) -> None:
    """Each message is claimed once, or once more for each time that it was put back."""
    workers = ["worker", *(f"worker:{n}" for n in range(2, SCALE.workers + 1))]
    stage.stack.start(*workers)
    stage.await_ready(*workers)
    with witness.watching(stage.world.database):
        stage.stack.start("beat", "beat:2")
        stage.owe(SCALE.texts)
        stage.settle()
        moves = witness.seen(stage.world.database)
    put_back = sum(count for (_, new), count in moves.items() if new is State.PLANNED)
    assert moves[State.PLANNED, State.CLAIMED] - put_back == SCALE.texts
    # A sweep says what it did when it ends, a moment after its last message.
    least = 2 if LONG else 1  # few messages may all be one worker's, many may not
    services.wait_until(lambda: len(_sent(stage, workers)) >= least, 30, "somebody says to have sent")


def _sent(stage: Stage, workers: list[str]) -> list[str]:
    return [name for name in workers if re.search("swept.*claimed=[1-9]", stage.stack.log(name))]
