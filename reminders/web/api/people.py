"""Adding a patient for the endpoints that may: on their own, or with a treatment."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy.orm import Session

from reminders import consent
from reminders.care import consents, patients
from reminders.care.names import fold
from reminders.care.patients import CleanPatient
from reminders.errors import Problem
from reminders.models import Patient
from reminders.models.kinds import Channel
from reminders.web.api.caller import Caller
from reminders.web.api.errors import ConflictError, duplicates_as, fields_as, path_to
from reminders.web.api.patient_models import NewPatient, PatientShown, shown


def add_patient(session: Session, caller: Caller, given: NewPatient, prefix: str = "") -> Patient:
    """A new patient with the consents that came with it. `prefix` says where in the request the patient stands.

    Raises:
        InvalidInputError: a field that cannot be.
        ConflictError: the file number is taken; or the same name is there with the same address, unless confirmed.
    """
    with fields_as(lambda field: prefix + _REQUEST_NAME.get(field, field)):
        clean = patients.clean(given.typed(), caller.clinic)
        if not given.confirm_duplicate:
            _refuse_same_person(session, caller, clean)
        with duplicates_as("patients", f"{prefix}external_id", "external_id_taken"):
            patient = patients.add(session, caller.actor, caller.clinic, clean, caller.now)
        for channel in sorted(set(given.consents)):
            grant(session, caller, patient, channel)
    return patient


def grant(session: Session, caller: Caller, patient: Patient, channel: Channel) -> consents.Granted:
    """Record that the patient agreed to the current wording, in their language.

    Raises:
        InvalidInputError: on consent_sms or consent_email: the patient has no such address.
    """
    wording = consents.wording(consents.CURRENT, channel, patient.language, caller.clinic.name)
    given = consents.Grant(patient.id, channel, consents.CURRENT, wording, patient.language)
    return consents.grant(session, caller.actor, given, caller.now)


def as_shown(session: Session, found: Iterable[Patient]) -> list[PatientShown]:
    """Patients as answers have them: one query for all of their consents."""
    listed = list(found)
    ids: list[UUID] = [patient.id for patient in listed]
    agreed = consent.consented(session, ids)
    return [shown(patient, agreed) for patient in listed]


_REQUEST_NAME = {"consent_sms": "consents", "consent_email": "consents"}


def _refuse_same_person(session: Session, caller: Caller, given: CleanPatient) -> None:
    name = (fold(given.given_name), fold(given.family_name))
    for other in patients.same_address(session, caller.clinic.id, given):
        if (fold(other.given_name), fold(other.family_name)) == name:
            raise ConflictError("confirm_duplicate", Problem("same_person"), path_to("patients", other.id))
