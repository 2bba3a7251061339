"""Importing a practice system's CSV: patients, treatments and consents, each line by itself, twice without harm."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from reminders import logs
from reminders.care import audit, consents, protocols, treatments
from reminders.care.actors import Actor
from reminders.care.imports import known
from reminders.care.imports.columns import Columns, find_columns
from reminders.care.imports.file import read_table
from reminders.care.imports.people import find_or_add
from reminders.care.imports.report import (
    ACCEPTED,
    ALREADY,
    SKIPPED,
    ImportReport,
    LineResult,
)
from reminders.care.imports.rows import ImportRow, protocol_names, read_row
from reminders.care.patient_input import clean
from reminders.care.reach import address_index, reach
from reminders.database import Database
from reminders.errors import DuplicateError, InvalidInputError, NotFoundError, Problem
from reminders.models import Clinic, Patient, Reminder, Treatment
from reminders.models.kinds import ReminderState

_CHUNK = 50
"""So many lines are one transaction: on SQLite it keeps every other writer waiting."""

_TOO_LATE = "too_late"
_WORDING_VERSION = "import"

_TAKEN = "external_id_taken"
_NOT_SAVED = "not_saved"

_log = logs.get(__name__)

Numbered = tuple[int, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class _Run:
    """One import under way; `first_lines` are the treatments met so far, each with its first line."""

    actor: Actor
    columns: Columns
    now: datetime
    first_lines: dict[uuid.UUID, int] = field(default_factory=dict)


class _DryRunOverError(Exception):
    """Takes back what a trial run wrote."""


def import_csv(
    database: Database,
    clinic_id: uuid.UUID,
    data: bytes,
    now: datetime,
    dry_run: bool = False,  # noqa: FBT001, FBT002 - by keyword or not, as the CLI likes
) -> ImportReport:
    """Import every line that can be, and say of each what became of it. A line fails alone.

    A line without consent is accepted, with a warning: the clinic wants the record, and nothing is sent until there
    is consent. A known patient is not overwritten, only completed; a consent is taken over only where the ledger has
    nothing on that channel, so an old file never undoes a withdrawal. The same file again adds nothing.

    Raises:
        InvalidInputError: on file, if it cannot be read at all; see `read_table` and `find_columns`.
        NotFoundError: no such clinic.
    """
    table = read_table(data)
    run = _Run(Actor(clinic_id, "import"), find_columns(table.header), now)
    size = max(len(table.rows), 1) if dry_run else _CHUNK
    lines: list[LineResult] = []
    for start in range(0, len(table.rows), size):
        lines += _saved(database, run, table.rows[start : start + size], dry_run=dry_run)
    return ImportReport(lines, dry_run)


def _saved(database: Database, run: _Run, rows: Sequence[Numbered], *, dry_run: bool) -> list[LineResult]:
    """What became of the rows of one transaction. If the database fails it, that is said of each, and all goes on."""
    results: list[LineResult] = []
    try:
        with database.begin(clinic=run.actor.clinic_id) as session:
            results = _chunk(session, run, rows)
            _end_trial(dry_run=dry_run)
    except _DryRunOverError:
        pass
    except SQLAlchemyError as error:
        _log.error("import not saved", reason=type(error).__name__)
        return [LineResult(line, SKIPPED, _NOT_SAVED) for line, _ in rows]
    return results


def _end_trial(*, dry_run: bool) -> None:
    if dry_run:
        raise _DryRunOverError


def _chunk(session: Session, run: _Run, rows: Sequence[Numbered]) -> list[LineResult]:
    # Two imports of one clinic at a time would each add the patient whom the other adds.
    held = select(Clinic).where(Clinic.id == run.actor.clinic_id).with_for_update(key_share=True)
    clinic = session.scalar(held)
    if clinic is None:
        raise NotFoundError("no such clinic")
    published = {protocol.key: protocol.name for protocol, _ in protocols.published(session, clinic.id)}
    names = protocol_names(published)
    results = [_line(session, run, clinic, row, names) for row in rows]
    accepted = sum(result.status == ACCEPTED for result in results)
    if accepted:
        audit.note(session, run.actor, "import.accepted", "clinic", clinic.id, run.now, {"lines": accepted})
    return results


def _line(session: Session, run: _Run, clinic: Clinic, row: Numbered, names: dict[str, str]) -> LineResult:
    line, cells = row
    try:
        with session.begin_nested():
            return _take(session, run, clinic, line, read_row(cells, run.columns, names))
    except InvalidInputError as error:
        column, problem = next(iter(error.problems.items()))
        return LineResult(line, SKIPPED, problem.key, {"column": column, **problem.params})
    except DuplicateError:
        # The file number of somebody who was erased: it stays theirs, and nobody else's record hangs on it.
        return LineResult(line, SKIPPED, _TAKEN, {"column": "external_id"})


def _take(session: Session, run: _Run, clinic: Clinic, line: int, given: ImportRow) -> LineResult:
    patient = find_or_add(session, run.actor, clinic, clean(given.patient, clinic), run.now)
    is_consent_new = _take_consents(session, run, patient, given)
    told = known.told(session, clinic, patient, given.treatment, run.now)
    there = known.find(session, told)
    if there is not None:
        return _known(run, line, there, is_consent_new=is_consent_new)
    try:
        with session.begin_nested():
            treatment = treatments.record(session, run.actor, clinic, patient, given.treatment, run.now)
    except DuplicateError as error:
        existing = session.get_one(Treatment, uuid.UUID(error.existing_id))
        known.recognise(session, told, existing)
        return _known(run, line, existing, is_consent_new=is_consent_new)
    treatment.import_key = told.key
    run.first_lines[treatment.id] = line
    return LineResult(line, ACCEPTED, _why_silent(session, patient, treatment))


def _known(run: _Run, line: int, treatment: Treatment, *, is_consent_new: bool) -> LineResult:
    first = run.first_lines.setdefault(treatment.id, line)
    if first != line:
        raise InvalidInputError({"treated_on": Problem("duplicate_in_file", first=str(first))})
    return LineResult(line, ACCEPTED, "consent_added") if is_consent_new else LineResult(line, ALREADY)


def _take_consents(session: Session, run: _Run, patient: Patient, given: ImportRow) -> bool:
    """Grant what the line says was agreed to, where there is an address and the ledger says nothing yet."""
    told = {entry.channel for entry in consents.history(session, patient.id)}
    fresh = [channel for channel in given.evidence if address_index(patient, channel) and channel not in told]
    for channel in fresh:
        evidence = f"Practice system export: {given.evidence[channel]}"
        grant = consents.Grant(patient.id, channel, _WORDING_VERSION, evidence, patient.language)
        consents.grant(session, run.actor, grant, run.now)
    return bool(fresh)


def _why_silent(session: Session, patient: Patient, treatment: Treatment) -> str:
    """Why nothing will be sent for this treatment; "" if something will."""
    owed = (Reminder.treatment_id == treatment.id, Reminder.state == ReminderState.OWED)
    if session.scalar(select(Reminder.id).where(*owed).limit(1)) is not None:
        return ""
    return reach(session, patient).reason or _TOO_LATE
