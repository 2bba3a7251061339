"""Redis and PostgreSQL lost and come back, beats doubled and killed, one worker's clock wrong.

Seen to fail when
- a worker did not reconnect to Redis: test_redis_...;
- a job that broke off kept its turn, so that its process never did it again: test_postgresql_....
"""

import time

import pytest

from tests.faults.postgres import Mode, Postgres
from tests.faults.scale import SCALE, TIMEOUT
from tests.faults.stage import Stage
from tests.processes import ROOT
from tests.promises import broker
from tests.promises.settling import LEASE

pytestmark = pytest.mark.timeout(TIMEOUT)


def test_redis_flushed_killed_frozen_and_stopped_with_two_beats_and_a_fast_clock(stage: Stage) -> None:
    """One of the two workers runs on a host whose clock is an hour ahead; a beat is killed on the way."""
    stack, redis, share = stage.stack, stage.redis, SCALE.texts // 4
    stack.start("beat", "beat:2", "worker")
    stack.start_script("worker:fast", ROOT / "tests/promises/fast_clock.py", "worker")
    stage.owe(share)
    broker.empty(stack.broker_url)
    stage.owe(share)
    redis.kill()
    redis.restart()
    stage.owe(share)
    redis.freeze()
    time.sleep(SCALE.away)
    redis.thaw()
    stack.kill("beat")
    redis.kill()
    stage.owe(SCALE.texts - 3 * share)
    time.sleep(SCALE.away)
    redis.restart()
    stage.settle()
    assert not stack.ended()


@pytest.mark.parametrize("opened", ["postgresql"], indirect=True)
def test_postgresql_restarted_and_stopped_during_calls(stage: Stage) -> None:
    """Restarted, once as in a power cut, and stopped; some calls are in doubt by then and must be asked about later."""
    stack, share = stage.stack, SCALE.texts // 4
    assert stage.postgres
    stack.fault("wrong_json", times=SCALE.texts // 9)
    stage.slow_carrier()
    stage.mix_receipts()
    stack.start("beat", "worker", "worker:2")
    for mode, away in _OUTAGES:
        stage.owe(share)
        stage.await_calls()
        _outage(stage.postgres, mode, away)
    stack.clear_faults()
    stage.owe(SCALE.texts - share * len(_OUTAGES))
    stage.world.pass_time(LEASE)
    stage.settle()
    assert not stack.ended(), "workers, beat and web go on by themselves"


_OUTAGES: tuple[tuple[Mode, float], ...] = (("fast", 0), ("immediate", 0), ("fast", SCALE.away))


def _outage(server: Postgres, mode: Mode, seconds: float) -> None:
    server.stop(mode)
    time.sleep(seconds)
    server.start()
