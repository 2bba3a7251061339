"""Patients, and what they agreed to."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import ConfigDict, Field, StrictBool
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response

from reminders.care import consents, patients
from reminders.care.patient_search import searching
from reminders.models import Consent, Patient
from reminders.models.kinds import Channel, Language
from reminders.web.api.caller import Caller, KnownCaller
from reminders.web.api.errors import duplicates_as, fields_as, path_to
from reminders.web.api.fields import FieldProblem, Shown, Strict
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
from reminders.web.api.people import add_patient, as_shown, grant
from reminders.web.api.route import ApiRoute
from reminders.web.i18n import catalogue

router = APIRouter(prefix="/patients", tags=["patients"], route_class=ApiRoute)


class ConsentGiven(Strict):
    """That a patient agreed to a channel's current wording, or no longer agrees."""

    channel: Channel
    granted: StrictBool

    model_config = ConfigDict(json_schema_extra={"example": {"channel": "sms", "granted": True}})


class ConsentShown(Shown):
    """How a channel stands now. `notice` warns that nothing will go out all the same: the address has opted out."""

    channel: Channel
    granted: bool
    at: datetime | None = Field(None, description="Since when; null if the patient never agreed.")
    wording_version: str = ""
    wording: str = ""
    language: Language | None = None
    notice: FieldProblem | None = None


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


@router.post("/{patient_id}/consents", response_model=ConsentShown)
def record_consent(once: OnlyOnce, patient_id: UUID, given: ConsentGiven) -> Response:
    """Record a consent or its withdrawal; what is planned follows. Saying it again changes nothing."""
    caller = once.caller

    def act(session: Session) -> Made:
        patient = patients.get(session, caller.clinic.id, patient_id)
        if not given.granted:
            consents.withdraw(session, caller.actor, patient.id, given.channel, caller.now)
            return Made(_newest(session, patient, given.channel))
        with fields_as(lambda _field: "channel"):
            granted = grant(session, caller, patient, given.channel)
        return Made(_shown(granted.consent, _notice(caller, granted)))

    return once.answer(act)


def _newest(session: Session, patient: Patient, channel: Channel) -> ConsentShown:
    entries = [entry for entry in consents.history(session, patient.id) if entry.channel is channel]
    return _shown(entries[-1], None) if entries else ConsentShown(channel=channel, granted=False, at=None)


def _shown(entry: Consent, notice: FieldProblem | None) -> ConsentShown:
    return ConsentShown(
        channel=entry.channel,
        granted=entry.action.value == "granted",
        at=entry.at,
        wording_version=entry.wording_version,
        wording=entry.wording,
        language=entry.language,
        notice=notice,
    )


def _notice(caller: Caller, granted: consents.Granted) -> FieldProblem | None:
    if granted.notice is None:
        return None
    message = catalogue(caller.language).problem(granted.notice)
    return FieldProblem(field="channel", key=granted.notice.key, message=message)
