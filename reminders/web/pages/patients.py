"""Seeing a patient with all that was sent and said, and changing what is on file."""

from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from reminders.care import patients
from reminders.errors import DuplicateError, InvalidInputError, Problem
from reminders.models import Patient
from reminders.web.access import Posted, Reader, Writer
from reminders.web.pages.looks import note_look
from reminders.web.pages.patient_view import input_of, patient_context
from reminders.web.pages.record_form import patient_fields, patient_from
from reminders.web.views import page
from reminders.web.visitors import Member

router = APIRouter(include_in_schema=False, prefix="/patients")


@router.get("/{patient_id}")
def show(member: Reader, patient_id: UUID, treatment: UUID | None = None) -> Response:
    """One patient, with the timeline of all treatments or of one. That somebody looked is noted."""
    with member.read() as session:
        patient = patients.get(session, member.clinic.id, patient_id)
        context = patient_context(session, member, patient, treatment)
    note_look(member, patient_id)
    return page(member, "patient.html", **context)


@router.get("/{patient_id}/edit")
def show_edit(member: Reader, patient_id: UUID) -> Response:
    """The form with what is on file."""
    with member.read() as session:
        patient = patients.get(session, member.clinic.id, patient_id)
    return _edit_page(member, patient_id, patient_fields(input_of(patient)), {})


@router.post("/{patient_id}/edit")
def edit(sent: Writer, patient_id: UUID) -> Response:
    """Change what is on file; messages still to come follow."""
    typed = patient_from(sent.form)
    try:
        with sent.member.begin() as session:
            changed = _change(session, sent, patients.get(session, sent.member.clinic.id, patient_id))
    except InvalidInputError as error:
        return _edit_page(sent.member, patient_id, patient_fields(typed), error.problems, 422)
    return _back(patient_id, "saved_under_age" if "consents" in changed else "saved")


def _change(session: Session, sent: Posted, patient: Patient) -> frozenset[str]:
    member = sent.member
    given = patients.clean(patient_from(sent.form), member.clinic)
    try:
        return patients.change(session, member.actor, member.clinic, patient, given, member.now)
    except DuplicateError:
        raise InvalidInputError({"external_id": Problem("external_id_taken")}) from None


def _edit_page(
    member: Member, patient_id: UUID, form: dict[str, str], problems: dict[str, Problem], status: int = 200
) -> Response:
    context: dict[str, Any] = {"form": form, "patient_id": patient_id, "zones": sorted(available_timezones())}
    return page(member, "patient_edit.html", status, problems=problems, **context)


def _back(patient_id: UUID, done: str) -> Response:
    return RedirectResponse(f"/patients/{patient_id}?done={done}", 303)
