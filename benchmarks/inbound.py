"""Patients' texts and receipts coming in: signed webhooks to the real application over loopback."""

import asyncio
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from sqlalchemy import func, select, update

from benchmarks import processes
from benchmarks.figures import Figures, Sample, by_turns, percentile
from benchmarks.homes import Home
from benchmarks.lab import Column, Goal, Lab, Section
from benchmarks.machine import cpu_seconds
from benchmarks.practice import TUESDAY, add_attempts, add_check_ins, open_practice
from benchmarks.processes import Served
from benchmarks.texting import Answer, Request, closed_loop, receipts, steadily, texts
from reminders.database import Database
from reminders.models import Message, Receipt, Reply
from reminders.settings import Settings
from schedules.lifecycle import State

TEXTS = 600
AT_A_TIME = 8
STEADY_PER_S, STEADY_SECONDS = 100, 3

_WARM = 50
_STEADY = STEADY_PER_S * STEADY_SECONDS
_FLOOR = "floor: /healthz"
_RECEIPTS = ", receipts"

_OF_A_TEXT = (
    "of the rest, by the profile, six tenths are statements (on PostgreSQL four: who may sign, what stands around, the "
    "reply, all that follows), a seventh is reading the words, an eighth the alert or opt-out that every eighth text "
    "brings (3 ms each), a twentieth the signature, the remainder deciding, sealing and opening"
)
_OF_A_RECEIPT = (
    "the rest are statements, on PostgreSQL two (who may sign; the receipt with all that follows), on SQLite 5 to 8, "
    "and a tenth the signature"
)

_COLUMNS = (
    Column("per_s", "requests/s"),
    Column("p50_ms", "p50, ms"),
    Column("p99_ms", "p99, ms"),
    Column("steady_p50_ms", f"p50 at {STEADY_PER_S}/s, ms"),
    Column("steady_p99_ms", f"p99 at {STEADY_PER_S}/s, ms"),
    Column("cpu_ms", "application's CPU ms each"),
    Column("database_cpu_ms", "server's CPU ms each"),
    Column("client_cpu_ms", "client's CPU ms each"),
    Column("refused", "not 200"),
    Column("lost", "lost"),
    Column("unread", "kept, not understood or applied"),
)


def run(lab: Lab) -> Section:
    """Requests/s and p99 of inbound texts, each of another patient who was asked on day 7, kept and understood."""
    count = lab.n or TEXTS
    variants: dict[str, Callable[[], Sample]] = {}
    for home in lab.homes:
        home.template(partial(_asked, _WARM + count + _STEADY))
        variants[home.name] = partial(_inbound, home, count)
        variants[f"{home.name}{_RECEIPTS}"] = partial(_receipts, home, count)
    variants[_FLOOR] = partial(_nothing, lab.homes[-1], count)
    figures = by_turns(variants, lab.repeats)
    figures.must_be_none("refused", "lost")
    what = (
        f"{count} signed texts of as many patients to `reminders web` (one process), {AT_A_TIME} at a time; then "
        f"{STEADY_PER_S} a second for {STEADY_SECONDS} s whether or not the last ones are answered. Each is verified, "
        "kept (one commit), read and acted upon (another). The receipts are as many signed status callbacks of "
        "accepted texts, half of them `sent`, then half `delivered`; each is verified, kept and applied (one commit). "
        "The floor is a page of that application that does nothing."
    )
    names = [f"{home.name}{what}" for home in lab.homes for what in ("", _RECEIPTS)]
    ratios = [f"{name}: {figures.ratio('per_s', name, _FLOOR):.0%} of a page that does nothing" for name in names]
    dominates = [_dominates(figures, name) for name in names]
    return Section("inbound", what, _COLUMNS, figures, ratios, dominates, _goals(figures, lab.server.name))


def _asked(count: int, database: Database, settings: Settings) -> None:
    add_check_ins(database, open_practice(database, settings), count)
    with database.begin() as session:
        session.execute(update(Message).values(state=State.SENT, sent_at=TUESDAY))


def _inbound(home: Home, count: int) -> Sample:
    with _served(home) as (database, settings, served):
        given = texts(f"{served.url}/webhooks/twilio/inbound", settings.sandbox_token, _WARM + count + _STEADY)
        asyncio.run(closed_loop(given[:_WARM], AT_A_TIME))
        found = _loaded(home, served, given[_WARM : _WARM + count])
        steady = asyncio.run(steadily(given[_WARM + count :], STEADY_PER_S))
        found["refused"] += sum(not answer.ok for answer in steady)
        return {**found, **_times(steady, "steady_"), **_kept(database, len(given))}


