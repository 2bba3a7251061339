"""A clinic with many patients, written in bulk: what the benchmarks start from."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from reminders.care import clinics, protocols
from reminders.crypto import Keyring
from reminders.database import Base, Database
from reminders.ids import new_id
from reminders.models import Consent, Instance, Message, MessageReminder, Patient, Reminder, Sender, Treatment
from reminders.models.instance import CLOCK_OFFSET, now
from reminders.models.kinds import Channel, ConsentAction, Language, MessageKind, Purpose
from reminders.outbox import PRIORITY, keys
from reminders.settings import SANDBOX_ACCOUNT, Settings
from schedules.lifecycle import State

TUESDAY = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)
"""11:00 in Montreal, inside every window: the clock when the clinic opens."""

UNLIMITED = 1_000_000.0
"""Segments a second: no sender of a benchmark waits for its budget."""

_WEEK, _DAY = timedelta(days=7), timedelta(days=1)
_NAMES = ("Marie", "Zoé", "Jean-François", "Anne", "Liam", "Noémie", "William", "Chloé")
_AT_ONCE = 1000


_Rows = Mapping[type[Base], list[dict[str, Any]]]
"""Rows by table, in an order in which they can be written."""


@dataclass(frozen=True, slots=True)
class Practice:
    """The clinic, its SMS sender, and the protocol (with its version) that all treatments follow."""

    clinic_id: uuid.UUID
    sender_id: uuid.UUID
    protocol_id: uuid.UUID
    version_id: uuid.UUID


def phone(number: int) -> str:
    """The n-th patient's number, E.164: of an area code that does not exist, so nobody's.

    The stand-in takes texts to it: none ends as those that it refuses.
    """
    return f"+1555{number:06d}0"


def open_practice(database: Database, settings: Settings) -> Practice:
    """A clinic with its senders and protocols; the database's clock begins at TUESDAY and runs."""
    with database.begin() as session:
        offset = (TUESDAY - now(session)).total_seconds()
        session.add(Instance(key=CLOCK_OFFSET, value=str(offset)))
        return _open(session, settings)


def open_branches(database: Database, settings: Settings, count: int) -> list[Practice]:
    """Further clinics beside the practice, each with a number of its own on the same account."""
    with database.begin() as session:
        return [_open(session, settings, f"+1514{number:07d}") for number in range(count)]


def add_patients(database: Database, practice: Practice, count: int, first: int = 0) -> list[uuid.UUID]:
    """Patients with the phones from `first` on who agreed to texts; half of them read French."""
    rows = _patients(practice, database.keyring, {first + number: phone(first + number) for number in range(count)})
    _write(database, rows)
    return [row["id"] for row in rows[Patient]]


def add_check_ins(
    database: Database,
    practice: Practice,
    count: int,
    due_at: datetime = TUESDAY,
    first: int = 0,
    phone_of: Callable[[int], str] = phone,
) -> None:
    """Patients treated a week ago, each with a day-7 check-in text that is due at `due_at`; their phones begin at the
    `first`."""
    people = _patients(
        practice, database.keyring, {first + number: phone_of(first + number) for number in range(count)}
    )
    _write(database, _check_ins(practice, people, due_at))


def add_check_ins_at_each(database: Database, practices: Sequence[Practice], count: int, due_at: datetime) -> None:
    """So many check-ins at each of these clinics, all due at `due_at`."""
    rows: dict[type[Base], list[dict[str, Any]]] = {}
    for number, practice in enumerate(practices):
        phones = {one: phone(one) for one in range(number * count, (number + 1) * count)}
        for table, some in _check_ins(practice, _patients(practice, database.keyring, phones), due_at).items():
            rows.setdefault(table, []).extend(some)
    _write(database, rows)


def _open(session: Session, settings: Settings, number: str = "") -> Practice:
    new = clinics.NewClinic(
        "Clinique Lumière de Westmount", "Clinique Lumière", phone="+15145550119", address="1, rue A"
    )
    clinic = clinics.create_clinic(session, new, settings, TUESDAY - timedelta(days=365))
    if number:
        sender = Sender(channel=Channel.SMS, account=SANDBOX_ACCOUNT, address=number, clinic_id=clinic.id)
        sender.next_free_at = sender.created_at = clinic.created_at
        session.add(sender)
        session.flush()
    session.execute(update(Sender).where(Sender.clinic_id == clinic.id).values(rate=UNLIMITED))
    mine = (Sender.channel == Channel.SMS, Sender.clinic_id == clinic.id)
    protocol, version = protocols.published(session, clinic.id)[0]
    return Practice(clinic.id, session.scalars(select(Sender.id).where(*mine)).one(), protocol.id, version.id)


