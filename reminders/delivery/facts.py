"""What must be known of claimed messages just before they go, read in bulk and decrypted as little as possible."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

import orjson
from sqlalchemy import ColumnElement, LargeBinary, Select, bindparam, case, exists, func, null, or_, select, type_coerce
from sqlalchemy.orm import Session

from reminders.bulk import among
from reminders.consent import newest_consent, standing_opt_out
from reminders.crypto import Keyring
from reminders.models import Attempt, Message, MessageReminder, Patient, Reminder, Reply, Staff
from reminders.models.kinds import Channel, ConsentAction, Language, MessageKind, Role
from reminders.outbox import is_held, stands_in
from reminders.outbox.answered import answered_since
from schedules.lifecycle import State


class Facts(NamedTuple):
    """One claimed message and its person. Sealed values are still sealed (bytes): most calls need few of them.

    An opt-out is None where there is none, else whether the carrier has answered it.
    """

    id: uuid.UUID
    clinic_id: uuid.UUID
    sender_id: uuid.UUID
    kind: MessageKind
    channel: Channel
    urgent: bool
    language: Language
    template: str
    params: bytes | None
    protocol_version_id: uuid.UUID | None
    useful_until: datetime
    patient_id: uuid.UUID | None
    staff_id: uuid.UUID | None
    first_name: bytes | None
    timezone: str | None
    erased_at: datetime | None
    patient_address: bytes | None
    patient_index: str | None
    patient_opt_out: bool | None
    consent: ConsentAction | None
    staff_address: bytes | None
    staff_disabled_at: datetime | None
    staff_off_call: bool | None
    reply_at: datetime | None
    reply_channel: Channel | None
    reply_address: bytes | None
    reply_index: str | None
    reply_opt_out: bool | None
    reply_raw: bytes | None
    tries: int
    attempts: int
    is_check_in: bool
    answered: bool
    held: bool


@dataclass(frozen=True, slots=True)
class Addressee:
    """Where a message goes: the sealed address with its column, its blind index where there is one stored, and its
    opt-out (see `Facts`)."""

    sealed: bytes = field(repr=False)
    context: str
    index: str | None
    opt_out: bool | None


_ADDRESS = {Channel.SMS: Patient.phone, Channel.EMAIL: Patient.email}
_INDEX = {Channel.SMS: Patient.phone_index, Channel.EMAIL: Patient.email_index}
_STAFF_ADDRESS = {Channel.SMS: Staff.phone, Channel.EMAIL: Staff.email}
_COLUMN = {Channel.SMS: "phone", Channel.EMAIL: "email"}

INDEX_KIND = {Channel.SMS: "phone", Channel.EMAIL: "email"}
"""The kind of blind index that a channel's addresses have."""

_TO_WHERE_IT_CAME_FROM = frozenset({MessageKind.ANSWER, MessageKind.SAFETY, MessageKind.CONFIRMATION})


@dataclass(frozen=True, slots=True)
class Group:
    """The messages to look at: claimed under `token`, all of one channel."""

    ids: Collection[uuid.UUID]
    token: uuid.UUID
    channel: Channel


def lock(session: Session, group: Group, lease_at_least: datetime) -> list[Facts]:
    """The messages of a group that are still claimed under its token until `lease_at_least`, locked; most urgent first.

    One statement. What a patient, staff or another worker has taken away meanwhile is simply not among them.
    """
    given = {"ids": list(group.ids), "token": group.token, "lease": lease_at_least}
    return [Facts._make(row) for row in session.connection().execute(_claimed(group.channel), given)]


@cache
def _claimed(channel: Channel) -> Select[Any]:
    return (
        select(*_columns(channel))
        .select_from(Message)
        .outerjoin(Patient, Patient.id == Message.patient_id)
        .outerjoin(Staff, Staff.id == Message.staff_id)
        .outerjoin(Reply, Reply.id == Message.reply_id)
        .where(among(Message.id, "ids"), stands_in(State.CLAIMED), Message.claim_token == bindparam("token"))
        .where(Message.lease_until >= bindparam("lease"))
        .order_by(Message.priority, Message.due_at, Message.id)
        .with_for_update(key_share=True, of=Message)
    )


