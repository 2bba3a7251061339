"""Whom the record form is about, and what they agree to by it."""

from dataclasses import replace
from uuid import UUID

from sqlalchemy.orm import Session

from reminders.care import consents, patients
from reminders.care.ledger import Agreement
from reminders.care.minors import check_giver, today
from reminders.care.patients import CleanPatient
from reminders.errors import DuplicateError, InvalidInputError, Problem
from reminders.models import Patient
from reminders.models.kinds import Channel, Purpose
from reminders.web.pages.consent_view import agreed
from reminders.web.pages.record_form import RecordForm
from reminders.web.visitors import Member

_NAMELESS = "x"


def patient_of(session: Session, member: Member, filled: RecordForm) -> Patient | CleanPatient:
    """The chosen patient, or the new one as it would be stored.

    Raises:
        InvalidInputError: nobody is chosen, a field cannot be, or somebody has the same address already.
        NotFoundError: whoever is chosen is no patient of this clinic.
    """
    if not filled.is_new:
        return _chosen(session, member, filled.patient_id)
    given = patients.clean(filled.patient, member.clinic)
    patients.check_birth_date(given, member.now)
    if not filled.somebody_else and patients.same_address(session, member.clinic.id, given):
        raise InvalidInputError({"patient_id": Problem("same_address")})
    return given


def as_far_as_typed(member: Member, filled: RecordForm) -> CleanPatient | None:
    """A new patient without what cannot be (yet): whom a text of the preview may address all the same."""
    if not filled.is_new:
        return None
    try:
        return patients.clean(filled.patient, member.clinic)
    except InvalidInputError as error:
        rest = replace(filled.patient, **dict.fromkeys(error.problems, ""))
    if rest.given_name or rest.family_name:
        return patients.clean(rest, member.clinic)
    return replace(patients.clean(replace(rest, given_name=_NAMELESS), member.clinic), given_name="")


def stored(session: Session, member: Member, filled: RecordForm) -> Patient:
    """The chosen patient, or the new one, stored.

    Raises:
        InvalidInputError, NotFoundError: as `patient_of`; also on external_id, external_id_taken.
    """
    found = patient_of(session, member, filled)
    if isinstance(found, Patient):
        return found
    try:
        return patients.add(session, member.actor, member.clinic, found, member.now)
    except DuplicateError:
        raise InvalidInputError({"external_id": Problem("external_id_taken")}) from None


def check_consents(member: Member, patient: Patient | CleanPatient, filled: RecordForm) -> None:
    """Whether all that is ticked can be agreed to.

    Raises:
        InvalidInputError: there is no address for it, or somebody else must agree.
    """
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


def grants(member: Member, patient: Patient, filled: RecordForm) -> list[consents.Grant]:
    """What is ticked, as the ledger takes it."""
    return [
        agreed(member, patient, channel, purpose=purpose, giver=filled.giver) for channel, purpose in _ticked(filled)
    ]


def channels_of(session: Session, patient: Patient | CleanPatient | None, filled: RecordForm) -> frozenset[Channel]:
    """What the patient agreed to before, and what is ticked now."""
    before = consents.current(session, patient.id) if isinstance(patient, Patient) else {}
    return filled.consents | frozenset(before)


def _chosen(session: Session, member: Member, patient_id: str) -> Patient:
    try:
        chosen = UUID(patient_id)
    except ValueError:
        raise InvalidInputError({"patient_id": Problem("patient_missing")}) from None
    return patients.get(session, member.clinic.id, chosen)


def _ticked(filled: RecordForm) -> list[Agreement]:
    """What is ticked, aftercare first: it decides by which channel the messages go."""
    chosen = {Purpose.AFTERCARE: filled.consents, Purpose.MARKETING: filled.marketing}
    return [(channel, purpose) for purpose in Purpose for channel in sorted(chosen[purpose])]
