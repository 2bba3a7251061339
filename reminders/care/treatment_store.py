"""A treatment's row: which protocol it follows, and that nobody stores the same one twice unknowingly."""

import uuid
from datetime import date

from sqlalchemy import ColumnElement, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from reminders.care import protocols
from reminders.errors import DuplicateError, InvalidInputError, Problem
from reminders.models import Protocol, ProtocolVersion, Treatment


def find_protocol(session: Session, clinic_id: uuid.UUID, key: str) -> tuple[Protocol, ProtocolVersion]:
    """The clinic's protocol of this key, with the version that new treatments follow.

    Raises:
        InvalidInputError: on protocol_key, protocol_missing or protocol_unknown.
    """
    if not key.strip():
        raise InvalidInputError({"protocol_key": Problem("protocol_missing")})
    for protocol, version in protocols.published(session, clinic_id):
        if protocol.key == key.strip():
            return protocol, version
    raise InvalidInputError({"protocol_key": Problem("protocol_unknown")})


def store(session: Session, treatment: Treatment, *, confirmed: bool) -> None:
    """Store a new treatment; a second one of that protocol and day only if `confirmed`, as the next ordinal.

    The caller holds the patient's lock, so two of one patient queue up.

    Raises:
        DuplicateError: its external id, or its day, is taken; names the treatment that is there.
    """
    _refuse_taken_id(session, treatment)
    taken = _on_day(session, treatment, treatment.local_date)
    if taken and not confirmed:
        raise _duplicate(taken[0])
    treatment.ordinal = max((other.ordinal for other in taken), default=0) + 1
    try:
        with session.begin_nested():
            session.add(treatment)
    except IntegrityError:
        # The same external id came for another patient between the look and the write.
        _refuse_taken_id(session, treatment)
        raise


def same_day(session: Session, patient_id: uuid.UUID, protocol_id: uuid.UUID, day: date) -> Treatment | None:
    """The first treatment by this protocol that this patient has on a local date."""
    wanted = (Treatment.patient_id == patient_id, Treatment.protocol_id == protocol_id, Treatment.local_date == day)
    return session.scalar(select(Treatment).where(*wanted).order_by(Treatment.ordinal).limit(1))


def refuse_same_day(session: Session, treatment: Treatment, day: date) -> None:
    """Refuse to move `treatment` to a local date that has one of its kind.

    Raises:
        DuplicateError: names the treatment that is there.
    """
    taken = _on_day(session, treatment, day)
    if taken:
        raise _duplicate(taken[0])


def _on_day(session: Session, treatment: Treatment, day: date) -> list[Treatment]:
    """The patient's other treatments by this protocol on that local date, the first recorded first."""
    alike = (Treatment.patient_id == treatment.patient_id, Treatment.protocol_id == treatment.protocol_id)
    return _others(session, treatment, *alike, Treatment.local_date == day)


def _refuse_taken_id(session: Session, treatment: Treatment) -> None:
    if treatment.external_id is None:
        return
    own = (Treatment.clinic_id == treatment.clinic_id, Treatment.external_id == treatment.external_id)
    taken = _others(session, treatment, *own)
    if taken:
        raise _duplicate(taken[0])


def _others(session: Session, treatment: Treatment, *where: ColumnElement[bool]) -> list[Treatment]:
    with session.no_autoflush:
        found = select(Treatment).where(*where, Treatment.id != treatment.id).order_by(Treatment.ordinal)
        return list(session.scalars(found))


def _duplicate(treatment: Treatment) -> DuplicateError:
    return DuplicateError("this treatment is already recorded", str(treatment.id))
