"""Rows that the tests of outbox and delivery start from."""

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from reminders.database import Database, keyring_of
from reminders.ids import new_id
from reminders.models import Clinic, Consent, Message, Patient, Protocol, ProtocolVersion, Reminder, Sender, Treatment
from reminders.models.kinds import Channel, ConsentAction, Language, MessageKind, Purpose
from reminders.outbox import Draft, enqueue
from schedules.lifecycle import State

NOW = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)
"""A Tuesday, 11:00 in Montreal: inside every window."""

NIGHT = datetime(2026, 3, 11, 5, 0, tzinfo=UTC)
"""01:00 in Montreal."""

PHONE = "+15145550142"
EMAIL = "marie@patient.example"

TEXTS = {
    "fr": {"day-1": {"sms": {"body": "{clinic} : bonjour {first_name}."}}},
    "en": {
        "day-1": {
            "sms": {"body": "{clinic}: hello {first_name}."},
            "email": {"subject": "{clinic}", "body": "Hello {first_name}. {unsubscribe_url}"},
        }
    },
}


def add_patient(session: Session, clinic: Clinic, phone: str = PHONE, email: str = EMAIL) -> Patient:
    """A patient with both addresses who agreed to both channels."""
    keyring = keyring_of(session)
    patient = Patient(
        clinic_id=clinic.id,
        given_name="Marie",
        family_name="Tremblay",
        language=Language.EN,
        phone=phone,
        phone_index=keyring.index("phone", phone),
        email=email,
        email_index=keyring.index("email", email),
        created_at=NOW,
    )
    session.add(patient)
    session.flush()
    for channel in Channel:
        session.add(ledger_entry(patient, channel, ConsentAction.GRANTED, NOW - timedelta(days=1)))
    session.flush()
    return patient


def ledger_entry(patient: Patient, channel: Channel, action: ConsentAction, at: datetime) -> Consent:
    """One entry of the consent ledger."""
    return Consent(
        clinic_id=patient.clinic_id,
        patient_id=patient.id,
        channel=channel,
        purpose=Purpose.AFTERCARE,
        action=action,
        at=at,
        source="form",
    )


def add_treatment(session: Session, clinic: Clinic, patient: Patient) -> Treatment:
    """A treatment by a protocol of one step."""
    key = f"p-{uuid.uuid4().hex[:8]}"
    protocol = Protocol(clinic_id=clinic.id, key=key, name={"en": "Microneedling"}, created_at=NOW)
    session.add(protocol)
    session.flush()
    version = ProtocolVersion(
        clinic_id=clinic.id,
        protocol_id=protocol.id,
        number=1,
        content={"steps": [], "texts": TEXTS},
        published_at=NOW,
        created_at=NOW,
    )
    session.add(version)
    session.flush()
    treatment = Treatment(
        clinic_id=clinic.id,
        patient_id=patient.id,
        protocol_id=protocol.id,
        protocol_version_id=version.id,
        treated_at=NOW - timedelta(days=1),
        local_date=(NOW - timedelta(days=1)).date(),
        state_at=NOW,
        created_at=NOW,
    )
    session.add(treatment)
    session.flush()
    return treatment


def add_reminder(session: Session, treatment: Treatment, step: str = "day-1") -> Reminder:
    """What a step owes the treatment."""
    reminder = Reminder(
        clinic_id=treatment.clinic_id,
        treatment_id=treatment.id,
        step=step,
        due_at=NOW,
        useful_until=NOW + timedelta(days=1),
        state_at=NOW,
        created_at=NOW,
    )
    session.add(reminder)
    session.flush()
    return reminder


def draft(patient: Patient, treatment: Treatment | None = None, **changes: object) -> Draft:
    """A text that is due now and useful for a day."""
    plain = Draft(
        clinic_id=patient.clinic_id,
        kind=MessageKind.REMINDER,
        channel=Channel.SMS,
        template="step:day-1",
        language=Language.EN,
        dedupe_key=f"test:{new_id()}",
        due_at=NOW,
        useful_until=NOW + timedelta(days=1),
        patient_id=patient.id,
        treatment_id=treatment.id if treatment else None,
        protocol_version_id=treatment.protocol_version_id if treatment else None,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def owe(database: Database, clinic: Clinic, count: int = 1, **changes: object) -> list[uuid.UUID]:
    """`count` messages due now, each to a patient of their own with a number of their own."""
    with database.begin() as session:
        patients = [add_patient(session, clinic, f"+1514555{n:04d}", f"p{n}@patient.example") for n in range(count)]
        treatment = add_treatment(session, clinic, patients[0])
        return enqueue(session, [draft(patient, treatment, **changes) for patient in patients], NOW)


def sender_of(session: Session, clinic: Clinic, channel: Channel = Channel.SMS) -> Sender:
    """The clinic's sender."""
    return session.scalars(select(Sender).where(Sender.clinic_id == clinic.id, Sender.channel == channel)).one()


def message(database: Database, message_id: uuid.UUID) -> Message:
    """The message as it stands now."""
    with database.read() as session:
        row = session.get_one(Message, message_id)
        session.expunge(row)
        return row


def states(database: Database) -> dict[State, int]:
    """How many messages stand in each state."""
    with database.read() as session:
        found: dict[State, int] = {}
        for state in session.scalars(select(Message.state)):
            found[state] = found.get(state, 0) + 1
        return found