def addressee(facts: Facts) -> Addressee | None:
    """Staff at their own address; who wrote to us at the address they wrote from; everybody else at theirs."""
    if facts.staff_id is not None:
        usable = facts.staff_address is not None and facts.staff_disabled_at is None
        return _at(facts.staff_address if usable else None, f"staff.{_COLUMN[facts.channel]}", None, None)
    wrote_here = facts.reply_channel is facts.channel and facts.kind in _TO_WHERE_IT_CAME_FROM
    if wrote_here and facts.reply_index and facts.erased_at is None:
        return _at(facts.reply_address, "reply.sender_address", facts.reply_index, facts.reply_opt_out)
    column = f"patient.{_COLUMN[facts.channel]}"
    return _at(facts.patient_address, column, facts.patient_index, facts.patient_opt_out)


def unseal(keyring: Keyring, sealed: bytes | None, context: str) -> Any:
    """The value of a sealed column that was read as bytes; None for none.

    Raises:
        CryptoError: no key at hand opens it.
    """
    return None if sealed is None else orjson.loads(keyring.open(sealed, context))


def _at(sealed: bytes | None, context: str, index: str | None, opt_out: bool | None) -> Addressee | None:  # noqa: FBT001
    return None if sealed is None else Addressee(sealed, context, index, opt_out if index else None)


def _columns(channel: Channel) -> list[ColumnElement[Any]]:
    """The columns of `Facts`, each by its name there.

    Sealed ones are read as bytes, so that one that does not open spoils no other.
    """
    attempts = select(func.coalesce(func.max(Attempt.number), 0)).where(Attempt.message_id == Message.id)
    message = [
        *(Message.id, Message.clinic_id, Message.sender_id, Message.kind, Message.channel, Message.urgent),
        *(Message.language, Message.template, _raw(Message.params), Message.protocol_version_id),
        *(Message.useful_until, Message.patient_id, Message.staff_id),
    ]
    clinic, index = Message.clinic_id, _INDEX[channel]
    person = [
        *(_raw(Patient.given_name), Patient.timezone, Patient.erased_at, _raw(_ADDRESS[channel]), index),
        *(standing_opt_out(clinic, channel, index), newest_consent(Message.patient_id, channel)),
        *(_raw(_STAFF_ADDRESS[channel]), Staff.disabled_at, _off_call()),
        *(Reply.received_at, Reply.channel, _raw(Reply.sender_address), Reply.from_index),
        standing_opt_out(clinic, channel, Reply.from_index),
        # A text's is large, and nothing of it is wanted.
        _raw(Reply.raw) if channel is Channel.EMAIL else null(),
    ]
    carried = (MessageReminder.message_id == Message.id, MessageReminder.reminder_id == Reminder.id)
    check_in = exists().where(*carried, Reminder.is_check_in).correlate(Message)
    since = select(func.min(Reminder.created_at)).where(*carried).correlate(Message).scalar_subquery()
    answered = case((Message.kind == MessageKind.NUDGE, answered_since(Message.treatment_id, since)), else_=False)
    tries = attempts.correlate(Message).scalar_subquery()
    columns = [*message, *person, Message.tries, tries, check_in, answered, is_held()]
    return [column.label(name) for name, column in zip(Facts._fields, columns, strict=True)]


def _off_call() -> ColumnElement[bool]:
    """Whether an alert is not for them: the owners are called whether or not they are on call, and no viewer is."""
    return or_(Staff.role == Role.VIEWER, ~Staff.on_call & (Staff.role != Role.OWNER))


def _raw(column: Any) -> ColumnElement[Any]:
    return type_coerce(column, LargeBinary)