def _receipts(home: Home, count: int) -> Sample:
    with _served(home) as (database, settings, served):
        attempts = add_attempts(database)[: _WARM + (count + _STEADY) // 2]
        url = f"{served.url}/webhooks/twilio/status"
        said = {status: receipts(url, settings.sandbox_token, attempts, status) for status in ("sent", "delivered")}
        asyncio.run(closed_loop([one for given in said.values() for one in given[:_WARM]], AT_A_TIME))
        given = [one for status in said.values() for one in status[_WARM : _WARM + count // 2]]
        found = _loaded(home, served, given)
        rest = [one for status in said.values() for one in status[_WARM + count // 2 :]]
        steady = asyncio.run(steadily(rest, STEADY_PER_S))
        found["refused"] += sum(not answer.ok for answer in steady)
        with database.read() as session:
            kept = session.scalar(select(func.count()).select_from(Receipt)) or 0
            moved = session.scalar(select(func.count()).where(Message.state == State.DELIVERED)) or 0
        return {**found, **_times(steady, "steady_"), "lost": 2 * len(attempts) - kept, "unread": len(attempts) - moved}


def _nothing(home: Home, count: int) -> Sample:
    with _served(home) as (_, _settings, served):
        given = [Request("GET", f"{served.url}/healthz")] * (_WARM + count + _STEADY)
        asyncio.run(closed_loop(given[:_WARM], AT_A_TIME))
        found = _loaded(home, served, given[_WARM : _WARM + count])
        return {**found, **_times(asyncio.run(steadily(given[_WARM + count :], STEADY_PER_S)), "steady_")}


@contextmanager
def _served(home: Home) -> Iterator[tuple[Database, Settings, Served]]:
    with tempfile.TemporaryDirectory(dir=home.folder) as folder, home.copy() as (database, settings):
        environ = {**home.environ, "REMINDERS_DATABASE_URL": settings.database_url}
        with processes.web(environ, Path(folder)) as served:
            yield database, settings, served


def _loaded(home: Home, served: Served, requests: list[Request]) -> dict[str, float]:
    """A closed loop, with the CPU that everybody spent on it."""
    pids = {"": [served.pid], "database_": home.pids()}
    before = {name: cpu_seconds(those) for name, those in pids.items()}
    client, began = time.process_time(), time.perf_counter()
    answers = asyncio.run(closed_loop(requests, AT_A_TIME))
    wall, client = time.perf_counter() - began, time.process_time() - client
    count = len(answers)
    spent = {f"{name}cpu_ms": 1000 * (cpu_seconds(those) - before[name]) / count for name, those in pids.items()}
    refused = float(sum(not answer.ok for answer in answers))
    times = {**_times(answers), "per_s": count / wall, "client_cpu_ms": 1000 * client / count}
    return {**times, **spent, "refused": refused}


def _times(answers: list[Answer], prefix: str = "") -> dict[str, float]:
    taken = [answer.ms for answer in answers]
    return {f"{prefix}p50_ms": percentile(taken, 0.5), f"{prefix}p99_ms": percentile(taken, 0.99)}


def _kept(database: Database, sent: int) -> dict[str, float]:
    with database.read() as session:
        kept = session.scalar(select(func.count()).select_from(Reply)) or 0
        unread = session.scalar(select(func.count()).select_from(Reply).where(Reply.read_at.is_(None))) or 0
    return {"lost": sent - kept, "unread": unread}


def _dominates(figures: Figures, name: str) -> str:
    cpu, floor = figures.median(name, "cpu_ms"), figures.median(_FLOOR, "cpu_ms")
    busy = cpu * figures.median(name, "per_s") / 1000
    rest = _OF_A_RECEIPT if name.endswith(_RECEIPTS) else _OF_A_TEXT
    return (
        f"{name}: {cpu:.1f} ms of the application's CPU each, of which {floor:.1f} are HTTP and the framework; {rest}. "
        f"On the CPU {busy:.0%} of the time, else waiting for the database."
    )


def _goals(figures: Figures, name: str) -> list[Goal]:
    steady = figures.median(name, "steady_p99_ms")
    return [
        Goal(f"{name}: requests/s of one process", figures.median(name, "per_s"), 250),
        Goal(f"{name}: p99 at {STEADY_PER_S}/s, ms", steady, 100, at_most=True),
    ]
