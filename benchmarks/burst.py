"""Everything falls due at once: the real sweep, through the real Twilio channel, beside the SDK alone."""

import time
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import select

from benchmarks import floor, trouble
from benchmarks.counting import Sql, TimedDelivery, counted
from benchmarks.figures import Figures, Sample, by_turns, percentile
from benchmarks.homes import Home
from benchmarks.lab import Column, Goal, Lab, Section
from benchmarks.machine import cpu_seconds
from benchmarks.practice import add_check_ins, open_practice
from benchmarks.processes import StandIn
from reminders.channels.base import Channel
from reminders.channels.opening import CALL_TIMEOUT_SECONDS, SenderIdentity, status_url
from reminders.channels.twilio_sms import TwilioAccount, TwilioSms
from reminders.database import Database
from reminders.delivery.context import Pace
from reminders.delivery.sweep import send_due
from reminders.models import Message
from reminders.models.instance import now
from reminders.models.kinds import Channel as Medium
from reminders.settings import Settings
from schedules.lifecycle import State

DUE = 2_000
_LONGEST = timedelta(minutes=5)

_TROUBLED = "with trouble"

_COLUMNS = (
    Column("per_s", "messages/s"),
    Column("to_floor", "of the floor"),
    Column("cpu_per_1000", "CPU s per 1,000"),
    Column("database_cpu_per_1000", "server's CPU s per 1,000"),
    Column("carrier_cpu_per_1000", "stand-in's CPU s per 1,000"),
    Column("busy", "process on CPU"),
    Column("p50_s", "p50 late, s"),
    Column("p99_s", "p99 late, s"),
    Column("statements_per_group", "statements/group"),
    Column("executions_per_group", "executions/group"),
    Column("rows_per_message", "executions/message"),
    Column("commits_per_group", "commits/group"),
    Column("prepare_ms", "prepare, ms/group"),
    Column("settle_ms", "settle, ms/group"),
    Column("peak", "peak in flight"),
    Column("duplicates", "duplicates"),
    Column("unsent", "unsent"),
)


def run(lab: Lab) -> Section:
    """Messages/s, lateness, CPU, statements and duplicates of `n` texts that are due at the same moment."""
    count = lab.n or DUE
    figures = _beside_floor(Figures({**_plain(lab, count).samples, **_troubled(lab, count).samples}))
    figures.must_be_none("unsent")
    what = (
        f"{count:,} texts due at once, one process, {lab.carrier.latency_ms:.0f} ms provider latency; the number after "
        "the name is the calls in flight. Lateness is every message's, from the moment of the sweep to its `sent_at`. "
        "Each run has a fresh engine, so compiling every statement once is inside. An execution is a statement for one "
        f"row where one is run for many. `{_TROUBLED}`: of twenty texts one is refused for good by the carrier, one "
        "has opted out there, one has opted out here, one has withdrawn consent; figures a "
        "message are of those that leave."
    )
    return Section(
        "burst", what, _COLUMNS, figures, _ratios(figures, lab), _dominates(figures, lab), _goals(figures, lab)
    )


def _plain(lab: Lab, count: int) -> Figures:
    for home in lab.homes:
        home.template(lambda database, settings: add_check_ins(database, open_practice(database, settings), count))
    variants: dict[str, Callable[[], Sample]] = {}
    for in_flight in lab.in_flight:
        variants[_floor(in_flight)] = partial(floor.send_all, lab.carrier, count, in_flight)
        for home in lab.homes:
            variants[f"{home.name}, {in_flight}"] = partial(_burst, home, lab.carrier, count, in_flight)
    floor.send_all(lab.carrier, 200, max(lab.in_flight))  # warm: the first call imports and connects
    return by_turns(variants, lab.repeats)


def _troubled(lab: Lab, count: int) -> Figures:
    """Statements, not speed, are what these are for: one number of calls in flight and few turns will do."""
    for home in lab.homes:
        home.template(
            lambda database, settings: trouble.add_troubled(database, open_practice(database, settings), count)
        )
    most, leaving = max(lab.in_flight), trouble.leaving(count)
    variants: dict[str, Callable[[], Sample]] = {
        _with_trouble(home, most): partial(_burst, home, lab.carrier, leaving, most) for home in lab.homes
    }
    return by_turns(variants, min(lab.repeats, 2))


def _with_trouble(home: Home, in_flight: int) -> str:
    return f"{home.name}, {_TROUBLED}, {in_flight}"


def _floor(in_flight: int) -> str:
    return f"floor: the SDK alone, {in_flight}"


