"""Recording one treatment with all that it owes, one commit each, beside bare inserts of the very same rows."""

import time
import uuid
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from sqlalchemy import insert, select, text

from benchmarks.counting import counted
from benchmarks.figures import Figures, Sample, by_turns, percentile
from benchmarks.homes import Home
from benchmarks.lab import Column, Lab, Section
from benchmarks.practice import TUESDAY, add_patients, open_practice
from reminders.care import treatments
from reminders.care.actors import Actor
from reminders.database import Base, Database
from reminders.models import Audit, Clinic, Message, MessageReminder, Patient, Reminder, Treatment
from reminders.models.instance import now

TREATMENTS = 200

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
        variants[f"{home.name}, record"] = partial(_through_care, home, count)
        variants[f"{home.name}, bare"] = partial(_bare, home, _same_rows(home, count))
    figures = by_turns(variants, lab.repeats)
    what = (
        f"{count:,} treatments of as many patients, one after the other, a commit each: through "
        "`care.treatments.record` (the patient's row locked, the calendar planned, three reminders, three messages, "
        "their links, an audit entry) and as bare Core inserts of the very same rows."
    )
    names = [home.name for home in lab.homes]
    ratios = [_ratio(figures, name) for name in names]
    return Section("record", what, _COLUMNS, figures, ratios, [_dominates(figures, name) for name in names])


def _through_care(home: Home, count: int) -> Sample:
    with home.copy() as (database, _):
        return _timed(database, [partial(_record, database, patient_id) for patient_id in _patients(database, count)])


def _record(database: Database, patient_id: uuid.UUID) -> None:
    with database.begin() as session:
        patient = session.get_one(Patient, patient_id)
        clinic = session.get_one(Clinic, patient.clinic_id)
        treatments.record(session, Actor(clinic.id, "form"), clinic, patient, _TREATMENT, now(session))


def _bare(home: Home, rows: Sequence[Rows]) -> Sample:
    with home.copy() as (database, _):
        return _timed(database, [partial(_insert, database, one) for one in rows])


def _insert(database: Database, rows: Rows) -> None:
    with database.engine.begin() as connection:
        for table, values in rows:
            connection.execute(insert(table), values)


def _timed(database: Database, jobs: Sequence[Callable[[], None]]) -> Sample:
    taken: list[float] = []
    # Statements are compiled once a process; the first of each is no treatment's fault.
    jobs[0]()
    with counted(database.engine) as sql:
        began, cpu = time.perf_counter(), time.process_time()
        for job in jobs[1:]:
            before = time.perf_counter()
            job()
            taken.append(time.perf_counter() - before)
        wall, cpu = time.perf_counter() - began, time.process_time() - cpu
    return {
        "per_s": len(taken) / wall,
        "p50_ms": 1000 * percentile(taken, 0.5),
        "p99_ms": 1000 * percentile(taken, 0.99),
        "cpu_ms": 1000 * cpu / len(taken),
        "statements": sql.statements / len(taken),
        "rows": _count(database) / len(jobs),
    }


def _count(database: Database) -> int:
    with database.read() as session:
        return sum(session.scalar(text(f"SELECT count(*) FROM {table.__tablename__}")) or 0 for table in _TABLES)


def _patients(database: Database, count: int) -> list[uuid.UUID]:
    with database.read() as session:
        return list(session.scalars(select(Patient.id).order_by(Patient.id).limit(count)))


def _same_rows(home: Home, count: int) -> list[Rows]:
    """What `record` writes for each patient, read back from a copy that is then dropped."""
    with home.copy() as (database, _):
        patients = _patients(database, count)
        for patient_id in patients:
            _record(database, patient_id)
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
    times = figures.ratio("per_s", f"{name}, record", f"{name}, bare")
    cpu = figures.ratio("cpu_ms", f"{name}, record", f"{name}, bare")
    return f"{name}: `record` does {times:.0%} of what bare inserts do, at {cpu:.1f} times their CPU"


def _dominates(figures: Figures, name: str) -> str:
    care, bare = f"{name}, record", f"{name}, bare"
    took, cpu = figures.median(care, "p50_ms"), figures.median(care, "cpu_ms")
    more = figures.median(care, "statements") - figures.median(bare, "statements")
    return (
        f"{name}: of {took:.1f} ms a treatment the process is on the CPU for {cpu:.1f}, putting together and reading "
        f"{more:.0f} statements more than the bare inserts, which take {figures.median(bare, 'p50_ms'):.1f} ms with "
        "their commit."
    )
