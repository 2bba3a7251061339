"""Whose an inbound message is, and what it most likely answers."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from reminders.crypto import Keyring
from reminders.database import keyring_of
from reminders.models import Patient
from reminders.models.kinds import Channel

RECENT = timedelta(days=14)
"""How far back a message or a treatment still explains why somebody writes to us."""

INDEX = {Channel.SMS: Patient.phone_index, Channel.EMAIL: Patient.email_index}
"""By what a patient's address on a channel is found."""

_INDEX_KIND = {Channel.SMS: "phone", Channel.EMAIL: "email"}


@dataclass(frozen=True)
class Match:
    """The patient who is meant, if exactly one can be; `answers_id` is the message that they answer."""

    patient_id: uuid.UUID | None
    answers_id: uuid.UUID | None


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody at an address, and why they may have written: the message that they would answer, or a treatment.

    Both count for two weeks.
    """

    patient_id: uuid.UUID
    answers_id: uuid.UUID | None = None
    treated: bool = False


def address_index(keyring: Keyring, channel: Channel, address: str) -> str:
    """The keyed hash by which an address (E.164, or an e-mail address in any case) is found."""
    return keyring.index(_INDEX_KIND[channel], address.strip().lower())


def holders(session: Session, clinic_id: uuid.UUID, channel: Channel, index: str) -> Sequence[Patient]:
    """The clinic's patients who can be reached at an address; a family may share it."""
    return session.scalars(
        select(Patient).where(Patient.clinic_id == clinic_id, INDEX[channel] == index).order_by(Patient.id)
    ).all()


def clinics_knowing(
    connection: Connection, clinic_ids: Collection[uuid.UUID], channel: Channel, address: str
) -> frozenset[uuid.UUID]:
    """Which of these clinics have a patient who can be reached at an address."""
    index = address_index(keyring_of(connection), channel, address)
    found = select(Patient.clinic_id).where(Patient.clinic_id.in_(clinic_ids), INDEX[channel] == index)
    return frozenset(connection.scalars(found.distinct()))


def match(holders: Sequence[Holder]) -> Match:
    """Which of the holders of an address wrote: the only one, or the only one with a reason to.

    The reason is a message of the last two weeks; if nobody had one, a treatment of the last two weeks.
    """
    meant = holders
    if len(holders) > 1:
        meant = [one for one in holders if one.answers_id] or [one for one in holders if one.treated]
    return Match(meant[0].patient_id, meant[0].answers_id) if len(meant) == 1 else Match(None, None)
