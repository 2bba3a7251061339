"""Recording a treatment: find or add the patient, see what they will receive, save."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from reminders.care import consents, patients, treatments
from reminders.care.ledger import Agreement
from reminders.care.minors import check_giver, today
from reminders.care.patients import CleanPatient
from reminders.care.preview import Preview
from reminders.errors import DuplicateError, EarlierTreatmentError, InvalidInputError, Problem
from reminders.models import Patient
from reminders.models.kinds import Channel, Purpose
from reminders.web.access import Posted, Reader, Writer
from reminders.web.pages.consent_view import agreed
from reminders.web.pages.record_form import Ask, RecordForm, asked_for, blank, kept, parse
from reminders.web.pages.record_view import Duplicate, calendar, form_context
from reminders.web.views import page
from reminders.web.visitors import Member

router = APIRouter(include_in_schema=False)


@router.get("/treatments/new")
def show(member: Reader, patient: str = "") -> Response:
    """An empty form, or one for a patient already chosen."""
    filled = blank(patient, member.clinic.language.value, member.now, member.zone)
    return _form_page(member, filled, {})


@router.post("/treatments/new")
def advance(sent: Writer) -> Response:
    """Whichever button was pressed. What is wrong comes back beside its field, with all that was typed."""
    filled = parse(sent.form)
    try:
        return _STEPS[asked_for(sent.form)](sent, filled)
    except InvalidInputError as error:
        return _form_page(sent.member, filled, error.problems, 422)


def _refill(sent: Posted, filled: RecordForm) -> Response:
    return _form_page(sent.member, filled, {})


def _preview(sent: Posted, filled: RecordForm) -> Response:
    return _preview_page(sent, filled, None)


def _save(sent: Posted, filled: RecordForm) -> Response:
    member = sent.member
    try:
        with member.begin() as session:
            patient = _stored_patient(session, member, filled)
            # Consents first: they decide by which channel the new treatment's messages go.
            for grant in _grants(member, patient, filled):
                consents.grant(session, member.actor, grant, member.now)
            who, said = (member.actor, member.clinic, patient), filled.supersedes
            treatments.record(session, *who, filled.treatment, member.now, confirmed=filled.confirmed, supersedes=said)
    except DuplicateError as error:
        return _preview_page(sent, filled, UUID(error.existing_id), 409)
    except EarlierTreatmentError:
        return _preview_page(sent, filled, None, 409)
    return RedirectResponse(f"/patients/{patient.id}?done=recorded", 303)


_STEPS: Mapping[Ask, Callable[[Posted, RecordForm], Response]] = {
    Ask.FIND: _refill,
    Ask.EDIT: _refill,
    Ask.PREVIEW: _preview,
    Ask.SAVE: _save,
}


def _form_page(member: Member, filled: RecordForm, problems: Mapping[str, Problem], status: int = 200) -> Response:
    with member.read() as session:
        context = form_context(session, member, filled, problems)
    return page(member, "record.html", status, problems=problems, **context)


def _preview_page(sent: Posted, filled: RecordForm, refused: UUID | None, status: int = 200) -> Response:
    member = sent.member
    with member.read() as session:
        patient, found = _looked_at(session, member, filled)
        channels = _channels(session, patient, filled)
        treatment_id = refused or (None if filled.confirmed else found.duplicate_of)
        existing = treatments.get(session, member.clinic.id, treatment_id) if treatment_id else None
    context: dict[str, Any] = {
        "who": f"{patient.given_name} {patient.family_name}".strip(),
        "treated_at": found.treated_at,
        "calendar": calendar(found, member.language),
        "channels": channels,
        "duplicate": Duplicate(existing.patient_id, existing.id) if existing else None,
        "earlier": found.earlier,
        "problems": _unsaid(found, filled) if status != HTTPStatus.OK else {},
        "supersedes": filled.supersedes,
        "kept": list(kept(sent.form.fields)),
    }
    return page(member, "record_preview.html", status, **context)


def _unsaid(found: Preview, filled: RecordForm) -> dict[str, Problem]:
    return {"supersedes": Problem("supersedes_missing")} if found.earlier and filled.supersedes is None else {}


def _looked_at(session: Session, member: Member, filled: RecordForm) -> tuple[Patient | CleanPatient, Preview]:
    """The patient and the preview.

    Raises:
        InvalidInputError: everything that is wrong, with the patient and with the treatment, at once.
    """
    problems: dict[str, Problem] = {}
    patient = None
    try:
        patient = _patient(session, member, filled)
    except InvalidInputError as error:
        problems |= error.problems
    try:
        if patient is not None:
            _check_consents(member, patient, filled)
    except InvalidInputError as error:
        problems |= error.problems
    try:
        channels = _channels(session, patient, filled)
        found = treatments.preview(session, member.clinic, patient, channels, filled.treatment, member.now)
    except InvalidInputError as error:
        problems |= error.problems
    if patient is None or problems:
        raise InvalidInputError(problems)
    return patient, found


def _patient(session: Session, member: Member, filled: RecordForm) -> Patient | CleanPatient:
    """The chosen patient, or the new one as it would be stored.

    Raises:
        InvalidInputError: nobody is chosen, a field cannot be, or somebody has the same address already.
    """
    if not filled.is_new:
        return _chosen(session, member, filled.patient_id)
    given = patients.clean(filled.patient, member.clinic)
    patients.check_birth_date(given, member.now)
    if not filled.somebody_else and patients.same_address(session, member.clinic.id, given):
        raise InvalidInputError({"patient_id": Problem("same_address")})
    return given


def _chosen(session: Session, member: Member, patient_id: str) -> Patient:
    try:
        chosen = UUID(patient_id)
    except ValueError:
        raise InvalidInputError({"patient_id": Problem("patient_missing")}) from None
    return patients.get(session, member.clinic.id, chosen)


def _stored_patient(session: Session, member: Member, filled: RecordForm) -> Patient:
    found = _patient(session, member, filled)
    if isinstance(found, Patient):
        return found
    try:
        return patients.add(session, member.actor, member.clinic, found, member.now)
    except DuplicateError:
        raise InvalidInputError({"external_id": Problem("external_id_taken")}) from None


def _check_consents(member: Member, patient: Patient | CleanPatient, filled: RecordForm) -> None:
    addresses = {Channel.SMS: patient.phone, Channel.EMAIL: patient.email}
    ticked = _ticked(filled)
    lacking = {
        consents.field_of(channel, purpose): Problem("consent_without_address")
        for channel, purpose in ticked
        if not addresses[channel]
    }
    if lacking:
        raise InvalidInputError(lacking)
    if ticked:
        check_giver(patient.birth_date, filled.giver, today(member.clinic, member.now))


def _ticked(filled: RecordForm) -> list[Agreement]:
    """What is ticked, aftercare first: it decides by which channel the messages go."""
    chosen = {Purpose.AFTERCARE: filled.consents, Purpose.MARKETING: filled.marketing}
    return [(channel, purpose) for purpose in Purpose for channel in sorted(chosen[purpose])]


def _grants(member: Member, patient: Patient, filled: RecordForm) -> list[consents.Grant]:
    return [
        agreed(member, patient, channel, purpose=purpose, giver=filled.giver) for channel, purpose in _ticked(filled)
    ]


def _channels(session: Session, patient: Patient | CleanPatient | None, filled: RecordForm) -> frozenset[Channel]:
    """What the patient agreed to before, and what is ticked now."""
    before = consents.current(session, patient.id) if isinstance(patient, Patient) else {}
    return filled.consents | frozenset(before)
