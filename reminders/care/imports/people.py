"""Recognising the patient of an imported line among those already here."""

import uuid
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from reminders.care import patients
from reminders.care.actors import Actor
from reminders.care.names import query_tokens, words
from reminders.care.patient_input import CleanPatient
from reminders.database import keyring_of
from reminders.errors import InvalidInputError, Problem
from reminders.models import Clinic, NameToken, Patient


def find_or_add(session: Session, actor: Actor, clinic: Clinic, given: CleanPatient, now: datetime) -> Patient:
    """The patient of this line: the one with its file number; else of its phone or e-mail and name; else a new one.

    Somebody already here is not overwritten, since the desk may know better; only what they lack is filled in.

    Raises:
        InvalidInputError: on external_id, other_patient: the file number is that of somebody of another name.
    """
    known = _by_external_id(session, clinic.id, given) or _by_person(session, clinic.id, given)
    if known is None:
        return patients.add(session, actor, clinic, given, now)
    completed = _completed(known, given)
    if completed is not None:
        patients.change(session, actor, clinic, known, completed, now)
    return known


def _by_external_id(session: Session, clinic_id: uuid.UUID, given: CleanPatient) -> Patient | None:
    if given.external_id is None:
        return None
    own = (Patient.clinic_id == clinic_id, Patient.external_id == given.external_id, Patient.erased_at.is_(None))
    found = session.scalar(select(Patient).where(*own))
    if found is not None and not _share_a_name(found, given):
        raise InvalidInputError({"external_id": Problem("other_patient")})
    return found


def _by_person(session: Session, clinic_id: uuid.UUID, given: CleanPatient) -> Patient | None:
    has_address = given.phone or given.email
    close = (
        patients.same_address(session, clinic_id, given) if has_address else _of_that_name(session, clinic_id, given)
    )
    return next((patient for patient in close if _is_same(patient, given)), None)


def _of_that_name(session: Session, clinic_id: uuid.UUID, given: CleanPatient) -> list[Patient]:
    """Patients of this name who have no address either."""
    tokens = query_tokens(keyring_of(session), clinic_id, f"{given.given_name} {given.family_name}")
    if not tokens:
        return []
    token = min(tokens)
    holders = select(NameToken.patient_id).where(NameToken.clinic_id == clinic_id, NameToken.token == token)
    nowhere = (Patient.clinic_id == clinic_id, Patient.phone_index.is_(None), Patient.email_index.is_(None))
    return list(session.scalars(select(Patient).where(*nowhere, Patient.erased_at.is_(None), Patient.id.in_(holders))))


def _is_same(patient: Patient, given: CleanPatient) -> bool:
    """Same name, and nothing that tells them apart: a family may share a number and even a name."""
    if _names(patient) != _names(given):
        return False
    told = ((patient.external_id, given.external_id), (patient.birth_date, given.birth_date))
    return all(here is None or there is None or here == there for here, there in told)


def _names(person: Patient | CleanPatient) -> frozenset[str]:
    return frozenset(words(f"{person.given_name} {person.family_name}"))


def _share_a_name(patient: Patient, given: CleanPatient) -> bool:
    return bool(_names(patient) & _names(given))


def _completed(patient: Patient, given: CleanPatient) -> CleanPatient | None:
    """The patient as they are, with what they lack from the line; None if that is nothing."""
    fills = ("phone", "email", "external_id", "birth_date")
    if all(getattr(patient, name) or not getattr(given, name) for name in fills):
        return None
    return CleanPatient(
        given_name=patient.given_name,
        family_name=patient.family_name,
        language=patient.language,
        phone=patient.phone or given.phone,
        email=patient.email or given.email,
        external_id=patient.external_id or given.external_id,
        timezone=patient.timezone,
        birth_date=patient.birth_date or given.birth_date,
        guardian=(patient.guardian or {}).get("name"),
    )
