"""Putting on hold, and lifting it: everything, one clinic, one protocol, one patient. What is on hold is not sent."""

import base64
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from reminders.care import audit
from reminders.care.actors import Actor
from reminders.care.texts_in import one_line, text_problem
from reminders.crypto import Keyring
from reminders.database import insert_missing, keyring_of
from reminders.delivery import housekeeping, pacing
from reminders.errors import CryptoError, InvalidInputError, Problem
from reminders.models import Clinic, Instance, Patient, Protocol
from reminders.models.instance import HOLD_ALL

Holdable = Clinic | Protocol | Patient

_WORD: dict[type, str] = {Clinic: "clinic", Protocol: "protocol", Patient: "patient"}
_LONGEST_REASON = 200
_CONTEXT = "instance.hold_all"


@dataclass(frozen=True, slots=True)
class EverythingHeld:
    """Since when (UTC) all sending is on hold, and why, in the words of whoever runs the service.

    None and "" where that cannot be read: the switch may have been thrown by hand, in SQL.
    """

    since: datetime | None
    reason: str


def put(session: Session, actor: Actor, target: Holdable, reason: str, now: datetime) -> bool:
    """Put a clinic, a protocol or a patient on hold, at once also for what a worker has claimed and not begun.

    False, and nothing is changed, if it was on hold already. A clinic's hold holds everything, one of a protocol or
    patient all but safety texts and alerts.

    Raises:
        InvalidInputError: on reason reason_missing, too_long or control_characters.
    """
    why, kind = _checked(reason), type(target)
    free = update(kind).where(kind.id == target.id, kind.held_at.is_(None))
    changed = session.scalars(free.values(held_at=now, held_reason=why).returning(kind.id)).first()
    if changed:
        _note(session, actor, (target, "held"), now)
    return bool(changed)


def lift(session: Session, actor: Actor, target: Holdable, now: datetime) -> bool:
    """Lift a hold; False if there was none. What waited and is still useful goes with the next sweep, at its pace."""
    kind = type(target)
    # Before any message is touched, as whoever replans a patient's messages does: the other way round both would wait.
    session.execute(select(kind.id).where(kind.id == target.id).with_for_update(key_share=True))
    _end_what_is_useless(session, now, actor.clinic_id)
    held = update(kind).where(kind.id == target.id, kind.held_at.is_not(None))
    changed = session.scalars(held.values(held_at=None, held_reason=None).returning(kind.id)).first()
    if changed:
        pacing.begin_afresh(session, now, actor.clinic_id)
        _note(session, actor, (target, "released"), now)
    return bool(changed)


def put_everything(session: Session, reason: str, now: datetime) -> bool:
    """The kill switch: nothing leaves any clinic, safety texts and alerts included. False if it was on already.

    For a session that sees every clinic: the audit trail of each notes it.

    Raises:
        InvalidInputError: as `put`.
    """
    sealed = keyring_of(session).seal(_checked(reason).encode(), _CONTEXT)
    value = f"{now.isoformat()} {base64.b64encode(sealed).decode()}"
    off = update(Instance).where(Instance.key == HOLD_ALL, Instance.value == "").values(value=value)
    changed = (
        insert_missing(session, Instance, {"key": HOLD_ALL, "value": value})
        or session.scalars(off.returning(Instance.key)).first() is not None
    )
    if changed:
        _note_everywhere(session, "everything.held", now)
    return changed


def lift_everything(session: Session, now: datetime) -> bool:
    """Lift the kill switch; False if it was off. Other holds stay."""
    _end_what_is_useless(session, now)
    on = update(Instance).where(Instance.key == HOLD_ALL, Instance.value != "").values(value="")
    changed = session.scalars(on.returning(Instance.key)).first()
    if changed:
        pacing.begin_afresh(session, now)
        _note_everywhere(session, "everything.released", now)
    return bool(changed)


def everything(session: Session) -> EverythingHeld | None:
    """The kill switch, if it is on."""
    value = session.scalar(select(Instance.value).where(Instance.key == HOLD_ALL))
    if not value:
        return None
    since, _, sealed = value.partition(" ")
    return EverythingHeld(_moment(since), _reason(keyring_of(session), sealed))


def held_clinics(session: Session) -> list[Clinic]:
    """The clinics on hold, the longest first."""
    return list(session.scalars(select(Clinic).where(Clinic.held_at.is_not(None)).order_by(Clinic.held_at)))


def held_protocols(session: Session, clinic_id: uuid.UUID | None = None) -> list[Protocol]:
    """The protocols on hold that the session may see, or one clinic's, the longest first."""
    held = select(Protocol).where(Protocol.held_at.is_not(None)).order_by(Protocol.held_at)
    return list(session.scalars(held.where(Protocol.clinic_id == clinic_id) if clinic_id else held))


def held_patients(session: Session) -> list[Patient]:
    """The patients on hold that the session may see, the longest first."""
    held = select(Patient).where(Patient.held_at.is_not(None), Patient.erased_at.is_(None))
    return list(session.scalars(held.order_by(Patient.held_at)))


def _moment(written: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _reason(keyring: Keyring, sealed: str) -> str:
    try:
        return keyring.open(base64.b64decode(sealed), _CONTEXT).decode()
    except (ValueError, CryptoError):
        # Every page shows this banner; none may fail for want of a key that is gone.
        return ""


def _checked(reason: str) -> str:
    why = one_line(reason)
    problem = text_problem(why, _LONGEST_REASON) if why else Problem("reason_missing")
    if problem:
        raise InvalidInputError({"reason": problem})
    return why


def _end_what_is_useless(session: Session, now: datetime, clinic_id: uuid.UUID | None = None) -> None:
    """What became useless on hold says so, also where no sweep has ended it yet."""
    while housekeeping.expire(session, now, clinic_id):
        pass


def _note(session: Session, actor: Actor, done: tuple[Holdable, str], now: datetime) -> None:
    target, deed = done
    word = _WORD[type(target)]
    audit.note(session, actor, f"{word}.{deed}", word, target.id, now)


def _note_everywhere(session: Session, action: str, now: datetime) -> None:
    for clinic_id in session.scalars(select(Clinic.id)).all():
        audit.note(session, Actor(clinic_id, "command"), action, "clinic", clinic_id, now)
