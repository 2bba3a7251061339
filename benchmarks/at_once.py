"""One burst through real worker processes: everything due at one instant, watched until the last is written down."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from benchmarks.crew import Crew, Memory, Spent
from benchmarks.figures import Sample, percentile
from benchmarks.homes import PostgresHome
from benchmarks.lab import Column
from benchmarks.processes import StandIn

STALLED_SECONDS = 40.0
"""So long without a call, and the rest counts as unsent."""

_LAST_WRITTEN_SECONDS = 15.0
_LOOK_SECONDS = 0.1

COLUMNS = (
    Column("per_s", "messages/s"),
    Column("p50_s", "p50 late, s"),
    Column("p99_s", "p99 late, s"),
    Column("cpu_per_1000", "workers' CPU s per 1,000"),
    Column("database_cpu_per_1000", "PostgreSQL's CPU s per 1,000"),
    Column("redis_cpu_per_1000", "Redis' CPU s per 1,000"),
    Column("carrier_cpu_per_1000", "stand-in's CPU s per 1,000"),
    Column("machine", "all these of both cores"),
    Column("rss_mb", "workers' RSS, MB"),
    Column("pss_mb", "workers' PSS, MB"),
    Column("peak", "peak in flight"),
    Column("duplicates", "duplicates"),
    Column("unsent", "unsent"),
)


class Job(Protocol):
    """One design at work on one database."""

    crew: Crew

    def fall_due(self) -> float:
        """Have everything fall due at an instant a little ahead: that instant, Unix seconds."""

    def set_off(self) -> None:
        """Wake the workers, once each, at that instant."""

    def late(self) -> Sequence[float]:
        """By how many seconds each message that is sent was late."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Where bursts of `count` messages are run."""

    home: PostgresHome
    carrier: StandIn
    count: int


def measured(job: Job, stage: Stage) -> Sample:
    """The figures of one burst. Speed is all messages over the lateness of the last; nobody's is left out."""
    stage.carrier.reset()
    due = job.fall_due()
    crew = job.crew
    memory = Memory(crew.workers)
    time.sleep(max(0.0, due - time.time()))
    groups = {"": crew.pids, "database_": stage.home.pids(), "redis_": crew.redis_pids}
    spent = Spent({**groups, "carrier_": [stage.carrier.pid]})
    job.set_off()
    late = _wait(job, stage)
    seconds, share = spent.so_far(), spent.share()
    memory.stop()
    told = stage.carrier.stats()
    return {
        "per_s": len(late) / max(late, default=1.0),
        "p50_s": percentile(late or [0.0], 0.5),
        "p99_s": percentile(late or [0.0], 0.99),
        **{f"{name}cpu_per_1000": 1000 * value / stage.count for name, value in seconds.items()},
        "machine": share,
        "rss_mb": memory.rss_mb,
        "pss_mb": memory.pss_mb,
        "peak": told["peak"],
        "duplicates": told["duplicates"],
        "unsent": stage.count - len(late),
    }


def _wait(job: Job, stage: Stage) -> Sequence[float]:
    """Until the carrier has them all and the database says so: how late each was."""
    accepted, moved = 0.0, time.monotonic()
    while accepted < stage.count and time.monotonic() < moved + STALLED_SECONDS:
        time.sleep(_LOOK_SECONDS)
        now = stage.carrier.stats()["accepted"]
        accepted, moved = now, time.monotonic() if now != accepted else moved
    ends = time.monotonic() + _LAST_WRITTEN_SECONDS
    while len(late := job.late()) < stage.count and time.monotonic() < ends:
        time.sleep(_LOOK_SECONDS)
    return late
