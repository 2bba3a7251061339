"""The memory of a worker with very much due: it must not grow with what waits."""

import time
from collections.abc import Callable
from functools import partial

from sqlalchemy import update

from benchmarks import ours
from benchmarks.crew import Memory
from benchmarks.figures import Figures, Sample, by_turns
from benchmarks.growing import multiply
from benchmarks.homes import PostgresHome
from benchmarks.lab import Column, Goal, Lab, Section
from benchmarks.ours import DUE_AT
from benchmarks.practice import UNLIMITED, add_check_ins, open_practice
from benchmarks.processes import StandIn
from reminders.database import Database
from reminders.models import Sender
from reminders.settings import Settings

DUE = 100_000
SECONDS = 20.0
PACED = 100.0

_PATIENTS = 1000
_FAST, _SLOW = "as fast as it goes", f"paced, {PACED:.0f} segments/s"
_COLUMNS = (
    Column("rss_mb", "worker's RSS, MB"),
    Column("pss_mb", "worker's PSS, MB"),
    Column("idle_mb", "RSS with nothing due, MB"),
    Column("per_s", "messages/s"),
)


def run(lab: Lab) -> Section:
    """The greatest RSS of one worker within the first seconds of `n` due at once."""
    count = lab.n or DUE
    lab.server.template(partial(_fill, count))
    variants: dict[str, Callable[[], Sample]] = {
        _FAST: partial(_watched, lab.server, lab.carrier, UNLIMITED),
        _SLOW: partial(_watched, lab.server, lab.carrier, PACED),
    }
    figures = by_turns(variants, 1)
    what = f"{count:,} texts due at once on PostgreSQL, one `reminders worker`, watched for {SECONDS:.0f} s."
    goals = [Goal(f"RSS, MB, {name}", figures.median(name, "rss_mb"), 250, at_most=True) for name in variants]
    return Section("memory", what, _COLUMNS, figures, [_growth(figures)], [_dominates(figures)], goals)


def _fill(count: int, database: Database, settings: Settings) -> None:
    add_check_ins(database, open_practice(database, settings), _PATIENTS, DUE_AT)
    multiply(database, count // _PATIENTS)


def _watched(home: PostgresHome, carrier: StandIn, rate: float) -> Sample:
    with ours.at_work(home) as job:
        with job.database.begin() as session:
            session.execute(update(Sender).values(rate=rate))
        idle = Memory(job.crew.workers)
        due = job.fall_due()
        idle.stop()
        carrier.reset()
        busy = Memory(job.crew.workers)
        time.sleep(max(0.0, due - time.time()))
        job.set_off()
        time.sleep(SECONDS)
        busy.stop()
        sent = carrier.stats()["accepted"]
    if not sent:
        raise RuntimeError("nothing was sent: this measured something else")
    return {"rss_mb": busy.rss_mb, "pss_mb": busy.pss_mb, "idle_mb": idle.rss_mb, "per_s": sent / SECONDS}


def _growth(figures: Figures) -> str:
    more = figures.median(_FAST, "rss_mb") - figures.median(_FAST, "idle_mb")
    return f"{more:.0f} MB more than with nothing due"


def _dominates(figures: Figures) -> str:
    return (
        f"{figures.median(_FAST, 'idle_mb'):.0f} MB are the interpreter, Celery, SQLAlchemy and Twilio's SDK; of what "
        "is due a worker knows only what it has claimed."
    )
