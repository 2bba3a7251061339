"""What stands around a reply: its clinic, and who may have written it; read once, before the reply is kept."""

import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import Connection, bindparam, case, select
from sqlalchemy.orm import Session

from reminders.care import strangers
from reminders.care.callers import Address, Caller, find_alerted, find_caller
from reminders.care.checkins import ANSWERABLE_FOR, AskedCheckIn
from reminders.care.guardians import Person
from reminders.care.matching import RECENT, Holder
from reminders.care.neighbourhood import NEIGHBOURHOOD, OWED, SAFETY_COUNTS_FOR
from reminders.care.situation import AboutTreatment, Context, Kept
from reminders.crypto import Keyring
from reminders.models import Message, Reply
from reminders.models.follow_up_rules import LIMITS, follow_up_rules
from reminders.models.kinds import Channel, Language, MessageKind


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a message came from, and when; who wrote and what it answers, where that is known already."""

    clinic_id: uuid.UUID
    channel: Channel
    index: str
    received_at: datetime
    patient_id: uuid.UUID | None = None
    answers_id: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A patient who can be reached at the address (`holds`), or who is known to have written from elsewhere.

    `guardian` and `birth_date` are sealed still; `about` is the treatment that they would write about.
    """

    patient_id: uuid.UUID
    holds: bool
    answers_id: uuid.UUID | None
    treated: bool
    language: Language
    guardian: bytes | None
    birth_date: bytes | None
    check_in: uuid.UUID | None
    check_in_treatment: uuid.UUID | None
    about: uuid.UUID | None
    about_date: date | None
    sent: str | None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The clinic that a message came to, and the patients around it.

    `sent_there` are the automatic texts of late to whoever writes from the address; since when those of a kind count,
    `counts_since` says. `on_call` says whether somebody is and can be reached, `rings` whether there is an alarm;
    `colleague` is who of the staff has the address; `strangers_told` counts the e-mails of late to
    addresses that are nobody's, where this is one.
    """

    timezone: str
    clinic_language: Language
    counts_since: Mapping[MessageKind, datetime]
    sends_by: uuid.UUID | None
    sent_there: str | None
    on_call: bool
    rings: bool
    neighbours: Sequence[Neighbour]
    colleague: Caller | None = None
    strangers_told: strangers.Told = strangers.NOTHING_TOLD

    @property
    def holders(self) -> list[Holder]:
        """Those at the address, and why they may have written."""
        return [Holder(one.patient_id, one.answers_id, one.treated) for one in self.neighbours if one.holds]


def look_around(connection: Connection, origin: Origin, now: datetime) -> Surroundings:
    """What stands around a message from there. One statement, whoever shares the address; four more at most for an
    address that no patient has, or while an alarm rings: it may be a member of staff's."""
    given = {
        "clinic": origin.clinic_id,
        "address": origin.index,
        # However late it is read, it was an answer when it came.
        "asked_since": origin.received_at - ANSWERABLE_FOR,
        "recent": now - _LONGEST,
    }
    by_name = origin.patient_id is not None
    named = {"patient": origin.patient_id, "answers": origin.answers_id} if by_name else {}
    question = NEIGHBOURHOOD[origin.channel, by_name]
    rows = connection.execute(question, {**given, **named, "since": now - RECENT}).all()
    neighbours = [Neighbour(*row[_CLINICS:]) for row in rows if row[_CLINICS] is not None]
    timezone, clinic_language, options, sends_by, sent_there, on_call, rings = rows[0][:_CLINICS]
    counts_since = {
        MessageKind.ANSWER: now - follow_up_rules(options).answers_apart,
        MessageKind.SAFETY: now - SAFETY_COUNTS_FOR,
    }
    known = (timezone, clinic_language, counts_since, sends_by, sent_there)
    around = Surroundings(*known, on_call, rings, neighbours)
    is_strangers = origin.channel is Channel.EMAIL and not (by_name or around.holders)
    told = strangers.told(connection, origin.clinic_id, now) if is_strangers else strangers.NOTHING_TOLD
    return replace(around, colleague=_colleague(connection, origin, around), strangers_told=told)


