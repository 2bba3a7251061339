"""Importing a practice system's files of new patients with their treatments, beside copying the same rows."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

import psycopg
from sqlalchemy import func, select

from benchmarks.counting import counted
from benchmarks.figures import Figures, Sample, by_turns
from benchmarks.homes import Home
from benchmarks.lab import Column, Goal, Lab, Section
from benchmarks.machine import cpu_seconds
from benchmarks.practice import Practice, open_practice
from reminders.care import imports
from reminders.care.imports.file import MOST_ROWS
from reminders.cli.desk import without_collecting
from reminders.database import Base, Database
from reminders.models import Audit, Consent, Message, MessageReminder, NameToken, Patient, Reminder, Treatment
from reminders.models.instance import now
from tests.data.make_practice_export import FAMILY_NAMES, GIVEN_NAMES

LINES = 20_000
AGAIN = 500
"""Lines imported a second time: all of them are known, and go one by one."""

_TABLES: Sequence[type[Base]] = (Patient, NameToken, Consent, Treatment, Reminder, Message, MessageReminder, Audit)
_HEADER = (
    "No dossier;Nom;Prénom;Date de naissance;Langue;Cellulaire;Courriel;Date du traitement;Heure;Traitement;Praticien;"
    "Consentement texto;Consentement courriel"
)
_COLUMNS = (
    Column("per_s", "lines/s"),
    Column("cpu_us", "CPU µs each"),
    Column("server_us", "server's CPU µs each"),
    Column("statements", "statements per 1,000"),
    Column("rows", "rows each"),
)


def run(lab: Lab) -> Section:
    """Lines/s of new patients, of known ones, and of their rows alone."""
    count = lab.n or LINES
    variants: dict[str, Callable[[], Sample]] = {}
    practices: list[Practice] = []
    for home in lab.homes:
        home.template(lambda database, settings: practices.append(open_practice(database, settings)))
        variants[f"{home.name}, new"] = partial(_new, home, practices[-1], count)
        variants[f"{home.name}, again"] = partial(_again, home, practices[-1], min(count, AGAIN))
        if home.name == "postgresql":
            variants[f"{home.name}, rows alone"] = partial(_rows_alone, home, practices[-1], min(count, MOST_ROWS))
    figures = by_turns(variants, lab.repeats)
    what = (
        f"{count:,} treatments of as many new patients, in files of {MOST_ROWS:,} lines: cells cleaned, numbers and "
        "addresses checked, people looked up, planned, encrypted, written (a transaction for each 2,500, on SQLite "
        f"for each 500), without Python's cycle collector, as the command does it. `again`: {AGAIN} of them a second "
        "time, each known and looked at by itself. `rows alone`: the very same rows, ready made, by COPY: what the "
        "database's one core takes for them, with their indexes and foreign keys."
    )
    dominates = [_dominates(figures, home.name) for home in lab.homes]
    goal = Goal("postgresql: lines of new patients/s", figures.median("postgresql, new", "per_s"), 2_500)
    return Section("importing", what, _COLUMNS, figures, [_ratio(figures)], dominates, [goal])


def lines_of(count: int, first: int = 0) -> bytes:
    """A practice system's file of so many new patients, from the `first` on; every number and address is another."""
    return "\r\n".join([_HEADER, *map(_line, range(first, first + count))]).encode()


def _line(number: int) -> str:
    name = f"{FAMILY_NAMES[number % 20]};{GIVEN_NAMES[number % 18]}"
    phone = f"514-{200 + number // 10_000 % 700:03}-{number % 10_000:04}"
    treated = f"0{8 + number % 2}/03/2026;{9 + number % 8}:{number % 4 * 15:02}"
    agreed = "oui" if number % 3 == 0 else ""
    return (
        f"D-{number};{name};17/05/19{50 + number % 40};{'FA'[number % 2]};{phone};p{number}@example.com;{treated};"
        f"Microneedling;Dre Sophie Ménard;oui;{agreed}"
    )


