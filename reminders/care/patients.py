"""Adding, changing and finding patients."""

import uuid
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam, delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.util import identity_key

from reminders.care import audit, holding, minors, replanning
from reminders.care.actors import Actor
from reminders.care.addresses import email_key
from reminders.care.names import name_tokens
from reminders.care.patient_input import CleanPatient, PatientInput, clean
from reminders.care.patient_search import same_address, search
from reminders.crypto import Keyring
from reminders.database import as_stored, core_table, keyring_of, of_another_clinic
from reminders.errors import DuplicateError, InvalidInputError, NotFoundError, Problem
from reminders.ids import new_id
from reminders.models import Clinic, NameToken, Patient

__all__ = [
    "CleanPatient",
    "PatientInput",
    "add",
    "change",
    "check_birth_date",
    "clean",
    "columns_of",
    "get",
    "same_address",
    "search",
]

_OLDEST_YEARS = 130
_SAME_IN_BOTH = ("given_name", "family_name", "language", "phone", "email", "external_id", "timezone", "birth_date")
_patient = core_table(Patient)
_ONE = select(_patient).where(
    _patient.c.id == bindparam("patient"), _patient.c.clinic_id == bindparam("clinic"), _patient.c.erased_at.is_(None)
)
_ONE_HELD = _ONE.with_for_update(key_share=True)
_MEANS_REPLANNING = frozenset({"phone", "email", "language", "timezone", "consents"})


def add(session: Session, actor: Actor, clinic: Clinic, given: CleanPatient, now: datetime) -> Patient:
    """Store a new patient. Several may share an address: families do.

    Raises:
        InvalidInputError: a birth date in the future, or 130 years back.
        DuplicateError: another patient of this clinic has the same external id.
    """
    check_birth_date(given, now)
    patient = Patient(id=new_id(), clinic_id=clinic.id, created_at=now)
    _store(session, patient, given)
    _write_tokens(session, patient)
    audit.note(session, actor, "patient.added", "patient", patient.id, now)
    return patient


def change(
    session: Session, actor: Actor, clinic: Clinic, patient: Patient, given: CleanPatient, now: datetime
) -> frozenset[str]:
    """Make `patient` what `given` says; what is planned follows a new address, language or zone. Returns the fields.

    A birth date that makes them under 14 ends what they agreed to themself; then "consents" is among the fields.

    Raises:
        InvalidInputError, DuplicateError: as `add`.
    """
    check_birth_date(given, now)
    before = _values(patient)
    _store(session, patient, given)
    changed = frozenset(name for name, value in _values(patient).items() if value != before[name])
    if not changed:
        return changed
    _write_tokens(session, patient)
    audit.note(session, actor, "patient.changed", "patient", patient.id, now, {"fields": sorted(changed)})
    if "birth_date" in changed and minors.withdraw_own(session, actor, clinic, patient, now):
        changed |= {"consents"}
    if changed & _MEANS_REPLANNING:
        replanning.refresh(session, clinic, patient, now)
    return changed


def get(session: Session, clinic_id: uuid.UUID, patient_id: uuid.UUID, *, held: bool = False) -> Patient:
    """One of the clinic's patients; `held` until the transaction ends, for whoever changes what they are owed.

    Raises:
        NotFoundError: there is none, it is another clinic's, or it was erased.
    """
    asked = {"patient": patient_id, "clinic": clinic_id}
    # Past the ORM, which would take more than twice as long over it; what it still holds must come first.
    session.flush()
    row = session.connection().execute(_ONE_HELD if held else _ONE, asked).first()
    if row is None or of_another_clinic(session, clinic_id):
        raise NotFoundError("no such patient")
    if held:
        holding.note_held(session, patient_id)
    known = session.identity_map.get(identity_key(Patient, patient_id))
    return known if isinstance(known, Patient) else as_stored(session, Patient, row._asdict())


def columns_of(given: CleanPatient, keyring: Keyring) -> dict[str, Any]:
    """The columns that say who a patient is and how to find them."""
    index = keyring.index
    return {
        **{name: getattr(given, name) for name in _SAME_IN_BOTH},
        "guardian": {"name": given.guardian} if given.guardian else None,
        "phone_index": index("phone", given.phone) if given.phone else None,
        "email_index": index("email", email_key(given.email)) if given.email else None,
    }


def _fill(session: Session, patient: Patient, given: CleanPatient) -> None:
    for name, value in columns_of(given, keyring_of(session)).items():
        if getattr(patient, name) != value:
            setattr(patient, name, value)


def _values(patient: Patient) -> dict[str, object]:
    return {name: getattr(patient, name) for name in CleanPatient.__dataclass_fields__}


def _store(session: Session, patient: Patient, given: CleanPatient) -> None:
    """Write `given` inside a savepoint, so that a taken external id costs the caller nothing else."""
    own = (Patient.clinic_id == patient.clinic_id, Patient.id != patient.id)
    _refuse_taken_id(session, given, own)
    try:
        with session.begin_nested():
            _fill(session, patient, given)
            session.add(patient)
    except IntegrityError:
        # Somebody else took the id between the look and the write.
        _refuse_taken_id(session, given, own)
        raise


def _refuse_taken_id(session: Session, given: CleanPatient, others: Sequence[ColumnElement[bool]]) -> None:
    if given.external_id is None:
        return
    taken = session.scalar(select(Patient.id).where(*others, Patient.external_id == given.external_id))
    if taken is not None:
        raise DuplicateError("another patient has this external id", str(taken))


def _write_tokens(session: Session, patient: Patient) -> None:
    owner = (NameToken.clinic_id == patient.clinic_id, NameToken.patient_id == patient.id)
    session.execute(delete(NameToken).where(*owner))
    tokens = name_tokens(keyring_of(session), patient.clinic_id, patient.given_name, patient.family_name)
    ids = {"clinic_id": patient.clinic_id, "patient_id": patient.id}
    session.add_all(NameToken(token=token, **ids) for token in sorted(tokens))
    session.flush()


def check_birth_date(given: CleanPatient, now: datetime) -> None:
    """Refuse a date of birth that nobody can have.

    Raises:
        InvalidInputError: birth_date_in_future, or birth_date_far_past (130 years back).
    """
    if given.birth_date is None:
        return
    born, today = date.fromisoformat(given.birth_date), now.date()
    if born > today:
        raise InvalidInputError({"birth_date": Problem("birth_date_in_future")})
    if today.year - born.year > _OLDEST_YEARS:
        raise InvalidInputError({"birth_date": Problem("birth_date_far_past")})