def _colleague(connection: Connection, origin: Origin, around: Surroundings) -> Caller | None:
    """Who of the staff wrote, or may have. Of an e-mail that answers no patient's message, the alert that it answers
    tells, else its From; that alone is no reason to doubt a patient's."""
    by_mail = origin.channel is Channel.EMAIL
    if by_mail and origin.answers_id is not None:
        answers_alert = origin.patient_id is None
        return find_alerted(connection, origin.clinic_id, origin.answers_id) if answers_alert else None
    if around.holders and (by_mail or not around.rings):
        return None
    address = Address(origin.channel, origin.index)
    return find_caller(connection, origin.clinic_id, address, rings=around.rings)


_CLINICS = 7
"""So many columns of each line are the clinic's."""

_LONGEST = timedelta(minutes=LIMITS["answer_minutes"][1])
"""Nothing that was sent longer ago counts for any clinic."""


def answered_by(session: Session, patient_id: uuid.UUID, channel: Channel, received_at: datetime) -> uuid.UUID | None:
    """The message that a patient who wrote then most likely answers: the newest reminder or nudge sent before, or the
    newest message."""
    sent = (Message.sent_at >= received_at - RECENT, Message.sent_at <= received_at)
    return session.scalars(
        select(Message.id)
        .where(Message.patient_id == patient_id, Message.channel == channel, *sent)
        .order_by(case((Message.kind.in_(OWED), 0), else_=1), Message.sent_at.desc(), Message.id.desc())
        .limit(1)
    ).first()


def find_kept(connection: Connection, reply_id: uuid.UUID) -> tuple[Kept, Origin] | None:
    """A reply that nobody has read yet, and where it came from."""
    row = connection.execute(_KEPT, {"reply": reply_id}).one_or_none()
    if row is None:
        return None
    *values, answers_id = row
    kept = Kept(*values)
    whose = (kept.patient_id, answers_id)
    return kept, Origin(kept.clinic_id, kept.channel, kept.from_index, kept.received_at, *whose)


_KEPT = select(*(getattr(Reply, name) for name in Kept.__slots__), Reply.answers_id).where(
    Reply.id == bindparam("reply"), Reply.read_at.is_(None)
)


def context_of(reply: Kept, around: Surroundings, keyring: Keyring) -> Context:
    """The reply with what stands around it. On a shared address the check-in may be anybody's there.

    Raises:
        CryptoError: what is known of a patient there cannot be opened.
    """
    meant = next((one for one in around.neighbours if one.patient_id == reply.patient_id), None)
    holders = [one for one in around.neighbours if one.holds]
    asked = [meant] if meant else [] if reply.patient_id else holders
    return Context(
        reply=reply,
        timezone=around.timezone,
        clinic_language=around.clinic_language,
        chosen=meant.language if meant else around.colleague.language if around.colleague else None,
        holders=[_person(one, keyring) for one in holders],
        check_in=next(filter(None, (_check_in(reply.clinic_id, one) for one in asked)), None),
        treatment=AboutTreatment(meant.about, meant.about_date) if meant and meant.about and meant.about_date else None,
        sent=Counter(_counted(around, meant)),
        sender_id=around.sends_by,
        on_call=around.on_call,
        colleague=around.colleague,
        strangers_told=around.strangers_told,
    )


def _person(one: Neighbour, keyring: Keyring) -> Person:
    guardian = _opened(one.guardian, "patient.guardian", keyring)
    return Person(one.patient_id, guardian, _opened(one.birth_date, "patient.birth_date", keyring))


def _opened(sealed: bytes | None, context: str, keyring: Keyring) -> Any:
    return None if sealed is None else orjson.loads(keyring.open(sealed, context))


def _check_in(clinic_id: uuid.UUID, one: Neighbour) -> AskedCheckIn | None:
    if one.check_in is None or one.check_in_treatment is None:
        return None
    return AskedCheckIn(clinic_id, one.check_in_treatment, one.check_in)


def _counted(around: Surroundings, meant: Neighbour | None) -> Iterator[tuple[MessageKind, str]]:
    """Automatic texts to the patient who is meant, and to others from the address."""
    for kind, template, _ in _lines(around, meant.sent if meant else None):
        yield kind, template
    for kind, template, to in _lines(around, around.sent_there):
        if meant is None or not to or uuid.UUID(to) != meant.patient_id:
            yield kind, template


def _lines(around: Surroundings, sent: str | None) -> Iterator[tuple[MessageKind, str, str]]:
    for line in (sent or "").splitlines():
        kind, template, at, to = line.split(" ")
        if int(at) > around.counts_since[MessageKind(kind)].timestamp():
            yield MessageKind(kind), template, to
