"""Finding patients by the beginnings of their names, by phone, e-mail or file number, without reading any name."""

import uuid
from collections.abc import Sequence

from sqlalchemy import ColumnElement, Select, and_, false, or_, select
from sqlalchemy.orm import Session

from reminders.care.addresses import clean_phone, email_key, region_of
from reminders.care.names import after, query_tokens
from reminders.care.patient_input import CleanPatient
from reminders.database import keyring_of
from reminders.errors import InvalidInputError
from reminders.models import Clinic, NameToken, Patient

_LONGEST_QUERY = 200
_FEWEST_DIGITS = 7


def search(session: Session, clinic_id: uuid.UUID, text: str, limit: int) -> list[Patient]:
    """The clinic's patients whom `text` may mean, newest first, at most `limit`.

    `text` is an e-mail address, a phone number in any form, a file number (these three exactly), or beginnings of
    names in any order ("mar tre" finds Marie Tremblay). Nothing typed finds nobody.
    """
    found = searching(session, clinic_id, text).order_by(Patient.created_at.desc(), Patient.id.desc())
    return list(session.scalars(found.limit(limit)))


def searching(session: Session, clinic_id: uuid.UUID, text: str) -> Select[Patient]:
    """`search` as a query without an order or a limit, for a list that pages."""
    asked = text.strip()[:_LONGEST_QUERY].replace("\0", "")
    ways = _ways(session, clinic_id, asked)
    return select(Patient).where(Patient.clinic_id == clinic_id, Patient.erased_at.is_(None), or_(false(), *ways))


def same_address(session: Session, clinic_id: uuid.UUID, given: CleanPatient) -> list[Patient]:
    """The clinic's patients who already have `given`'s phone or e-mail: the same person, or family."""
    index = keyring_of(session).index
    ways: list[ColumnElement[bool]] = []
    if given.phone:
        ways.append(Patient.phone_index == index("phone", given.phone))
    if given.email:
        ways.append(Patient.email_index == index("email", email_key(given.email)))
    if not ways:
        return []
    own = (Patient.clinic_id == clinic_id, Patient.erased_at.is_(None))
    return list(session.scalars(select(Patient).where(*own, or_(*ways)).order_by(Patient.created_at, Patient.id)))


def _ways(session: Session, clinic_id: uuid.UUID, asked: str) -> Sequence[ColumnElement[bool]]:
    keyring = keyring_of(session)
    if not asked:
        return ()
    if "@" in asked:
        return (Patient.email_index == keyring.index("email", email_key(asked)),)
    ways: list[ColumnElement[bool]] = [Patient.external_id == asked]
    if sum(map(str.isdigit, asked)) >= _FEWEST_DIGITS:
        ways += _by_phone(session, clinic_id, asked)
    tokens = query_tokens(keyring, clinic_id, asked)
    if tokens:
        ways.append(_having_all(clinic_id, tokens))
    return ways


def _by_phone(session: Session, clinic_id: uuid.UUID, asked: str) -> list[ColumnElement[bool]]:
    clinic = session.get(Clinic, clinic_id)
    try:
        phone = clean_phone(asked, region_of(clinic.phone if clinic else ""))
    except InvalidInputError:
        return []
    return [Patient.phone_index == keyring_of(session).index("phone", phone)]


def _having_all(clinic_id: uuid.UUID, tokens: frozenset[bytes]) -> ColumnElement[bool]:
    """Whether the patient has, for each of `tokens`, a word that begins like it."""
    return and_(*(Patient.id.in_(_having(clinic_id, token)) for token in sorted(tokens)))


def _having(clinic_id: uuid.UUID, token: bytes) -> Select[uuid.UUID]:
    alike = (NameToken.token >= token, NameToken.token < after(token))
    return select(NameToken.patient_id).where(NameToken.clinic_id == clinic_id, *alike)
