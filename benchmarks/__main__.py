"""`python -m benchmarks [name ...]`: run the named benchmarks, or all, and keep what they found in RESULTS.md."""

import argparse
import logging
import tempfile
from collections.abc import Mapping
from pathlib import Path

from benchmarks import burst, idle, importing, inbound, memory, pages, record, report, triage, urgency
from benchmarks.figures import shown
from benchmarks.homes import PostgresHome, SqliteHome
from benchmarks.lab import Benchmark, Lab
from benchmarks.machine import Watch
from benchmarks.peers import run as peers
from benchmarks.processes import stand_in
from reminders import clock, logs
from reminders.crypto import new_key

BENCHMARKS: Mapping[str, Benchmark] = {
    "peers": peers.run,
    "burst": burst.run,
    "urgency": urgency.run,
    "memory": memory.run,
    "record": record.run,
    "importing": importing.run,
    "inbound": inbound.run,
    "triage": triage.run,
    "pages": pages.run,
    "idle": idle.run,
}


def main() -> None:
    """Measure, print, keep."""
    given = _arguments()
    logs.configure("console")
    logging.getLogger().setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory(prefix="reminders-bench-") as folder, stand_in(given.latency_ms) as carrier:
        environ = {
            "REMINDERS_DATA_DIR": folder,
            "REMINDERS_SECRET_KEY": "a secret for benchmarks only, long enough",
            "REMINDERS_ENCRYPTION_KEYS": new_key(),
            "TWILIO_API_URL": carrier.url,
        }
        homes = [PostgresHome(environ, Path(folder)), SqliteHome(environ, Path(folder))]
        lab = Lab(homes, carrier, given.repeats, given.n, given.in_flight, given.rows)
        for name in given.names or BENCHMARKS:
            _run(name, lab)


def _run(name: str, lab: Lab) -> None:
    print(f"==> {name}", flush=True)
    watch = Watch()
    for pid in (pid for home in lab.homes for pid in home.pids()):
        watch.ours(pid)
    section = BENCHMARKS[name](lab)
    quiet = watch.stop()
    report.write(section, quiet, [home.describe() for home in lab.homes], clock.host_now())
    goals = [f"goal: {goal.what}: {shown(goal.measured)} ({goal.verdict})" for goal in section.goals]
    for sentence in (*goals, *section.ratios, *section.dominates, quiet.sentence):
        print(f"  {sentence}", flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*BENCHMARKS, []], help=f"of {', '.join(BENCHMARKS)}; all if none")
    parser.add_argument("--n", type=int, help="how many messages, treatments, texts or passes, where that makes sense")
    parser.add_argument("--repeats", type=int, default=3, help="runs of each variant (default 3)")
    parser.add_argument("--latency-ms", type=float, default=20.0, help="the stand-in carrier's (default 20)")
    parser.add_argument("--in-flight", type=_numbers, default=(100,), help="calls at a time in `burst` (default 100)")
    parser.add_argument("--rows", type=int, default=100_000, help="rows planned ahead in `idle` (default 100,000)")
    return parser.parse_args()


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in text.split(","))


if __name__ == "__main__":
    main()
