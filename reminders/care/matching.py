"""Whose an inbound message is, and what it most likely answers."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, select
from sqlalchemy.orm import Session

from reminders.crypto import Keyring
from reminders.database import keyring_of
from reminders.models import Message, Patient, Treatment
from reminders.models.kinds import Channel, MessageKind, TreatmentState

RECENT = timedelta(days=14)
"""How far back a message or a treatment still explains why somebody writes to us."""

_INDEX = {Channel.SMS: Patient.phone_index, Channel.EMAIL: Patient.email_index}
_INDEX_KIND = {Channel.SMS: "phone", Channel.EMAIL: "email"}
_OWED = (MessageKind.REMINDER, MessageKind.NUDGE)


@dataclass(frozen=True)
class Match:
    """The patient who is meant, if exactly one can be; `answers_id` is the message that they answer."""

    patient_id: uuid.UUID | None
    answers_id: uuid.UUID | None


def address_index(keyring: Keyring, channel: Channel, address: str) -> str:
    """The keyed hash by which an address (E.164, or an e-mail address in any case) is found."""
    return keyring.index(_INDEX_KIND[channel], address.strip().lower())


def holders(session: Session, clinic_id: uuid.UUID, channel: Channel, index: str) -> Sequence[Patient]:
    """The clinic's patients who can be reached at an address; a family may share it."""
    return session.scalars(
        select(Patient).where(Patient.clinic_id == clinic_id, _INDEX[channel] == index).order_by(Patient.id)
    ).all()


def clinics_knowing(
    session: Session, clinic_ids: Collection[uuid.UUID], channel: Channel, address: str
) -> frozenset[uuid.UUID]:
    """Which of these clinics have a patient who can be reached at an address."""
    index = address_index(keyring_of(session), channel, address)
    found = select(Patient.clinic_id).where(Patient.clinic_id.in_(clinic_ids), _INDEX[channel] == index)
    return frozenset(session.scalars(found.distinct()))


def match(session: Session, patients: Sequence[Patient], channel: Channel, now: datetime) -> Match:
    """Which of the `patients` at an address wrote: the only one, or the only one with a reason to.

    The reason is a message of the last two weeks; if nobody had one, a treatment of the last two weeks.
    """
    ids = [patient.id for patient in patients]
    meant = ids
    if len(ids) > 1:
        meant = _written_to(session, ids, channel, now) or _treated(session, ids, now)
    if len(meant) != 1:
        return Match(None, None)
    return Match(meant[0], _answered(session, meant[0], channel, now))


def _written_to(session: Session, ids: list[uuid.UUID], channel: Channel, now: datetime) -> list[uuid.UUID]:
    query = select(Message.patient_id).where(
        Message.patient_id.in_(ids), Message.channel == channel, Message.sent_at >= now - RECENT
    )
    return [found for found in session.scalars(query.distinct()) if found is not None]


def _treated(session: Session, ids: list[uuid.UUID], now: datetime) -> list[uuid.UUID]:
    query = select(Treatment.patient_id).where(
        Treatment.patient_id.in_(ids),
        Treatment.state == TreatmentState.ACTIVE,
        Treatment.treated_at >= now - RECENT,
    )
    return list(session.scalars(query.distinct()))


def _answered(session: Session, patient_id: uuid.UUID, channel: Channel, now: datetime) -> uuid.UUID | None:
    """The newest reminder or nudge that went to the patient on the channel; without one, the newest message."""
    owed_first = case((Message.kind.in_(_OWED), 0), else_=1)
    return session.scalars(
        select(Message.id)
        .where(Message.patient_id == patient_id, Message.channel == channel, Message.sent_at >= now - RECENT)
        .order_by(owed_first, Message.sent_at.desc(), Message.id.desc())
        .limit(1)
    ).first()
