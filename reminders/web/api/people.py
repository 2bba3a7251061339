"""Adding a patient for the endpoints that may: on their own, or with a treatment."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy.orm import Session

from reminders import consent
from reminders.care import consents, patients
from reminders.care.ledger import Agreement
from reminders.care.minors import GIVEN_BY, PATIENT, RELATION, Giver, check_giver, today
from reminders.care.names import fold
from reminders.care.patients import CleanPatient
from reminders.errors import Problem
from reminders.models import Patient
from reminders.models.kinds import Purpose
from reminders.web.api.caller import Caller
from reminders.web.api.errors import ConflictError, duplicates_as, fields_as, path_to
from reminders.web.api.patient_models import GivenBy, NewPatient, PatientShown, shown


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
        agreed = {Purpose.AFTERCARE: given.consents, Purpose.MARKETING: given.marketing}
        for what in [(channel, purpose) for purpose in Purpose for channel in sorted(set(agreed[purpose]))]:
            grant(session, caller, patient, what, given.consents_given_by)
    return patient


def foreseen(caller: Caller, given: NewPatient, prefix: str) -> CleanPatient:
    """The patient as they would be added, nothing being stored.

    Raises:
        InvalidInputError: a field that cannot be, or a consent that nobody may give so.
    """
    with fields_as(lambda field: prefix + _REQUEST_NAME.get(field, field)):
        clean = patients.clean(given.typed(), caller.clinic)
        if given.consents or given.marketing:
            check_giver(clean.birth_date, _giver(given.consents_given_by), today(caller.clinic, caller.now))
    return clean


def _giver(given_by: GivenBy | None) -> Giver:
    return given_by.giver() if given_by else PATIENT


def grant(
    session: Session, caller: Caller, patient: Patient, what: Agreement, given_by: GivenBy | None
) -> consents.Granted:
    """Record that the patient, or who may agree for them, agreed to the current wording, in the patient's language.

    Raises:
        InvalidInputError: as `consents.grant`.
    """
    channel, purpose = what
    version, language = consents.CURRENT_FOR[purpose], patient.language
    wording = consents.wording(version, channel, language, caller.clinic.name)
    given = consents.Grant(patient.id, channel, version, wording, language, purpose=purpose, giver=_giver(given_by))
    return consents.grant(session, caller.actor, given, caller.now)


def as_shown(session: Session, found: Iterable[Patient]) -> list[PatientShown]:
    """Patients as answers have them: two queries for all of their consents."""
    listed = list(found)
    ids: list[UUID] = [patient.id for patient in listed]
    agreed = {purpose: consent.consented(session, ids, purpose) for purpose in Purpose}
    return [shown(patient, agreed) for patient in listed]


_REQUEST_NAME = {
    **dict.fromkeys(("consent_sms", "consent_email"), "consents"),
    **dict.fromkeys(("marketing_sms", "marketing_email"), "marketing"),
    GIVEN_BY: "consents_given_by",
    RELATION: "consents_given_by.relation",
}


def _refuse_same_person(session: Session, caller: Caller, given: CleanPatient) -> None:
    name = (fold(given.given_name), fold(given.family_name))
    for other in patients.same_address(session, caller.clinic.id, given):
        if (fold(other.given_name), fold(other.family_name)) == name:
            raise ConflictError("confirm_duplicate", Problem("same_person"), path_to("patients", other.id))
