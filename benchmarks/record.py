"""Recording one treatment with all that it owes, one commit each, beside writing the very same rows alone."""

import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import insert, select, text

from benchmarks.counting import counted
from benchmarks.figures import Figures, Sample, by_turns, percentile
from benchmarks.homes import Home
from benchmarks.lab import Column, Goal, Lab, Section
from benchmarks.practice import TUESDAY, add_patients, open_practice
from reminders import inserting
from reminders.care import patients, treatments
from reminders.care.actors import Actor
from reminders.database import Base, Database
from reminders.models import Audit, Clinic, Message, MessageReminder, Patient, Reminder, Treatment
from reminders.models.instance import now

TREATMENTS = 400
AT_ONCE = 4
"""So many requests of a web process are on their way together: one waits for its commit while another computes."""

_WARM = 12
"""The driver prepares a statement at its sixth time, PostgreSQL settles on a plan five later; no treatment's fault."""

_TABLES = (Treatment, Reminder, Message, MessageReminder, Audit)
_TREATMENT = treatments.TreatmentInput("microneedling", TUESDAY.date().isoformat(), "10:00")

Rows = list[tuple[type[Base], list[dict[str, Any]]]]
"""What one treatment is in the database: by table, in the order in which they can be inserted."""

_COLUMNS = (
    Column("per_s", "treatments/s"),
    Column("p50_ms", "p50, ms"),
    Column("p99_ms", "p99, ms"),
    Column("cpu_ms", "CPU ms each"),
    Column("statements", "statements each"),
    Column("rows", "rows each"),
)


def run(lab: Lab) -> Section:
    """Treatments/s through `care.treatments.record` and through Core alone."""
    count = lab.n or TREATMENTS
    variants: dict[str, Callable[[], Sample]] = {}
    for home in lab.homes:
        home.template(lambda database, settings: add_patients(database, open_practice(database, settings), count))
        rows = _same_rows(home, count)
        variants[f"{home.name}, record"] = partial(_through_care, home, count)
        variants[f"{home.name}, record, {AT_ONCE} at once"] = partial(_through_care, home, count, AT_ONCE)
        variants[f"{home.name}, one write"] = partial(_raw, home, rows, _write)
        variants[f"{home.name}, bare"] = partial(_raw, home, rows, _insert)
    figures = by_turns(variants, lab.repeats)
    what = (
        f"{count:,} treatments of as many patients, a commit each, one after the other unless it says how many at "
        "once: the patient looked up and locked, and `care.treatments.record` (the calendar planned, three reminders, "
        "three messages, their links, an audit entry; clinic and time are what a request has from its sign-in); the "
        "very same rows, ready made, in one `inserting.write`; and as bare Core inserts, a table each."
    )
    names = [home.name for home in lab.homes]
    ratios = [_ratio(figures, name) for name in names]
    dominates = [_dominates(figures, name) for name in names]
    return Section("record", what, _COLUMNS, figures, ratios, dominates, _goals(figures))


def _goals(figures: Figures) -> list[Goal]:
    variants = ("one write", f"record, {AT_ONCE} at once", "record")
    return [
        Goal(f"postgresql, {variant}: treatments/s", figures.median(f"postgresql, {variant}", "per_s"), 400)
        for variant in variants
    ]


@dataclass(frozen=True, slots=True)
class _Desk:
    """What a request knows when it comes to record something."""

    clinic: Clinic
    now: datetime


def _desk(database: Database) -> _Desk:
    with database.read() as session:
        return _Desk(session.scalars(select(Clinic)).one(), now(session))


def _through_care(home: Home, count: int, at_once: int = 1) -> Sample:
    with home.copy() as (database, _):
        desk = _desk(database)
        jobs = [partial(_record, database, desk, patient_id) for patient_id in _patients(database, count)]
        return _timed(database, jobs, at_once)


def _record(database: Database, desk: _Desk, patient_id: uuid.UUID) -> None:
    with database.begin(clinic=desk.clinic.id) as session:
        patient = patients.get(session, desk.clinic.id, patient_id, held=True)
        treatments.record(session, Actor(desk.clinic.id, "form"), desk.clinic, patient, _TREATMENT, desk.now)


