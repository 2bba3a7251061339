"""Recording a treatment: find or add the patient, see what they will receive, save."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from reminders.care import consents, patients, treatments
from reminders.care.preview import Preview
from reminders.errors import DuplicateError, EarlierTreatmentError, InvalidInputError, Problem
from reminders.web.access import Posted, Reader, Writer
from reminders.web.pages import record_once as once
from reminders.web.pages import record_people as people
from reminders.web.pages.record_calendar import calendar, segments_in
from reminders.web.pages.record_form import NEW, Ask, RecordForm, asked_for, kept, parse
from reminders.web.pages.record_look import doubts, look
from reminders.web.pages.record_start import begun
from reminders.web.pages.record_typed import typed_patient
from reminders.web.pages.record_view import Duplicate, form_context
from reminders.web.views import page
from reminders.web.visitors import Member

router = APIRouter(include_in_schema=False)


@router.get("/treatments/new")
def show(member: Reader, patient: str = "") -> Response:
    """An empty form, or one for a patient already chosen, with what was chosen last time."""
    with member.read() as session:
        filled = begun(session, member, patient)
    return _form_page(member, filled, {})


@router.post("/treatments/new")
def advance(sent: Writer) -> Response:
    """Whichever button was pressed. What is wrong comes back beside its field, with all that was typed."""
    filled, asked = parse(sent.form), asked_for(sent.form)
    try:
        answer = _STEPS[asked](sent, filled)
    except InvalidInputError as error:
        answer = _form_page(sent.member, filled, error.problems, 422)
    return _first_answer(sent) or answer if asked in _SAVING and answer.status_code != HTTPStatus.SEE_OTHER else answer


def _first_answer(sent: Posted) -> Response | None:
    """What this very form was answered when it was saved before: it is no doubt about itself.

    Looked up after the doubt, so that of two presses at one moment the first is seen.
    """
    with sent.member.read() as session:
        location = once.answered(session, sent.member, sent.form)
    return RedirectResponse(location, 303) if location else None


def _refill(sent: Posted, filled: RecordForm) -> Response:
    return _form_page(sent.member, filled, {})


def _find(sent: Posted, filled: RecordForm) -> Response:
    """One who is found is chosen; where nobody is, what was typed begins a new patient."""
    member = sent.member
    with member.read() as session:
        found = patients.search(session, member.clinic.id, filled.q, 2)
    if len(found) == 1 and not filled.patient_id:
        filled = replace(filled, patient_id=str(found[0].id))
    elif filled.q and not found and not filled.patient.given_name:
        filled = replace(filled, patient_id=NEW, patient=typed_patient(filled.q, filled.patient.language))
    return _form_page(member, filled, {})


def _preview(sent: Posted, filled: RecordForm) -> Response:
    return _preview_page(sent, filled, None)


def _record(sent: Posted, filled: RecordForm) -> Response:
    """Save at once where nothing is in doubt; else somebody looks first."""
    with sent.member.read() as session:
        _, found = look(session, sent.member, filled).whole()
    return _preview_page(sent, filled, None) if doubts(found, sent.member) else _save(sent, filled)


def _save(sent: Posted, filled: RecordForm) -> Response:
    try:
        with sent.member.begin() as session:
            claimed = once.claim(session, sent.member, sent.form)
            location = once.led_to(claimed) or _stored(session, sent.member, filled)
            once.note(claimed, location)
    except DuplicateError as error:
        return _preview_page(sent, filled, UUID(error.existing_id), 409)
    except EarlierTreatmentError:
        return _preview_page(sent, filled, None, 409)
    return RedirectResponse(location, 303)


def _stored(session: Session, member: Member, filled: RecordForm) -> str:
    """Everything that the form says, stored; the page that shows it."""
    patient = people.stored(session, member, filled)
    # Consents first: they decide by which channel the new treatment's messages go.
    for grant in people.grants(member, patient, filled):
        consents.grant(session, member.actor, grant, member.now)
    who, said = (member.actor, member.clinic, patient), filled.supersedes
    treatments.record(session, *who, filled.treatment, member.now, confirmed=filled.confirmed, supersedes=said)
    return f"/patients/{patient.id}?done=recorded"


_STEPS: Mapping[Ask, Callable[[Posted, RecordForm], Response]] = {
    Ask.FIND: _find,
    Ask.EDIT: _refill,
    Ask.PREVIEW: _preview,
    Ask.RECORD: _record,
    Ask.SAVE: _save,
}

_SAVING = frozenset({Ask.RECORD, Ask.SAVE})


def _form_page(member: Member, filled: RecordForm, problems: Mapping[str, Problem], status: int = 200) -> Response:
    with member.read() as session:
        context = form_context(session, member, filled, problems)
    return page(member, "record.html", status, problems=problems, **context)


def _preview_page(sent: Posted, filled: RecordForm, refused: UUID | None, status: int = 200) -> Response:
    member = sent.member
    with member.read() as session:
        looked = look(session, member, filled)
        patient, found = looked.whole()
        treatment_id = refused or (None if filled.confirmed else found.duplicate_of)
        existing = treatments.get(session, member.clinic.id, treatment_id) if treatment_id else None
    shown = calendar(found, member.language)
    context: dict[str, Any] = {
        "who": f"{patient.given_name} {patient.family_name}".strip(),
        "treated_at": found.treated_at,
        "calendar": shown,
        "segments": segments_in(shown),
        "channels": looked.channels,
        "duplicate": Duplicate(existing.patient_id, existing.id) if existing else None,
        "earlier": found.earlier,
        "problems": _unsaid(found, filled) if status != HTTPStatus.OK else {},
        "supersedes": filled.supersedes,
        "kept": list(kept(sent.form.fields)),
    }
    return page(member, "record_preview.html", status, **context)


def _unsaid(found: Preview, filled: RecordForm) -> dict[str, Problem]:
    return {"supersedes": Problem("supersedes_missing")} if found.earlier and filled.supersedes is None else {}