def _new(home: Home, practice: Practice, count: int) -> Sample:
    with home.copy() as (database, _):
        files = [lines_of(min(MOST_ROWS, count - first), first) for first in range(0, count, MOST_ROWS)]
        return _measured(home, database, practice, files, count)


def _again(home: Home, practice: Practice, count: int) -> Sample:
    with home.copy() as (database, _):
        imports.import_csv(database, practice.clinic_id, lines_of(count), _now(database))
        return _measured(home, database, practice, [lines_of(count)], count)


def _measured(home: Home, database: Database, practice: Practice, files: Sequence[bytes], count: int) -> Sample:
    moment, before = _now(database), _count(database)
    with counted(database.engine) as sql:
        watch = _Watch(home)
        with without_collecting():
            for data in files:
                _must_be_taken(imports.import_csv(database, practice.clinic_id, data, moment))
        sample = watch.sample(count)
    return {**sample, "statements": 1000 * sql.statements / count, "rows": (_count(database) - before) / count}


def _must_be_taken(report: imports.ImportReport) -> None:
    wrong = [line for line in report.lines if line.reason]
    if wrong:
        raise RuntimeError(f"{len(wrong)} lines were not imported: nothing is kept of this")


def _rows_alone(home: Home, practice: Practice, count: int) -> Sample:
    with home.copy() as (database, _):
        imports.import_csv(database, practice.clinic_id, lines_of(count), _now(database))
        names = [table.__tablename__ for table in _TABLES]
        with psycopg.connect(_url(database)) as connection:
            rows = {name: _copied_out(connection, name) for name in names}
            connection.execute(f"TRUNCATE {', '.join(names)} CASCADE")
            connection.commit()
            watch = _Watch(home)
            for name in names:
                with connection.cursor().copy(f"COPY {name} FROM STDIN") as copy:
                    copy.write(rows[name])
            connection.commit()
            sample = watch.sample(count)
        return {**sample, "statements": 1000 * len(names) / count, "rows": _count(database) / count}


def _copied_out(connection: psycopg.Connection, table: str) -> bytes:
    with connection.cursor().copy(f"COPY {table} TO STDOUT") as copy:
        return b"".join(map(bytes, copy))


class _Watch:
    """The clock, this process's CPU and the server's, from now on."""

    def __init__(self, home: Home) -> None:
        self._pids = home.pids()
        self._began, self._cpu, self._server = time.perf_counter(), time.process_time(), cpu_seconds(self._pids)

    def sample(self, count: int) -> Sample:
        """What they say until now, of `count` lines."""
        wall, cpu = time.perf_counter() - self._began, time.process_time() - self._cpu
        server = cpu_seconds(self._pids) - self._server
        return {"per_s": count / wall, "cpu_us": 1e6 * cpu / count, "server_us": 1e6 * server / count}


def _now(database: Database) -> datetime:
    with database.read() as session:
        return now(session)


def _url(database: Database) -> str:
    return database.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)


def _count(database: Database) -> int:
    with database.engine.connect() as connection:
        counts = [connection.scalar(select(func.count()).select_from(table.__table__)) for table in _TABLES]
    return sum(count or 0 for count in counts)


def _ratio(figures: Figures) -> str:
    new, alone = "postgresql, new", "postgresql, rows alone"
    return (
        f"postgresql: an import does {figures.ratio('per_s', new, alone):.0%} of what its rows alone would do on a "
        f"server with nothing else to wait for, at {figures.ratio('server_us', new, alone):.2g} times its CPU"
    )


def _dominates(figures: Figures, name: str) -> str:
    new = f"{name}, new"
    cpu, server, rows = (figures.median(new, figure) for figure in ("cpu_us", "server_us", "rows"))
    if not server:
        return f"{name}: {cpu:.0f} µs of the process's CPU a line, the database included, for {rows:.0f} rows."
    return (
        f"{name}: {cpu:.0f} µs of the process's CPU a line, and of the server's {server:.0f}, at the same time as far "
        f"as there are cores for both, for {rows:.0f} rows. The server looks behind 40 foreign keys a line, which is "
        "more than half of its time; the process cleans the line, puts its rows together, and spells them, a third of "
        "its time each."
    )
