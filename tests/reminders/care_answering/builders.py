"""Rows for these tests, made in one line each."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from reminders.database import keyring_of
from reminders.models import (
    Clinic,
    Consent,
    Message,
    MessageReminder,
    Patient,
    Protocol,
    ProtocolVersion,
    Reminder,
    Sender,
    Staff,
    Treatment,
)
from reminders.models.kinds import Channel, ConsentAction, Language, MessageKind, Purpose, Role
from reminders.outbox import keys
from schedules import library
from schedules.lifecycle import State
from tests.conftest import NOW

PHONE = "+15145550142"
EMAIL = "marie@patient.example"


@dataclass(frozen=True)
class Case:
    """One patient with a treatment a week ago and the check-in that was sent an hour ago."""

    patient: Patient
    treatment: Treatment
    reminder: Reminder
    message: Message


def add_patient(session: Session, clinic: Clinic, **given: Any) -> Patient:
    """A patient, by default French, with a number and an e-mail address, who agreed to both."""
    values = {"given_name": "Marie", "family_name": "Tremblay", "language": Language.FR, "phone": PHONE, "email": EMAIL}
    values |= given
    keyring = keyring_of(session)
    phone, email = values["phone"], values["email"]
    patient = Patient(
        clinic_id=clinic.id,
        created_at=NOW,
        phone_index=keyring.index("phone", phone) if phone else None,
        email_index=keyring.index("email", email.lower()) if email else None,
        **values,
    )
    session.add(patient)
    session.flush()
    for channel in (Channel.SMS, Channel.EMAIL):
        consent(session, patient, channel, ConsentAction.GRANTED, NOW - timedelta(days=10))
    return patient


def consent(
    session: Session, patient: Patient, channel: Channel, action: ConsentAction, at: datetime, source: str = "form"
) -> Consent:
    """An entry in the ledger."""
    entry = Consent(
        clinic_id=patient.clinic_id,
        patient_id=patient.id,
        channel=channel,
        purpose=Purpose.AFTERCARE,
        action=action,
        at=at,
        source=source,
        wording_version="1",
        wording="I agree",
        language=patient.language,
    )
    session.add(entry)
    session.flush()
    return entry


def add_treatment(session: Session, patient: Patient, treated_at: datetime = NOW - timedelta(days=7)) -> Treatment:
    """A treatment by the library's microneedling; nothing is planned for it."""
    protocol = session.scalars(select(Protocol).where(Protocol.clinic_id == patient.clinic_id)).first()
    if protocol is None:
        protocol = Protocol(
            clinic_id=patient.clinic_id, key="microneedling", name={"en": "M", "fr": "M"}, created_at=NOW
        )
        session.add(protocol)
        session.flush()
        version = ProtocolVersion(
            clinic_id=patient.clinic_id,
            protocol_id=protocol.id,
            number=1,
            content=library.content(library.load("microneedling")),
            published_at=NOW,
            created_at=NOW,
        )
        session.add(version)
        session.flush()
    version = session.scalars(select(ProtocolVersion).where(ProtocolVersion.protocol_id == protocol.id)).one()
    treatment = Treatment(
        clinic_id=patient.clinic_id,
        patient_id=patient.id,
        protocol_id=protocol.id,
        protocol_version_id=version.id,
        treated_at=treated_at,
        local_date=date(treated_at.year, treated_at.month, treated_at.day),
        state_at=treated_at,
        created_at=treated_at,
    )
    session.add(treatment)
    session.flush()
    return treatment


def add_reminder(session: Session, treatment: Treatment, step: str = "day-7", **given: Any) -> Reminder:
    """What a step owes; day 7 is the check-in."""
    values: dict[str, Any] = {
        "is_check_in": step == "day-7",
        "due_at": NOW - timedelta(hours=1),
        "useful_until": NOW + timedelta(days=3),
        "state_at": NOW - timedelta(days=7),
        "created_at": NOW - timedelta(days=7),
    }
    reminder = Reminder(clinic_id=treatment.clinic_id, treatment_id=treatment.id, step=step, **{**values, **given})
    session.add(reminder)
    session.flush()
    return reminder


def add_message(session: Session, treatment: Treatment, reminder: Reminder | None = None, **given: Any) -> Message:
    """A message to the treatment's patient, by default a text sent an hour ago, carrying `reminder`."""
    channel = given.get("channel", Channel.SMS)
    sender = session.scalars(
        select(Sender).where(Sender.clinic_id == treatment.clinic_id, Sender.channel == channel)
    ).one()
    state = given.get("state", State.SENT)
    gone = state in {State.SENT, State.DELIVERED, State.UNDELIVERED}
    values: dict[str, Any] = {
        "kind": MessageKind.REMINDER,
        "priority": 5,
        "language": Language.FR,
        "template": f"step:{reminder.step}" if reminder else "answer:clear",
        "dedupe_key": keys.reminder_key(reminder.id, channel, 1) if reminder else str(uuid.uuid4()),
        "due_at": NOW - timedelta(hours=1),
        "useful_until": NOW + timedelta(days=3),
        "state_at": NOW - timedelta(hours=1),
        "sent_at": NOW - timedelta(hours=1) if gone else None,
        "delivered_at": NOW if state is State.DELIVERED else None,
        "created_at": NOW - timedelta(days=7),
        "patient_id": treatment.patient_id,
        "treatment_id": treatment.id,
        "channel": channel,
        "state": state,
    }
    message = Message(clinic_id=treatment.clinic_id, sender_id=sender.id, **{**values, **given})
    session.add(message)
    session.flush()
    if reminder is not None:
        live = state in {State.PLANNED, State.CLAIMED, State.SENDING, State.SENT, State.UNKNOWN}
        link = MessageReminder(message_id=message.id, reminder_id=reminder.id, clinic_id=treatment.clinic_id, live=live)
        session.add(link)
        session.flush()
    return message


def add_case(session: Session, clinic: Clinic, **patient: Any) -> Case:
    """A patient, a treatment a week ago, and its check-in, sent an hour ago."""
    person = add_patient(session, clinic, **patient)
    treatment = add_treatment(session, person)
    reminder = add_reminder(session, treatment)
    return Case(person, treatment, reminder, add_message(session, treatment, reminder))


def add_staff(session: Session, clinic: Clinic, email: str, **given: Any) -> Staff:
    """Somebody who works at the clinic."""
    values: dict[str, Any] = {"name": "Nadia", "role": Role.STAFF, "language": Language.EN, "phone": None} | given
    staff = Staff(
        clinic_id=clinic.id,
        email=email,
        email_index=keyring_of(session).index("email", email),
        created_at=NOW,
        **values,
    )
    session.add(staff)
    session.flush()
    return staff
