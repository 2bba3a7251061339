"""The whole service in one process on SQLite, killed in the middle of its calls.

Seen to fail when calls of a lost worker were planned again at once.
"""

import random
import time

import pytest

from tests.faults.scale import SCALE, TIMEOUT
from tests.faults.stage import Stage

pytestmark = pytest.mark.timeout(TIMEOUT)

_CHANCE = random.Random(5)


def test_one_process_killed_during_its_calls(one_process: Stage) -> None:
    """Receipts find nobody while it is down: half of the texts have none anyhow."""
    stage, share = one_process, SCALE.texts // (SCALE.restarts + 1)
    stage.slow_carrier()
    stage.mix_receipts()
    for _ in range(2 * SCALE.restarts):
        if stage.kills == SCALE.restarts:
            break
        stage.owe(min(share, SCALE.texts - len(stage.texts)))
        stage.stack.start("up")
        stage.await_calls()
        time.sleep(_CHANCE.uniform(0, SCALE.call / 2))
        stage.stack.kill("up")
        stage.lose_workers(killed=1)
    assert stage.kills == SCALE.restarts, "enough kills hit calls in flight"
    stage.stack.clear_faults()
    stage.owe(SCALE.texts - len(stage.texts))
    stage.stack.start("up")
    stage.settle()
