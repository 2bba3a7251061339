"""Running one of the other designs as its own manual would have it run."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.at_once import Stage
from benchmarks.crew import READY_SECONDS, Crew, crew
from benchmarks.peers import messages
from benchmarks.peers.per_message import THREADS
from benchmarks.processes import ROOT
from tests import services

QUEUE_FOLDER = Path(sys.prefix) / "peers"
"""Where `make bench` installs pgqueuer."""

_AHEAD_SECONDS, _AHEAD_OF_QUEUE_SECONDS = 6.0, 15.0
"""To write what falls due, and the queue's jobs."""
_QUEUE = "benchmarks.peers.queue"
_READY = "pgqueuer is ready"


@dataclass(frozen=True, slots=True)
class Peer:
    """A design: the arguments of each of its worker processes, how many, the task that sets them off ("": none), and
    the module of their event loop ("": asyncio's own)."""

    arguments: Sequence[str]
    processes: int
    task: str = ""
    loop: str = ""


def _celery(module: str, pool: str, concurrency: int) -> Sequence[str]:
    quiet = ("--without-gossip", "--without-mingle", "--without-heartbeat", "-l", "WARNING")
    return ("-m", "celery", "-A", f"benchmarks.peers.{module}", "worker", "-P", pool, "-c", str(concurrency), *quiet)


def floor(processes: int, loop: str = "") -> Peer:
    """The batch design, in so many processes."""
    return Peer(_celery("batch", "solo", 1), processes, "batch.drain", loop)


PER_MESSAGE = Peer(_celery("per_message", "threads", THREADS), 1, "per_message.find_due")
QUEUE = Peer(("-m", _QUEUE, "work", "100"), 2)
"""In batches of 100, without a bound of its own: the best of those tried, like the 32 threads."""


class PeerJob:
    """A peer at work on a database of its own."""

    def __init__(self, crew: Crew, peer: Peer, url: str, count: int, environ: Mapping[str, str]) -> None:
        self.crew = crew
        self._peer = peer
        self._url = url
        self._count = count
        self._environ = environ
        self._due = 0.0

    def fall_due(self) -> float:
        """As `at_once.Job.fall_due`."""
        self._due = time.time() + (_AHEAD_SECONDS if self._peer.task else _AHEAD_OF_QUEUE_SECONDS)
        messages.fall_due(self._url, self._count, self._due)
        if not self._peer.task:
            _queue(self._environ, "defer", str(self._due))
        if time.time() > self._due:
            raise RuntimeError("not ready when they fell due: this would measure something else")
        return self._due

    def set_off(self) -> None:
        """As `at_once.Job.set_off`."""
        if self._peer.task:
            self.crew.set_off(self._peer.task, self._peer.processes)

    def late(self) -> Sequence[float]:
        """As `at_once.Job.late`."""
        return messages.late(self._url, self._due)


@contextmanager
def at_work(peer: Peer, stage: Stage) -> Iterator[PeerJob]:
    """The peer's workers, ready, on a database with what is due much later."""
    with tempfile.TemporaryDirectory(dir=stage.home.folder) as folder, stage.home.bare() as url:
        messages.make(url)
        given = {"BENCH_DATABASE_URL": url, "BENCH_CARRIER_URL": stage.carrier.url, "BENCH_LOOP": peer.loop}
        if not peer.task:
            given["PYTHONPATH"] = f"{QUEUE_FOLDER}:{ROOT}"
            _queue(given, "install")
        with crew(Path(folder), given) as its:
            for number in range(peer.processes):
                name = ("-n", f"w{number}@bench") if peer.task else ()
                its.start(*peer.arguments, *name, BENCH_BROKER_URL=its.broker_url)
            _wait_ready(its, peer)
            yield PeerJob(its, peer, url, stage.count, given)


def _wait_ready(its: Crew, peer: Peer) -> None:
    if not peer.task:
        services.wait_until(lambda: its.log().count(_READY) >= peer.processes, READY_SECONDS, "pgqueuer is ready")
        return
    its.wait_ready()
    # Nothing is due: it imports and connects what it needs, as the product's workers have done by then.
    its.set_off(peer.task, peer.processes)


def _queue(environ: Mapping[str, str], *arguments: str) -> None:
    subprocess.run([sys.executable, "-m", _QUEUE, *arguments], env=environ, cwd=ROOT, check=True)
