"""The product's workers beside the SDK's floor, a task per message and a queue: one burst, all by turns."""

import os
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from importlib.util import find_spec

from benchmarks import at_once, ours
from benchmarks.at_once import Stage, measured
from benchmarks.figures import Figures, Sample, by_turns
from benchmarks.growing import multiply
from benchmarks.lab import Goal, Lab, Section
from benchmarks.ours import DUE_AT
from benchmarks.peers import jobs
from benchmarks.peers.jobs import Peer
from benchmarks.peers.messages import FUTURE
from benchmarks.practice import add_check_ins, open_practice
from reminders.database import Database
from reminders.settings import Settings

DUE = 20_000

OURS, OURS_TWO = "ours, 1 process", "ours, 2"
FLOOR, FLOOR_TWO, FLOOR_FAST = "floor: batch and SDK, 1", "floor, 2", "floor on uvloop, 1"
PER_MESSAGE, QUEUE = "a task per message, 32 threads", "pgqueuer, 2"

_KINDS = 1000
_TRIES = 3
_LOOP = "uvloop"


def run(lab: Lab) -> Section:
    """Messages/s, lateness, CPU and memory of `n` texts due at once, by design."""
    stage = Stage(lab.server, lab.carrier, lab.n or DUE)
    lab.server.template(partial(_fill, stage.count))
    variants: dict[str, Callable[[], Sample]] = {
        OURS: partial(_ours, stage, 1),
        OURS_TWO: partial(_ours, stage, 2),
        FLOOR: partial(_peer, stage, jobs.floor(1)),
        FLOOR_TWO: partial(_peer, stage, jobs.floor(2)),
        PER_MESSAGE: partial(_peer, stage, jobs.PER_MESSAGE),
    }
    if find_spec(_LOOP):
        variants[FLOOR_FAST] = partial(_peer, stage, jobs.floor(1, _LOOP))
    if jobs.QUEUE_FOLDER.exists():
        variants[QUEUE] = partial(_peer, stage, jobs.QUEUE)
    figures = by_turns(variants, lab.repeats)
    figures.must_be_none("unsent")
    return Section(
        "peers", _what(stage), at_once.COLUMNS, figures, _ratios(figures), _dominates(figures), _goals(figures)
    )


def _fill(count: int, database: Database, settings: Settings) -> None:
    practice = open_practice(database, settings)
    add_check_ins(database, practice, _KINDS, DUE_AT + timedelta(days=10))
    multiply(database, FUTURE // _KINDS)
    add_check_ins(database, practice, count, DUE_AT, first=_KINDS)


def _ours(stage: Stage, processes: int) -> Sample:
    with ours.at_work(stage.home, processes) as job:
        return measured(job, stage)


def _peer(stage: Stage, peer: Peer) -> Sample:
    """Once more where it stalled, as pgqueuer has been seen to: a stall says nothing of how fast a design is."""
    for _ in range(_TRIES - 1):
        sample = _peer_once(stage, peer)
        if not sample["unsent"]:
            return sample
        print(f"  stalled with {sample['unsent']:.0f} unsent; once more", flush=True)
    return _peer_once(stage, peer)


def _peer_once(stage: Stage, peer: Peer) -> Sample:
    with jobs.at_work(peer, stage) as job:
        return measured(job, stage)


def _what(stage: Stage) -> str:
    missing = "" if jobs.QUEUE_FOLDER.exists() else " pgqueuer is not installed (`make bench` does it): no column."
    return (
        f"{stage.count:,} texts due at the same instant among {FUTURE:,} due later; real processes on PostgreSQL and "
        f"Redis, {stage.carrier.latency_ms:.0f} ms provider latency, all designs through Twilio's SDK with the same "
        f"fields. Ours is `reminders worker` and `reminders beat` with {ours.IN_FLIGHT} calls in flight a process and "
        "everything on: re-check, decryption, rendering, attempts, settlement. The floor claims 500, sends 100 at a "
        "time through the SDK's own async client on asyncio's own loop and settles, with none of that, and collects "
        "garbage as seldom as ours. A task per "
        "message is GOV.UK Notify's shape with the best of its pools. Every design is woken at the instant by one "
        "message for each process, so beat's interval (2 s at most) is no part of lateness; pgqueuer's jobs are queued "
        "before and polled. Lateness is every message's, from the instant to its `sent_at`; speed is all over the last "
        f"one's.{missing}"
    )


def _ratios(figures: Figures) -> list[str]:
    pairs = [(OURS, FLOOR), (OURS_TWO, FLOOR_TWO), (OURS, PER_MESSAGE), (OURS_TWO, PER_MESSAGE)]
    pairs += [(OURS, FLOOR_FAST), (OURS, QUEUE), (OURS_TWO, QUEUE)]
    return [
        f"{one} / {other}: {figures.ratio('per_s', one, other):.2f}" for one, other in pairs if other in figures.samples
    ]


def _goals(figures: Figures) -> list[Goal]:
    found = [
        Goal("ours, 1 process, of the floor's messages/s", figures.ratio("per_s", OURS, FLOOR), 0.75),
        Goal("ours, 2, times a task per message", figures.ratio("per_s", OURS_TWO, PER_MESSAGE), 10, reach=20),
        Goal("CPU s per 1,000, 1 process", figures.median(OURS, "cpu_per_1000"), 0.5, at_most=True),
        Goal("p99 lateness, 1 process, s", figures.median(OURS, "p99_s"), 8, at_most=True),
        Goal(
            "duplicates of ours",
            max(figures.spread(name, "duplicates")[1] for name in (OURS, OURS_TWO)),
            0,
            at_most=True,
        ),
    ]
    if QUEUE in figures.samples:
        found.insert(2, Goal("ours, 2, times pgqueuer", figures.ratio("per_s", OURS_TWO, QUEUE), 2.4, reach=5))
    return found


def _dominates(figures: Figures) -> list[str]:
    ours, sdk, server = (
        figures.median(name, figure)
        for name, figure in ((OURS, "cpu_per_1000"), (FLOOR, "cpu_per_1000"), (OURS, "database_cpu_per_1000"))
    )
    first = (
        f"Ours takes {ours:.2f} s of CPU per 1,000 and the floor, which does nothing but call, {sdk:.2f}: our calls go "
        "past the SDK's layer of 26 fields, which pays for most of re-check, decryption, rendering, attempts and "
        f"settlement. Beside them {server:.2f} s of PostgreSQL's, most of it three updates of a message"
    )
    return [first, *(_cores(figures, name) for name in figures.samples)]


def _cores(figures: Figures, name: str) -> str:
    speed = figures.median(name, "per_s")
    parts = {"workers": "", "PostgreSQL": "database_", "Redis": "redis_", "stand-in": "carrier_"}
    cores = {who: figures.median(name, f"{prefix}cpu_per_1000") * speed / 1000 for who, prefix in parts.items()}
    said = ", ".join(f"{who} {value:.2f}" for who, value in cores.items())
    return f"{name}: cores at work on average: {said}; {sum(cores.values()):.2f} of {os.cpu_count()} in all"
