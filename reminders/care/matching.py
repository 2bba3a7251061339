"""Whose an inbound message is, and what it most likely answers."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, bindparam, case, exists, select
from sqlalchemy.orm import Session

from reminders.crypto import Keyring
from reminders.database import keyring_of
from reminders.models import Message, Patient, Treatment
from reminders.models.kinds import Channel, MessageKind, TreatmentState

RECENT = timedelta(days=14)
"""How far back a message or a treatment still explains why somebody writes to us."""

INDEX = {Channel.SMS: Patient.phone_index, Channel.EMAIL: Patient.email_index}
"""By what a patient's address on a channel is found."""

_INDEX_KIND = {Channel.SMS: "phone", Channel.EMAIL: "email"}
_OWED = (MessageKind.REMINDER, MessageKind.NUDGE)


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
    session: Session, clinic_ids: Collection[uuid.UUID], channel: Channel, address: str
) -> frozenset[uuid.UUID]:
    """Which of these clinics have a patient who can be reached at an address."""
    index = address_index(keyring_of(session), channel, address)
    found = select(Patient.clinic_id).where(Patient.clinic_id.in_(clinic_ids), INDEX[channel] == index)
    return frozenset(session.scalars(found.distinct()))


def who_may_have_written(
    session: Session, clinic_id: uuid.UUID, channel: Channel, index: str, now: datetime
) -> list[Holder]:
    """The clinic's patients at an address. One statement, whoever shares it."""
    given = {"clinic": clinic_id, "address": index, "since": now - RECENT}
    return [Holder(*row) for row in session.connection().execute(_HOLDERS[channel], given)]


def match(holders: Sequence[Holder]) -> Match:
    """Which of the holders of an address wrote: the only one, or the only one with a reason to.

    The reason is a message of the last two weeks; if nobody had one, a treatment of the last two weeks.
    """
    meant = holders
    if len(holders) > 1:
        meant = [one for one in holders if one.answers_id] or [one for one in holders if one.treated]
    return Match(meant[0].patient_id, meant[0].answers_id) if len(meant) == 1 else Match(None, None)


def _who(channel: Channel) -> Select[uuid.UUID, uuid.UUID | None, bool]:
    """Each holder with the newest reminder or nudge that went to them on the channel, else the newest message."""
    owed_first = case((Message.kind.in_(_OWED), 0), else_=1)
    answered = (
        select(Message.id)
        .where(Message.patient_id == Patient.id, Message.channel == channel, Message.sent_at >= bindparam("since"))
        .order_by(owed_first, Message.sent_at.desc(), Message.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    treated = exists().where(
        Treatment.patient_id == Patient.id,
        Treatment.state == TreatmentState.ACTIVE,
        Treatment.treated_at >= bindparam("since"),
    )
    return (
        select(Patient.id, answered, treated)
        .where(Patient.clinic_id == bindparam("clinic"), INDEX[channel] == bindparam("address"))
        .order_by(Patient.id)
    )


_HOLDERS: Mapping[Channel, Select[uuid.UUID, uuid.UUID | None, bool]] = {channel: _who(channel) for channel in Channel}
