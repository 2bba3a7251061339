"""The servers that a benchmark needs beside itself: on loopback, stopped by their own pid."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests import services

ROOT = Path(__file__).resolve().parent.parent
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""Loopback only: whatever proxy the environment names is not asked."""


@dataclass(frozen=True, slots=True)
class StandIn:
    """The stand-in carrier that is running."""

    url: str
    latency_ms: float
    pid: int

    def stats(self) -> Mapping[str, float]:
        """requests, of these accepted and refused, duplicates, peak (in flight), cpu (seconds so far)."""
        found: dict[str, float] = _get(f"{self.url}/stats")
        return found

    def arrival(self, number: str) -> float | None:
        """When the first text to this number arrived, by the machine's monotonic clock; None before."""
        found: float | None = _get(f"{self.url}/arrival?{urlencode({'To': number})}")["at"]
        return found

    def reset(self) -> None:
        """Count from nothing again."""
        _get(f"{self.url}/reset")


@contextmanager
def stand_in(latency_ms: float = 20.0) -> Iterator[StandIn]:
    """A stand-in carrier of our own."""
    command = [sys.executable, "-m", "benchmarks.carrier", "--latency-ms", str(latency_ms)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        yield StandIn(f"http://127.0.0.1:{int(process.stdout.readline())}", latency_ms, process.pid)
    finally:
        services.stop(process)


@dataclass(frozen=True, slots=True)
class Served:
    """The real application that is running."""

    url: str
    pid: int


@contextmanager
def web(environ: Mapping[str, str], folder: Path) -> Iterator[Served]:
    """The real application, as `reminders web` serves it."""
    port = services.free_port()
    # This tree's application, whichever is installed.
    given = {**environ, "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(folder), "PORT": str(port)}
    with (folder / "web.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "reminders", "web"], env=given, cwd=folder, stdout=log, stderr=log
        )
    url = f"http://127.0.0.1:{port}"
    try:
        services.wait_until(lambda: process.poll() is not None or _answers(url), 60, "the application answers")
        if process.poll() is not None:
            raise RuntimeError((folder / "web.log").read_text(errors="replace")[-2000:])
        yield Served(url, process.pid)
    finally:
        services.stop(process)


def _answers(url: str) -> bool:
    try:
        _get(f"{url}/healthz")
    except OSError:
        time.sleep(0.1)
        return False
    return True


def _get(url: str) -> Any:
    with _DIRECT.open(url, timeout=10) as answer:
        return json.loads(answer.read())
