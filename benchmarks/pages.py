"""The staff's pages of a clinic with 10,000 patients and 100,000 messages: how long the server takes, and how heavy."""

import time
from functools import partial

from benchmarks.counting import counted
from benchmarks.figures import Figures, Sample, by_turns, percentile
from benchmarks.full_desk import ANSWERS, MESSAGES_EACH, OPEN_TICKETS, PATIENTS, Desk, fill, open_desk
from benchmarks.homes import Home
from benchmarks.lab import Column, Goal, Lab, Section
from reminders.database import Database

LOOKS = 40
_WARM = 3
MOST_MS, HEAVIEST_KB = 100, 150
"""What a page may take and weigh, as the staff app's plan has it."""

_COLUMNS = (
    Column("p50_ms", "p50, ms"),
    Column("p95_ms", "p95, ms"),
    Column("cpu_ms", "CPU ms each"),
    Column("statements", "statements"),
    Column("kb", "kB of HTML"),
)


def run(lab: Lab) -> Section:
    """Each page so many times, on SQLite and on PostgreSQL."""
    figures: dict[str, list[Sample]] = {}
    for home in lab.homes:
        home.template(fill)
        figures |= _looked_at(home, lab)
    found = Figures(figures)
    what = (
        f"Each page {lab.n or LOOKS} times, one after the other, in one process: {PATIENTS:,} patients, "
        f"{PATIENTS * MESSAGES_EACH:,} messages, {ANSWERS:,} answers, {OPEN_TICKETS} open tickets."
    )
    return Section("pages", what, _COLUMNS, found, [_heaviest(found)], [], _goals(found))


def _looked_at(home: Home, lab: Lab) -> dict[str, list[Sample]]:
    with home.original() as (database, settings):
        desk = open_desk(database, settings)
        variants = {
            f"{home.name}, {name}": partial(_look, database, desk, path, lab.n or LOOKS)
            for name, path in desk.pages.items()
        }
        return {name: list(samples) for name, samples in by_turns(variants, lab.repeats).samples.items()}


def _look(database: Database, desk: Desk, path: str, looks: int) -> Sample:
    for _ in range(_WARM):
        answer = desk.client.get(path)
        if answer.status_code != 200:
            raise RuntimeError(f"a page answers {answer.status_code}: nothing is kept of this")
    taken = []
    with counted(database.engine) as sql:
        cpu = time.process_time()
        for _ in range(looks):
            began = time.perf_counter()
            answer = desk.client.get(path)
            taken.append(time.perf_counter() - began)
        cpu = time.process_time() - cpu
    return {
        "p50_ms": 1000 * percentile(taken, 0.5),
        "p95_ms": 1000 * percentile(taken, 0.95),
        "cpu_ms": 1000 * cpu / looks,
        "statements": sql.statements / looks,
        "kb": len(answer.content) / 1000,
    }


def _heaviest(figures: Figures) -> str:
    name = max(figures.samples, key=lambda variant: figures.median(variant, "kb"))
    return f"The heaviest page is {name}: {figures.median(name, 'kb'):.0f} kB of HTML before compression"


def _goals(figures: Figures) -> list[Goal]:
    return [
        goal
        for name in figures.samples
        for goal in (
            Goal(f"{name}: p95, ms", figures.median(name, "p95_ms"), MOST_MS, at_most=True),
            Goal(f"{name}: kB", figures.median(name, "kb"), HEAVIEST_KB, at_most=True),
        )
    ]
