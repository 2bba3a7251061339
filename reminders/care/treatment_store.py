"""A treatment's row: which protocol it follows, and that nobody stores the same one twice unknowingly."""

import uuid
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from reminders.care import protocols
from reminders.care.ground import Ground
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


def refuse_known(found: Ground, *, confirmed: bool) -> None:
    """Refuse a new treatment that is there already; of its protocol and day only unless `confirmed`.

    Raises:
        DuplicateError: names the treatment that is there.
    """
    if found.of_that_id is not None:
        raise _duplicate(found.of_that_id)
    if found.that_day and not confirmed:
        raise _duplicate(found.that_day[min(found.that_day)])


def refuse_taken_id(session: Session, clinic_id: uuid.UUID, external_id: str) -> None:
    """Refuse an external id that a treatment of the clinic has.

    Raises:
        DuplicateError: names the treatment that is there.
    """
    own = (Treatment.clinic_id == clinic_id, Treatment.external_id == external_id)
    taken = session.scalar(select(Treatment.id).where(*own))
    if taken is not None:
        raise _duplicate(taken)


def same_day(session: Session, patient_id: uuid.UUID, protocol_id: uuid.UUID, day: date) -> Treatment | None:
    """The first treatment by this protocol that this patient has on a local date."""
    wanted = (Treatment.patient_id == patient_id, Treatment.protocol_id == protocol_id, Treatment.local_date == day)
    return session.scalar(select(Treatment).where(*wanted).order_by(Treatment.ordinal).limit(1))


def refuse_same_day(session: Session, treatment: Treatment, day: date) -> None:
    """Refuse to move `treatment` to a local date that has one of its kind.

    Raises:
        DuplicateError: names the treatment that is there.
    """
    alike = (Treatment.patient_id == treatment.patient_id, Treatment.protocol_id == treatment.protocol_id)
    others = (*alike, Treatment.local_date == day, Treatment.id != treatment.id)
    with session.no_autoflush:
        taken = session.scalar(select(Treatment.id).where(*others).order_by(Treatment.ordinal).limit(1))
    if taken is not None:
        raise _duplicate(taken)


def _duplicate(treatment_id: uuid.UUID) -> DuplicateError:
    return DuplicateError("this treatment is already recorded", str(treatment_id))
