"""What this ran on, and who else was using it meanwhile."""

import os
import platform
import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psutil

BUSY = 0.10
"""Above this share of all cores in other hands, figures are marked as disturbed."""

_DISTURBED = (
    " **Disturbed by others: speeds are too low, times too long, CPU seconds up to half too high and ratios rough; "
    "statements hold.**"
)
_LOOP = 400_000


def describe() -> str:
    """The machine in a line."""
    model = next((line.partition(":")[2].strip() for line in _cpuinfo() if line.startswith("model name")), "")
    memory = psutil.virtual_memory().total / 2**30
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{os.cpu_count()} cores ({model or platform.machine()}), {memory:.0f} GiB, {platform.system()}, {python}"


@cache
def version() -> str:
    """The commit that is measured; "+ changes" where files differ from it, "" where git knows nothing of it.

    Asked once: RESULTS.md is itself a file that changes.
    """
    command = ["git", "describe", "--always", "--abbrev=10", "--dirty= + changes", "--exclude=*"]
    here = Path(__file__).parent
    try:
        done = subprocess.run(command, cwd=here, capture_output=True, text=True, timeout=10, check=False)
    except OSError:
        return ""
    return f"Commit {done.stdout.strip()}. " if done.stdout else ""


def cpu_seconds(pids: Iterable[int]) -> float:
    """CPU seconds used so far by these processes and all their children, those that have ended included."""
    return sum(_tree_seconds(pid) for pid in pids)


def loop_ms() -> float:
    """How long a fixed loop takes, ms: what the host gives this minute, whoever is to blame."""
    began = time.perf_counter()
    total = 0
    for number in range(_LOOP):
        total += number
    return (time.perf_counter() - began) * 1000


@dataclass(frozen=True, slots=True)
class Quiet:
    """How quiet it was: the share of all cores in other hands, 0 to 1, stolen time included; `loop_ms` at both ends."""

    others: float
    loops: tuple[float, float]

    @property
    def sentence(self) -> str:
        """For RESULTS.md."""
        before, after = self.loops
        said = f"Other CPU {self.others:.0%} of the machine; a fixed loop {before:.0f} ms before, {after:.0f} after."
        return said + (_DISTURBED if self.others > BUSY else "")


class Watch:
    """Watches the whole machine from now on; `ours` are the processes (with children) that are not others."""

    def __init__(self) -> None:
        self._loop = loop_ms()
        self._began = time.monotonic()
        self._busy = _machine_seconds()
        self._ours: dict[int, float] = {}
        self.ours(os.getpid())

    def ours(self, pid: int) -> None:
        """Count this process and its children as ours, from now on."""
        self._ours.setdefault(pid, cpu_seconds([pid]))

    def stop(self) -> Quiet:
        """What it was like until now."""
        wall = (time.monotonic() - self._began) * (os.cpu_count() or 1)
        ours = sum(cpu_seconds([pid]) - before for pid, before in self._ours.items())
        others = max(0.0, _machine_seconds() - self._busy - ours)
        return Quiet(others / wall, (self._loop, loop_ms()))


def _machine_seconds() -> float:
    times = psutil.cpu_times()
    # Guests are counted in user already; iowait is idle.
    idle = times.idle + getattr(times, "iowait", 0.0)
    guests = getattr(times, "guest", 0.0) + getattr(times, "guest_nice", 0.0)
    return float(sum(times) - idle - guests)


def _tree_seconds(pid: int) -> float:
    try:
        root = psutil.Process(pid)
        return sum(map(_seconds, [root, *root.children(recursive=True)]))
    except psutil.NoSuchProcess:
        return 0.0


def _seconds(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system + times.children_user + times.children_system)


def _cpuinfo() -> list[str]:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as info:  # noqa: PTH123 - a device, not a file
            return info.read().splitlines()
    except OSError:
        return []
