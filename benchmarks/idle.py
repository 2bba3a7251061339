"""A sweep that finds nothing to do, over many rows planned ahead; and a claim among them."""

import time
import uuid
from collections.abc import Callable
from contextlib import ExitStack, closing
from datetime import timedelta
from functools import partial

from sqlalchemy import select

from benchmarks.counting import counted
from benchmarks.figures import Figures, Sample, by_turns, percentile
from benchmarks.growing import BYTES_A_ROW, multiply
from benchmarks.lab import Column, Goal, Lab, Section
from benchmarks.practice import TUESDAY, add_check_ins, open_practice
from reminders.database import Database
from reminders.delivery.context import Delivery
from reminders.delivery.sweep import send_due
from reminders.ids import new_id
from reminders.models import Sender
from reminders.models.kinds import Channel
from reminders.outbox import Claim, claim
from reminders.settings import Settings

SWEEPS = 50
CLAIMS, CLAIMED = 20, 500
MANY, GREAT = 1_000_000, 10_000_000
"""SQLite is left out beyond MANY; GREAT is what the goals are about."""

_DUE_LATER, _CLAIM_AT = TUESDAY + timedelta(hours=6), TUESDAY + timedelta(hours=7)
_DAYS, _A_DAY = 10, 100

_COLUMNS = (
    Column("p50_ms", "p50, ms"),
    Column("p99_ms", "p99, ms"),
    Column("cpu_ms", "CPU ms each"),
    Column("statements", "statements each"),
)


def run(lab: Lab) -> Section:
    """ms of an idle sweep over `rows` planned rows and over none, and of claiming 500 among them."""
    count = lab.n or SWEEPS
    homes = [home for home in lab.homes if lab.rows <= MANY or home is lab.server]
    variants: dict[str, Callable[[], Sample]] = {}
    with ExitStack() as stack:
        for home in homes:
            home.template(open_practice)
            empty = stack.enter_context(home.copy())
            home.template(partial(_fill, lab))
            full = stack.enter_context(home.original())
            variants[f"{home.name}, none"] = partial(_idle, *empty, count)
            variants[f"{home.name}, planned"] = partial(_idle, *full, count)
            variants[f"{home.name}, claim"] = partial(_claims, full[0])
        figures = by_turns(variants, lab.repeats)
    what = (
        f"{count} sweeps in a row that find nothing due (the last sweep noted, leases, expiry and senders looked at, "
        f"one commit), over no rows and over {lab.rows:,} planned ahead; and {CLAIMS} claims of {CLAIMED} each among "
        f"these, committed. The first of each is left out. With {GREAT:,} rows, PostgreSQL alone, some minutes and "
        f"{GREAT * BYTES_A_ROW / 1e9:.0f} GB of disk: `.venv/bin/python -m benchmarks idle --rows {GREAT}`."
    )
    title = "idle" if lab.rows < GREAT else f"idle, {lab.rows:,} rows"
    names = [home.name for home in homes]
    return Section(
        title,
        what,
        _COLUMNS,
        figures,
        [_ratio(figures, name) for name in names],
        [_dominates(figures, name) for name in names],
        _goals(figures, lab),
    )


def _fill(lab: Lab, database: Database, settings: Settings) -> None:
    practice = open_practice(database, settings)
    for day in range(2, 2 + _DAYS):
        add_check_ins(database, practice, _A_DAY, TUESDAY + timedelta(days=day), first=day * _A_DAY)
    multiply(database, lab.rows // (_DAYS * _A_DAY), timedelta(seconds=1))
    # Later than every sweep here, and due for a claim that is told so.
    due = CLAIMED * (CLAIMS + 1) * lab.repeats
    add_check_ins(database, practice, due, _DUE_LATER, first=2 * _DAYS * _A_DAY)


def _idle(database: Database, settings: Settings, count: int) -> Sample:
    with closing(Delivery(database, settings)) as delivery:
        return _timed(database, lambda: send_due(delivery), count)


def _claims(database: Database) -> Sample:
    with database.read() as session:
        sender = session.scalars(select(Sender.id).where(Sender.channel == Channel.SMS)).one()
    return _timed(database, lambda: _claim(database, sender), CLAIMS)


def _claim(database: Database, sender: uuid.UUID) -> None:
    with database.begin() as session:
        taken = claim(session, Claim(sender, new_id(), CLAIMED, _CLAIM_AT, _CLAIM_AT + timedelta(minutes=2)))
    if len(taken) != CLAIMED:
        raise RuntimeError(f"{len(taken)} claimed, not {CLAIMED}: this measured something else")


def _timed(database: Database, job: Callable[[], object], count: int) -> Sample:
    taken: list[float] = []
    # The first connects and compiles.
    job()
    with counted(database.engine) as sql:
        cpu = time.process_time()
        for _ in range(count):
            began = time.perf_counter()
            job()
            taken.append(1000 * (time.perf_counter() - began))
        cpu = time.process_time() - cpu
    return {
        "p50_ms": percentile(taken, 0.5),
        "p99_ms": percentile(taken, 0.99),
        "cpu_ms": 1000 * cpu / count,
        "statements": sql.statements / count,
    }


def _ratio(figures: Figures, name: str) -> str:
    times = figures.ratio("p50_ms", f"{name}, planned", f"{name}, none")
    return f"{name}: an idle sweep over the planned rows takes {times:.2f} times one over none"


def _dominates(figures: Figures, name: str) -> str:
    sweep, cpu = (figures.median(f"{name}, planned", figure) for figure in ("p50_ms", "cpu_ms"))
    return (
        f"{name}: of {sweep:.1f} ms an idle sweep the process is on the CPU for {cpu:.1f}, putting together "
        f"{figures.median(f'{name}, planned', 'statements'):.0f} statements; the rest is the database and one commit. "
        f"A claim of {CLAIMED} ({figures.median(f'{name}, claim', 'p50_ms'):.0f} ms) is the UPDATE of that many rows "
        "with their indexes, and reading their order."
    )


def _goals(figures: Figures, lab: Lab) -> list[Goal]:
    name = lab.server.name
    sweep, taken = (figures.median(f"{name}, {what}", "p50_ms") for what in ("planned", "claim"))
    return [
        Goal(f"{name}: idle sweep over {lab.rows:,} rows, ms", sweep, 5, at_most=True),
        Goal(f"{name}: claiming {CLAIMED} among {lab.rows:,} rows, ms", taken, 25, at_most=True),
    ]