def _patients(practice: Practice, keyring: Keyring, phones: Mapping[int, str]) -> _Rows:
    """Patients by number, which chooses name and language, with their phones."""
    rows = [_patient(practice, keyring, *one) for one in phones.items()]
    return {Patient: rows, Consent: [_consent(practice, row) for row in rows]}


def _check_ins(practice: Practice, people: _Rows, due_at: datetime) -> _Rows:
    treatments = [_treatment(practice, patient["id"]) for patient in people[Patient]]
    reminders = [_reminder(row, due_at) for row in treatments]
    triples = zip(treatments, reminders, people[Patient], strict=True)
    messages = [
        _message(practice, treatment, reminder, patient["language"]) for treatment, reminder, patient in triples
    ]
    links = [
        {"clinic_id": practice.clinic_id, "message_id": message["id"], "reminder_id": reminder["id"], "live": True}
        for message, reminder in zip(messages, reminders, strict=True)
    ]
    return {**people, Treatment: treatments, Reminder: reminders, Message: messages, MessageReminder: links}


def _write(database: Database, rows: _Rows) -> None:
    with database.begin() as session:
        for table, some in rows.items():
            for start in range(0, len(some), _AT_ONCE):
                session.execute(insert(table), some[start : start + _AT_ONCE])


def _language(number: int) -> Language:
    return Language.FR if number % 2 else Language.EN


def _patient(practice: Practice, keyring: Keyring, number: int, its_phone: str) -> dict[str, Any]:
    return {
        "id": new_id(),
        "clinic_id": practice.clinic_id,
        "given_name": _NAMES[number % len(_NAMES)],
        "family_name": "Tremblay",
        "language": _language(number),
        "phone": its_phone,
        "phone_index": keyring.index("phone", its_phone),
        "created_at": TUESDAY - 2 * _WEEK,
    }


def _consent(practice: Practice, patient: dict[str, Any]) -> dict[str, Any]:
    return {
        "clinic_id": practice.clinic_id,
        "patient_id": patient["id"],
        "channel": Channel.SMS,
        "purpose": Purpose.AFTERCARE,
        "action": ConsentAction.GRANTED,
        "at": TUESDAY - 2 * _WEEK,
        "source": "form",
        "language": patient["language"],
    }


def _treatment(practice: Practice, patient_id: uuid.UUID) -> dict[str, Any]:
    at = TUESDAY - _WEEK
    stamps = {"treated_at": at, "local_date": at.date(), "state_at": at, "created_at": at}
    protocol = {"protocol_id": practice.protocol_id, "protocol_version_id": practice.version_id}
    return {"id": new_id(), "clinic_id": practice.clinic_id, "patient_id": patient_id, **protocol, **stamps}


def _reminder(treatment: dict[str, Any], due_at: datetime) -> dict[str, Any]:
    return {
        "id": new_id(),
        "clinic_id": treatment["clinic_id"],
        "treatment_id": treatment["id"],
        "step": "day-7",
        "is_check_in": True,
        "due_at": due_at,
        "useful_until": due_at + _DAY,
        "state_at": TUESDAY - _WEEK,
        "created_at": TUESDAY - _WEEK,
    }


def _message(
    practice: Practice, treatment: dict[str, Any], reminder: dict[str, Any], language: Language
) -> dict[str, Any]:
    return {
        "id": new_id(),
        "clinic_id": practice.clinic_id,
        "patient_id": treatment["patient_id"],
        "treatment_id": treatment["id"],
        "protocol_version_id": practice.version_id,
        "sender_id": practice.sender_id,
        "channel": Channel.SMS,
        "kind": MessageKind.REMINDER,
        "priority": PRIORITY[MessageKind.REMINDER],
        "language": language,
        "template": "step:day-7",
        "dedupe_key": keys.reminder_key(reminder["id"], Channel.SMS, 1),
        "due_at": reminder["due_at"],
        "useful_until": reminder["useful_until"],
        "state": State.PLANNED,
        "state_at": TUESDAY - _WEEK,
        "created_at": TUESDAY - _WEEK,
    }