def _raw(home: Home, rows: Sequence[Rows], write: Callable[[Database, Rows], None]) -> Sample:
    with home.copy() as (database, _):
        return _timed(database, [partial(write, database, one) for one in rows])


def _write(database: Database, rows: Rows) -> None:
    with database.begin() as session:
        inserting.write(session, rows)


def _insert(database: Database, rows: Rows) -> None:
    with database.engine.begin() as connection:
        for table, values in rows:
            connection.execute(insert(table), values)


def _timed(database: Database, jobs: Sequence[Callable[[], None]], at_once: int = 1) -> Sample:
    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(_took, jobs[: _WARM * at_once]))
        with counted(database.engine) as sql:
            began, cpu = time.perf_counter(), time.process_time()
            taken = list(pool.map(_took, jobs[_WARM * at_once :]))
            wall, cpu = time.perf_counter() - began, time.process_time() - cpu
    return {
        "per_s": len(taken) / wall,
        "p50_ms": 1000 * percentile(taken, 0.5),
        "p99_ms": 1000 * percentile(taken, 0.99),
        "cpu_ms": 1000 * cpu / len(taken),
        "statements": sql.statements / len(taken),
        "rows": _count(database) / len(jobs),
    }


def _took(job: Callable[[], None]) -> float:
    began = time.perf_counter()
    job()
    return time.perf_counter() - began


def _count(database: Database) -> int:
    with database.read() as session:
        return sum(session.scalar(text(f"SELECT count(*) FROM {table.__tablename__}")) or 0 for table in _TABLES)


def _patients(database: Database, count: int) -> list[uuid.UUID]:
    with database.read() as session:
        return list(session.scalars(select(Patient.id).order_by(Patient.id).limit(count)))


def _same_rows(home: Home, count: int) -> list[Rows]:
    """What `record` writes for each patient, read back from a copy that is then dropped."""
    with home.copy() as (database, _):
        desk = _desk(database)
        for patient_id in _patients(database, count):
            _record(database, desk, patient_id)
        return _by_treatment(database)


def _by_treatment(database: Database) -> list[Rows]:
    with database.engine.connect() as connection:
        read = {
            table: [dict(row) for row in connection.execute(select(table.__table__)).mappings()] for table in _TABLES
        }
    return [_rows_of(one, read) for one in read[Treatment]]


def _rows_of(treatment: dict[str, Any], read: dict[Any, list[dict[str, Any]]]) -> Rows:
    messages = [row for row in read[Message] if row["treatment_id"] == treatment["id"]]
    ids = {row["id"] for row in messages}
    return [
        (Treatment, [treatment]),
        (Reminder, [row for row in read[Reminder] if row["treatment_id"] == treatment["id"]]),
        (Message, messages),
        (MessageReminder, [row for row in read[MessageReminder] if row["message_id"] in ids]),
        (Audit, [row for row in read[Audit] if row["subject_id"] == treatment["id"]]),
    ]


def _ratio(figures: Figures, name: str) -> str:
    care, write, bare = (f"{name}, {variant}" for variant in ("record", "one write", "bare"))
    return (
        f"{name}: `record` does {figures.ratio('per_s', care, bare):.0%} of what bare inserts do, at "
        f"{figures.ratio('cpu_ms', care, bare):.1f} times their CPU; writing its rows alone does "
        f"{figures.ratio('per_s', write, bare):.0%}, at {figures.ratio('cpu_ms', write, bare):.1f} times"
    )


def _dominates(figures: Figures, name: str) -> str:
    care, write = f"{name}, record", f"{name}, one write"
    took, cpu = figures.median(care, "p50_ms"), figures.median(care, "cpu_ms")
    alone, its_cpu = figures.median(write, "p50_ms"), figures.median(write, "cpu_ms")
    return (
        f"{name}: of {took:.2g} ms a treatment the process is on the CPU for {cpu:.2g}, the rest is the database and "
        f"one commit. Its rows alone take {alone:.2g} ms, {its_cpu:.2g} of them CPU: what is on top is looking up and "
        "holding the patient, reading what counts, and planning."
    )
