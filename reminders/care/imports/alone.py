"""One line of an import by itself: whatever may touch somebody or something that is here already."""

import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from reminders.care import consents, ledger, superseding, treatments
from reminders.care.imports import known
from reminders.care.imports.evidence import grants
from reminders.care.imports.people import find_or_add
from reminders.care.imports.ready import Line, Run, Setting
from reminders.care.imports.report import ACCEPTED, ALREADY, BOTH_GO_ON, SKIPPED, TOO_LATE, LineResult
from reminders.care.imports.rows import ImportRow, read_row
from reminders.care.minors import PATIENT, is_for_guardian
from reminders.care.patient_input import clean
from reminders.care.reach import address_index, reach
from reminders.errors import DuplicateError, EarlierTreatmentError, InvalidInputError, Problem
from reminders.models import Clinic, Patient, Reminder, Treatment
from reminders.models.kinds import ReminderState

_TAKEN = "external_id_taken"


def take_line(session: Session, run: Run, setting: Setting, given: Line) -> LineResult:
    """What became of a line, stored or not. Without its problem it leaves nothing of itself."""
    line = given.number
    try:
        with session.begin_nested():
            return _take(session, run, setting.clinic, line, read_row(given.cells, run.columns, setting.names))
    except InvalidInputError as error:
        column, problem = next(iter(error.problems.items()))
        return LineResult(line, SKIPPED, problem.key, {"column": column, **problem.params})
    except DuplicateError:
        # The file number of somebody who was erased: it stays theirs, and nobody else's record hangs on it.
        return LineResult(line, SKIPPED, _TAKEN, {"column": "external_id"})


def _take(session: Session, run: Run, clinic: Clinic, line: int, given: ImportRow) -> LineResult:
    patient = find_or_add(session, run.actor, clinic, clean(given.patient, clinic), run.now)
    is_consent_new = _take_consents(session, run, patient, given)
    told = known.told(session, clinic, patient, given.treatment, run.now)
    there = known.find(session, told)
    if there is not None:
        return _known(run, line, there, is_consent_new=is_consent_new)
    try:
        treatment, both_go_on = _record(session, run, clinic, patient, given)
    except DuplicateError as error:
        existing = session.get_one(Treatment, uuid.UUID(error.existing_id))
        known.recognise(session, told, existing)
        return _known(run, line, existing, is_consent_new=is_consent_new)
    treatment.import_key = told.key
    run.first_lines[treatment.id] = line
    silent = _why_silent(session, patient, treatment)
    return LineResult(line, ACCEPTED, silent or (BOTH_GO_ON if both_go_on else ""))


def _record(session: Session, run: Run, clinic: Clinic, patient: Patient, given: ImportRow) -> tuple[Treatment, bool]:
    """The line's treatment, and whether an earlier one goes on beside it only because the line does not say.

    Calling off what is planned for somebody is never a guess: both go on, and staff are asked.
    """
    try:
        with session.begin_nested():
            return _stored(session, run, clinic, patient, given, supersedes=given.supersedes), False
    except EarlierTreatmentError:
        treatment = _stored(session, run, clinic, patient, given, supersedes=False)
        superseding.ask_staff(session, clinic.id, patient.id, treatment.id, run.now)
        return treatment, True


def _stored(
    session: Session, run: Run, clinic: Clinic, patient: Patient, given: ImportRow, *, supersedes: bool | None
) -> Treatment:
    who = (run.actor, clinic, patient)
    return treatments.record(session, *who, given.treatment, run.now, supersedes=supersedes)


def _known(run: Run, line: int, treatment: Treatment, *, is_consent_new: bool) -> LineResult:
    first = run.first_lines.setdefault(treatment.id, line)
    if first != line:
        raise InvalidInputError({"treated_on": Problem("duplicate_in_file", first=str(first))})
    return LineResult(line, ACCEPTED, "consent_added") if is_consent_new else LineResult(line, ALREADY)


def _take_consents(session: Session, run: Run, patient: Patient, given: ImportRow) -> bool:
    """Grant what the line says was agreed to, where there is an address and the ledger says nothing yet, or only that
    what a child had agreed to holds no longer: then what a parent or the tutor agrees to does."""
    told = ledger.newest(session, patient.id)
    open_to = {what for what, held in told.items() if given.giver != PATIENT and is_for_guardian(held)}
    here = [what for what in given.evidence if address_index(patient, what[0])]
    fresh = [what for what in here if what not in told or what in open_to]
    for agreed in grants(patient.id, given, fresh, patient.language):
        consents.grant(session, run.actor, agreed, run.now)
    return bool(fresh)


def _why_silent(session: Session, patient: Patient, treatment: Treatment) -> str:
    """Why nothing will be sent for this treatment; "" if something will."""
    owed = (Reminder.treatment_id == treatment.id, Reminder.state == ReminderState.OWED)
    if session.scalar(select(Reminder.id).where(*owed).limit(1)) is not None:
        return ""
    return reach(session, patient).reason or TOO_LATE
