"""Patients."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response

from reminders.care import patients
from reminders.care.patient_search import searching
from reminders.models import Patient
from reminders.web.api.caller import KnownCaller
from reminders.web.api.errors import duplicates_as, path_to
from reminders.web.api.once import Made, OnlyOnce
from reminders.web.api.paging import Listing, fetch
from reminders.web.api.patient_models import (
    NewPatient,
    PatientChange,
    PatientPage,
    PatientQuery,
    PatientShown,
    on_file,
)
from reminders.web.api.people import add_patient, as_shown
from reminders.web.api.route import ApiRoute

router = APIRouter(prefix="/patients", tags=["patients"], route_class=ApiRoute)


@router.get("")
def list_patients(caller: KnownCaller, asked: Annotated[PatientQuery, Query()]) -> PatientPage:
    """The clinic's patients, the newest first; with `search`, those whom it may mean."""
    with caller.read() as session:
        everybody = select(Patient).where(Patient.erased_at.is_(None))
        query = searching(session, caller.clinic.id, asked.search) if asked.search.strip() else everybody
        listing = Listing("patients", query, (Patient.created_at, Patient.id), newest_first=True)
        page = fetch(session, caller, listing, asked)
        return PatientPage(items=as_shown(session, (row[0] for row in page.rows)), next=page.next)


@router.post("", status_code=201, response_model=PatientShown)
def create_patient(once: OnlyOnce, given: NewPatient) -> Response:
    """Add a patient."""

    def act(session: Session) -> Made:
        patient = add_patient(session, once.caller, given)
        return Made(as_shown(session, [patient])[0], 201, path_to("patients", patient.id))

    return once.answer(act)


@router.get("/{patient_id}")
def read_patient(caller: KnownCaller, patient_id: UUID) -> PatientShown:
    """One patient."""
    with caller.read() as session:
        return as_shown(session, [patients.get(session, caller.clinic.id, patient_id)])[0]


@router.patch("/{patient_id}")
def change_patient(caller: KnownCaller, patient_id: UUID, given: PatientChange) -> PatientShown:
    """Change what is on file; messages still to come follow a new address, language or zone."""
    with caller.begin() as session, duplicates_as("patients", "external_id", "external_id_taken"):
        patient = patients.get(session, caller.clinic.id, patient_id)
        clean = patients.clean(given.typed(on_file(patient)), caller.clinic)
        patients.change(session, caller.actor, caller.clinic, patient, clean, caller.now)
        return as_shown(session, [patient])[0]
