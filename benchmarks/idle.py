"""A sweep that finds nothing to do, over many rows planned ahead; and a claim among them."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, closing
from datetime import timedelta
from functools import partial

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from benchmarks.counting import counted
from benchmarks.figures import Figures, Sample, by_turns, percentile
from benchmarks.homes import Home
from benchmarks.lab import Column, Lab, Section
from benchmarks.practice import TUESDAY, add_check_ins, open_practice
from reminders.database import Database
from reminders.delivery.context import Delivery
from reminders.delivery.sweep import send_due
from reminders.ids import new_id
from reminders.models import Message, Sender
from reminders.models.kinds import Channel
from reminders.outbox import Claim, claim
from reminders.settings import Settings

SWEEPS = 50
CLAIMED = 500

_DUE_LATER, _CLAIM_AT = TUESDAY + timedelta(hours=6), TUESDAY + timedelta(hours=7)
_DUE = 2 * CLAIMED
_DAYS, _A_DAY = 10, 100
_NEW_ID = {"postgresql": "gen_random_uuid()", "sqlite": "lower(hex(randomblob(16)))"}

_COLUMNS = (
    Column("p50_ms", "p50, ms"),
    Column("p99_ms", "p99, ms"),
    Column("cpu_ms", "CPU ms each"),
    Column("statements", "statements each"),
)


def run(lab: Lab) -> Section:
    """ms of an idle sweep over `rows` planned rows and over none, and of claiming 500 among them."""
    count = lab.n or SWEEPS
    variants: dict[str, Callable[[], Sample]] = {}
    with ExitStack() as stack:
        for home in lab.homes:
            empty = stack.enter_context(_filled(home, 0))
            full = stack.enter_context(_filled(home, lab.rows))
            variants[f"{home.name}, none"] = partial(_idle, *empty, count)
            variants[f"{home.name}, planned"] = partial(_idle, *full, count)
            variants[f"{home.name}, claim"] = partial(_claims, full[0], count)
        figures = by_turns(variants, lab.repeats)
    what = (
        f"{count} sweeps in a row that find nothing due (the last sweep noted, leases, expiry and senders looked at, "
        f"one commit), over no rows and over {lab.rows:,} planned ahead; and claims of {CLAIMED} of {_DUE:,} due among "
        "these, rolled back. The first of each is left out."
    )
    names = [home.name for home in lab.homes]
    ratios = [_ratio(figures, name) for name in names]
    return Section("idle", what, _COLUMNS, figures, ratios, [_dominates(figures, name) for name in names])


def _filled(home: Home, planned: int) -> AbstractContextManager[tuple[Database, Settings]]:
    home.template(lambda database, settings: _fill(database, settings, planned))
    return home.copy()


def _fill(database: Database, settings: Settings, planned: int) -> None:
    practice = open_practice(database, settings)
    if planned:
        for day in range(2, 2 + _DAYS):
            add_check_ins(database, practice, _A_DAY, TUESDAY + timedelta(days=day))
        _multiply(database, planned // (_DAYS * _A_DAY))
        # Later than every sweep here, and due for a claim that is told so.
        add_check_ins(database, practice, _DUE, _DUE_LATER)


def _multiply(database: Database, times: int) -> None:
    """Make of every message so many, in the database itself: seconds where rows from here would take minutes."""
    names = [column.name for column in Message.__table__.columns]
    fresh = {"id": _NEW_ID[database.engine.dialect.name], "dedupe_key": "dedupe_key || ':' || n"}
    columns = ", ".join(f'"{name}"' for name in names)
    values = ", ".join(fresh.get(name, f'"{name}"') for name in names)
    series = f"WITH RECURSIVE series(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM series WHERE n < {times})"
    with database.begin() as session:
        if times > 1:
            session.execute(text(f"{series} INSERT INTO message ({columns}) SELECT {values} FROM message, series"))


def _idle(database: Database, settings: Settings, count: int) -> Sample:
    with closing(Delivery(database, settings)) as delivery:
        return _timed(database, lambda: send_due(delivery), count)


def _claims(database: Database, count: int) -> Sample:
    return _timed(database, lambda: _claim(database), count)


def _claim(database: Database) -> None:
    with Session(database.engine) as session:
        sender = session.scalars(select(Sender.id).where(Sender.channel == Channel.SMS)).one()
        until = _CLAIM_AT + timedelta(minutes=2)
        taken = claim(session, Claim(sender, new_id(), CLAIMED, _CLAIM_AT, until))
        session.rollback()
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
