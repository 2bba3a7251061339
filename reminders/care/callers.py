"""Who of the staff has a number, the alarm that they were called about, and whether their words can be meant for it."""

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson
from sqlalchemy import Connection, LargeBinary, and_, bindparam, exists, select, type_coerce

from reminders.care.matching import address_index
from reminders.care.tickets import may_ring
from reminders.crypto import Keyring
from reminders.database import keyring_of
from reminders.errors import CryptoError
from reminders.models import Message, Staff, Ticket
from reminders.models.kinds import Channel, Language, MessageKind, Role, TicketState
from reminders.triage.quoted import Source, own_words
from schedules.lifecycle import State

_HEARD = (State.SENDING, State.SENT, State.DELIVERED, State.UNKNOWN, State.UNDELIVERED)
"""The states of an alert that somebody may have read, also where its receipt says otherwise."""

_REFUSALS = frozenset(
    {
        *("no", "not", "nope", "can't", "cant", "cannot", "don't", "wrong", "who"),
        *("non", "pas", "impossible", "mauvais", "qui"),
    }
)
"""A word of these among the first four says that somebody cannot take it, or does not know what it is."""

_FIRST_WORDS = 4

_AT_THE_WHEEL = frozenset({"driving", "conduis", "conduite", "volant"})
"""Telephones answer with these while their owners drive."""

_MOST_WORDS = 20
_AWAY = frozenset({"away", "office", "vacation", "leave", "automatic", "absent", "absente", "absence", "bureau"})
_AWAY |= {"congé", "vacances", "retour", "automatique", "holiday", "holidays"}

_WORD = re.compile(r"[\w']+")


@dataclass(frozen=True, slots=True)
class Caller:
    """A member of staff by whose number something came. `alarm` is the newest one that they were called about: one that
    still rings before one that somebody has in hand; None if there is none that is not closed."""

    staff_id: uuid.UUID
    language: Language
    alarm: uuid.UUID | None = None


def takes(words: str) -> bool:
    """Whether a text can mean that somebody takes an alarm: anything that a person writes but a refusal.

    Doubt leaves the alarm ringing: a telephone that answers by itself, and a bare reaction, take nothing.
    """
    own = own_words(words)
    said = own.text.strip()
    spoken = _WORD.findall(said.lower().replace("\u2019", "'"))
    refused = not _REFUSALS.isdisjoint(spoken[:_FIRST_WORDS]) or not _AT_THE_WHEEL.isdisjoint(spoken)
    return own.source is Source.PATIENT and bool(said) and not refused


def takes_by_mail(words: str) -> bool:
    """The same of an e-mail that answers an alert. It is short, and no mailbox that answers for somebody who is away:
    some do without saying that they are machines."""
    spoken = _WORD.findall(own_words(words).text.lower())
    return takes(words) and len(spoken) <= _MOST_WORDS and _AWAY.isdisjoint(spoken)


def find_alerted(connection: Connection, clinic_id: uuid.UUID, alert: uuid.UUID) -> Caller | None:
    """Whom that alert went to, with the alarm that it was about, if that is not closed."""
    found = connection.execute(_ALERTED, {"clinic": clinic_id, "alert": alert}).one_or_none()
    return Caller(*found) if found else None


@dataclass(frozen=True, slots=True)
class Address:
    """Where something came from: by its channel and blind index."""

    channel: Channel
    index: str


def find_caller(connection: Connection, clinic_id: uuid.UUID, address: Address, *, rings: bool) -> Caller | None:
    """Who of the clinic's staff has that address; of several, one whom an alarm has called."""
    keyring = keyring_of(connection)
    people = connection.execute(_PEOPLE[address.channel], {"clinic": clinic_id}).all()
    found = [Caller(id_, language) for id_, language, own in people if _indexed(keyring, address, own) == address.index]
    if not (found and rings):
        return next(iter(found), None)
    called = [replace(one, alarm=_newest(connection, clinic_id, one)) for one in found]
    return next((one for one in called if one.alarm), called[0])


def _indexed(keyring: Keyring, address: Address, own: bytes) -> str:
    context = f"staff.{_COLUMN[address.channel].key}"
    try:
        return address_index(keyring, address.channel, orjson.loads(keyring.open(own, context)))
    except CryptoError:  # an address that no key opens is nobody's; what came must be kept all the same
        return ""


def _newest(connection: Connection, clinic_id: uuid.UUID, caller: Caller) -> uuid.UUID | None:
    found: uuid.UUID | None = connection.execute(_HEARD_OF, {"clinic": clinic_id, "staff": caller.staff_id}).scalar()
    return found


_COLUMN: Mapping[Channel, Any] = {Channel.SMS: Staff.phone, Channel.EMAIL: Staff.email}
_MAY_TAKE = (Staff.disabled_at.is_(None), Staff.role != Role.VIEWER)
"""Who may act at all."""

_PEOPLE = {
    channel: select(Staff.id, Staff.language, type_coerce(column, LargeBinary))
    .where(Staff.clinic_id == bindparam("clinic"), column.is_not(None), *_MAY_TAKE)
    .order_by(Staff.id)
    for channel, column in _COLUMN.items()
}
_ALERTED = (
    select(Staff.id, Staff.language, Ticket.id)
    .join_from(Message, Staff, Staff.id == Message.staff_id)
    .outerjoin(Ticket, and_(Ticket.id == Message.ticket_id, *may_ring()))
    .where(Message.id == bindparam("alert"), Message.clinic_id == bindparam("clinic"), *_MAY_TAKE)
    .where(Message.kind == MessageKind.ALERT)
)
_HEARD_OF = (
    # By what the calls say of themselves: their keys count on when an alarm rings again (decision 0030).
    select(Ticket.id)
    .where(Ticket.clinic_id == bindparam("clinic"), *may_ring())
    .where(
        exists().where(
            Message.ticket_id == Ticket.id,
            Message.staff_id == bindparam("staff"),
            Message.kind == MessageKind.ALERT,
            Message.state.in_(_HEARD),
        )
    )
    .order_by(Ticket.state != TicketState.OPEN, Ticket.opened_at.desc(), Ticket.id.desc())
    .limit(1)
)