def _burst(home: Home, carrier: StandIn, count: int, in_flight: int) -> Sample:
    with home.copy() as (database, settings), counted(database.engine) as sql:
        carrier.reset()
        before, server = carrier.stats(), cpu_seconds(home.pids())
        pace = Pace(in_flight={Medium.SMS: in_flight, Medium.EMAIL: 4})
        with closing(TimedDelivery(database, settings, partial(_open, in_flight), pace)) as delivery:
            started = _now(database)
            began, cpu = time.perf_counter(), time.process_time()
            _sweep_all(delivery)
            wall, cpu = time.perf_counter() - began, time.process_time() - cpu
        after, server = carrier.stats(), cpu_seconds(home.pids()) - server
        return {
            "per_s": count / wall,
            "cpu_per_1000": 1000 * cpu / count,
            "database_cpu_per_1000": 1000 * server / count,
            "busy": cpu / wall,
            **_carriers_word(before, after, count),
            **_sql(sql, count),
            "prepare_ms": delivery.mean_ms("prepare"),
            "settle_ms": delivery.mean_ms("write_down"),
            **_lateness(database, started, count),
        }


def _open(in_flight: int, identity: SenderIdentity, settings: Settings) -> Channel:
    """As `open_channel` does for the sandbox, with as many connections as calls in flight."""
    account = TwilioAccount(
        identity.account, settings.sandbox_token, settings.twilio_api_url, identity.address, identity.service
    )
    return TwilioSms(account, partial(status_url, settings), CALL_TIMEOUT_SECONDS, in_flight)


def _sweep_all(delivery: TimedDelivery) -> None:
    ends = time.monotonic() + _LONGEST.total_seconds()
    while send_due(delivery).claimed and time.monotonic() < ends:
        pass


def _now(database: Database) -> datetime:
    with database.read() as session:
        return now(session)


def _carriers_word(before: Mapping[str, float], after: Mapping[str, float], count: int) -> Sample:
    return {
        "carrier_cpu_per_1000": 1000 * (after["cpu"] - before["cpu"]) / count,
        "peak": after["peak"],
        "duplicates": after["duplicates"],
    }


def _sql(sql: Sql, count: int) -> Sample:
    groups = sql.with_words("INSERT INTO attempt")
    return {
        "statements_per_group": sql.statements / groups,
        "executions_per_group": sql.rows / groups,
        "rows_per_message": sql.rows / count,
        "commits_per_group": sql.commits / groups,
    }


def _lateness(database: Database, started: datetime, count: int) -> Sample:
    with database.read() as session:
        sent = session.scalars(select(Message.sent_at).where(Message.state == State.SENT))
        late = [(at - started).total_seconds() for at in sent if at is not None]
    return {"p50_s": percentile(late, 0.5), "p99_s": percentile(late, 0.99), "unsent": count - len(late)}


def _beside_floor(figures: Figures) -> Figures:
    """With each run's speed as a share of the floor's median at as many calls in flight."""
    return Figures(
        {
            name: [
                {**one, "to_floor": one["per_s"] / figures.median(_floor(int(name.rpartition(" ")[2])), "per_s")}
                for one in samples
            ]
            for name, samples in figures.samples.items()
        }
    )


def _ratios(figures: Figures, lab: Lab) -> list[str]:
    said = []
    for n in lab.in_flight:
        for name in (f"{home.name}, {n}" for home in lab.homes):
            speed, cpu = (figures.ratio(figure, name, _floor(n)) for figure in ("per_s", "cpu_per_1000"))
            said.append(f"{name} in flight: {speed:.0%} of the SDK alone, at {cpu:.1f} times its CPU")
    return said


def _dominates(figures: Figures, lab: Lab) -> list[str]:
    said = []
    for n in lab.in_flight:
        most, busy = 1000 * n / lab.carrier.latency_ms, figures.median(_floor(n), "busy")
        said.append(
            f"The SDK alone, {n}: {most:,.0f}/s are allowed by calls / latency; {busy:.0%} of the time on the CPU."
        )
        said += [_of_a_group(figures, f"{home.name}, {n}", lab.carrier.latency_ms) for home in lab.homes]
    return said


def _of_a_group(figures: Figures, name: str, latency_ms: float) -> str:
    prepare, settle, busy = (figures.median(name, figure) for figure in ("prepare_ms", "settle_ms", "busy"))
    return (
        f"{name}: each of its two groups under way takes {prepare:.0f} ms to be prepared, {latency_ms:.0f} or more at "
        f"the provider and {settle:.0f} to be settled, so few calls are in flight; {busy:.0%} of the time on the CPU."
    )


def _goals(figures: Figures, lab: Lab) -> list[Goal]:
    most = max(lab.in_flight)
    found = []
    for home in lab.homes:
        plain, troubled = f"{home.name}, {most}", _with_trouble(home, most)
        statements, executions = (figures.median(plain, f"{what}_per_group") for what in ("statements", "executions"))
        more = figures.median(troubled, "statements_per_group") - statements
        per_row = figures.median(troubled, "executions_per_group") - statements - more
        found += [
            Goal(f"{home.name}: executions/group beyond statements/group", executions - statements, 0, at_most=True),
            Goal(f"{home.name}: the same with trouble", per_row, 0, at_most=True),
            Goal(
                f"{home.name}: statements/group more with {trouble.KINDS} kinds of trouble",
                more,
                2 * trouble.KINDS,
                at_most=True,
            ),
        ]
    cpu = figures.median(f"{lab.server.name}, {most}", "cpu_per_1000")
    return [*found, Goal(f"{lab.server.name}: CPU s per 1,000", cpu, 0.5, at_most=True)]
