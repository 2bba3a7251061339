"""Who of the staff has a number, the alarm that they were called about, and whether their words can be meant for it."""

import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

import orjson
from sqlalchemy import Connection, LargeBinary, bindparam, select, type_coerce

from reminders.bulk import among
from reminders.care.matching import address_index
from reminders.care.rounds import ROUNDS
from reminders.care.tickets import may_ring
from reminders.crypto import Keyring
from reminders.database import keyring_of
from reminders.errors import CryptoError
from reminders.models import Message, Staff, Ticket
from reminders.models.kinds import Channel, Language, TicketState
from reminders.outbox import keys
from reminders.triage.quoted import Source, own_words
from schedules.lifecycle import State

_MOST_ALARMS = 20
"""Of so many alarms that are not closed, the newest are looked through."""

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


def find_caller(connection: Connection, clinic_id: uuid.UUID, index: str, *, rings: bool) -> Caller | None:
    """Who of the clinic's staff has the number with that index; of several, one whom an alarm has called."""
    keyring = keyring_of(connection)
    people = connection.execute(_PHONES, {"clinic": clinic_id}).all()
    found = [Caller(id_, language) for id_, language, phone in people if _indexed(keyring, phone) == index]
    if not (found and rings):
        return next(iter(found), None)
    alarms = connection.execute(_ALARMS, {"clinic": clinic_id}).scalars().all()
    called = [Caller(one.staff_id, one.language, _newest(connection, one, alarms)) for one in found]
    return next((one for one in called if one.alarm), called[0])


def _indexed(keyring: Keyring, phone: bytes) -> str:
    try:
        return address_index(keyring, Channel.SMS, orjson.loads(keyring.open(phone, "staff.phone")))
    except CryptoError:  # a number that no key opens is nobody's; what came must be kept all the same
        return ""


def _newest(connection: Connection, caller: Caller, alarms: Iterable[uuid.UUID]) -> uuid.UUID | None:
    by_key = {
        keys.alert_key(alarm, caller.staff_id, channel, one.n): alarm
        for alarm in alarms
        for channel in Channel
        for one in ROUNDS
    }
    heard = {by_key[key] for key in connection.execute(_HEARD_OF, {"keys": list(by_key)}).scalars()}
    return next((alarm for alarm in by_key.values() if alarm in heard), None)


_PHONES = (
    select(Staff.id, Staff.language, type_coerce(Staff.phone, LargeBinary))
    .where(Staff.clinic_id == bindparam("clinic"), Staff.phone.is_not(None), Staff.disabled_at.is_(None))
    .order_by(Staff.id)
)
_ALARMS = (
    select(Ticket.id)
    .where(Ticket.clinic_id == bindparam("clinic"), *may_ring())
    .order_by(Ticket.state != TicketState.OPEN, Ticket.opened_at.desc(), Ticket.id.desc())
    .limit(_MOST_ALARMS)
)
_HEARD_OF = select(Message.dedupe_key).where(among(Message.dedupe_key, "keys"), Message.state.in_(_HEARD))
