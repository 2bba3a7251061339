"""Worker processes of any design, with a Redis of their own: started, watched, set off, and stopped by their pids."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil
from celery import Celery

from benchmarks.machine import cpu_seconds
from benchmarks.processes import ROOT
from tests import services

READY_SECONDS = 60
_SAMPLE_SECONDS = 0.5
_MB = 2**20


class Crew:
    """The processes of one design. `environ` is all that they are given, beside the path and this tree."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self.broker_url, self._redis = services.start_redis()
        self._app = Celery(broker=self.broker_url, set_as_current=False)
        self._environ = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": str(ROOT), **environ}
        self._folder = folder
        self._workers: list[subprocess.Popen[bytes]] = []
        self._others: list[subprocess.Popen[bytes]] = []

    @property
    def workers(self) -> list[int]:
        """The pids of the processes that send."""
        return [process.pid for process in self._workers]

    @property
    def pids(self) -> list[int]:
        """The workers' pids and those of whatever else the design needs, Redis apart."""
        return [process.pid for process in (*self._workers, *self._others)]

    @property
    def redis_pids(self) -> list[int]:
        """Redis, as a list of one."""
        return [self._redis.pid]

    def start(self, *arguments: str, sends: bool = True, **more: str) -> None:
        """Start one process of this Python: a worker, or something that only wakes them. `more` is environment."""
        log = self._folder / "crew.log"
        with log.open("ab") as out:
            process = subprocess.Popen(
                [sys.executable, *arguments], env={**self._environ, **more}, cwd=ROOT, stdout=out, stderr=out
            )
        (self._workers if sends else self._others).append(process)

    def wait_ready(self) -> None:
        """Wait until as many Celery workers answer as were started."""
        services.wait_until(self._all_answer, READY_SECONDS, "every worker answers")

    def set_off(self, task: str, times: int) -> None:
        """Publish a wake-up so many times, one for each process that should wake."""
        with self._app.producer_pool.acquire(block=True) as producer:
            for _ in range(times):
                self._app.send_task(task, producer=producer)

    def log(self) -> str:
        """The end of what the processes have said."""
        return (self._folder / "crew.log").read_text(errors="replace")[-3000:]

    def stop(self) -> None:
        """Stop all, workers first."""
        for process in (*self._workers, *self._others):
            process.terminate()
        for process in (*self._workers, *self._others):
            services.stop(process)
        self._app.close()
        services.stop(self._redis)

    def _all_answer(self) -> bool:
        ended = [process.args for process in self._workers if process.poll() is not None]
        if ended:
            raise RuntimeError(f"{ended} ended by itself:\n{self.log()}")
        return len(self._app.control.ping(timeout=0.5)) >= len(self._workers)


@contextmanager
def crew(folder: Path, environ: Mapping[str, str]) -> Iterator[Crew]:
    """A crew with nothing started yet."""
    one = Crew(folder, environ)
    try:
        yield one
    finally:
        one.stop()


class Memory:
    """The greatest memory of some processes and their children together, MB, from here to `stop`."""

    def __init__(self, pids: Sequence[int]) -> None:
        self.rss_mb = self.pss_mb = 0.0
        self._pids = pids
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look once more, then no longer."""
        self._over.set()
        self._thread.join()
        self._look()

    def _watch(self) -> None:
        while not self._over.wait(_SAMPLE_SECONDS):
            self._look()

    def _look(self) -> None:
        found = [_memory(process) for pid in self._pids for process in _tree(pid)]
        self.rss_mb = max(self.rss_mb, sum(rss for rss, _ in found) / _MB)
        self.pss_mb = max(self.pss_mb, sum(pss for _, pss in found) / _MB)


class Spent:
    """CPU seconds of named groups of processes since `start`."""

    def __init__(self, groups: Mapping[str, Sequence[int]]) -> None:
        self._groups = groups
        self._before = {name: cpu_seconds(pids) for name, pids in groups.items()}
        self._began = time.monotonic()

    def so_far(self) -> dict[str, float]:
        """Seconds by group."""
        return {name: cpu_seconds(pids) - self._before[name] for name, pids in self._groups.items()}

    def share(self) -> float:
        """Of all cores, what these groups took together, 0 to 1."""
        return sum(self.so_far().values()) / (time.monotonic() - self._began) / (os.cpu_count() or 1)


def _tree(pid: int) -> list[psutil.Process]:
    try:
        root = psutil.Process(pid)
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _memory(process: psutil.Process) -> tuple[float, float]:
    try:
        whole = process.memory_full_info()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0.0, 0.0
    return float(whole.rss), float(getattr(whole, "pss", whole.rss))
