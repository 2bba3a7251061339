"""A front desk: a clinic with its protocol, and short ways to record things at it."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from reminders.care import consents, patients, protocols, treatments
from reminders.care.actors import Actor
from reminders.care.patients import PatientInput
from reminders.care.treatments import TreatmentInput
from reminders.database import Database
from reminders.ids import new_id
from reminders.models import Attempt, Clinic, Message, MessageReminder, Patient, Reminder, Treatment
from reminders.models.kinds import Channel
from tests.conftest import NOW

BOTH = frozenset(Channel)
MARIE = PatientInput("Marie-Ève", "Tremblay", "fr", "514-555-0111", "marie@example.org", "D-1")


@dataclass(frozen=True)
class Desk:
    """A clinic at its desk."""

    database: Database
    clinic: Clinic
    actor: Actor = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "actor", Actor(self.clinic.id, "form"))

    def add(self, session: Session, given: PatientInput = MARIE) -> Patient:
        """Add a patient."""
        return patients.add(session, self.actor, self.clinic, patients.clean(given, self.clinic), NOW)

    def agree(self, session: Session, patient: Patient, channel: Channel, now: datetime = NOW) -> consents.Granted:
        """Record a patient's agreement to a channel."""
        text = consents.wording(consents.CURRENT, channel, patient.language, self.clinic.name)
        grant = consents.Grant(patient.id, channel, consents.CURRENT, text, patient.language)
        return consents.grant(session, self.actor, grant, now)

    def record(
        self,
        session: Session,
        patient: Patient,
        given: TreatmentInput | None = None,
        *,
        confirmed: bool = False,
        supersedes: bool | None = None,
    ) -> Treatment:
        """Record a treatment, this morning's unless told."""
        given = given or TreatmentInput("microneedling", "2026-03-10", "10:00")
        who = (self.actor, self.clinic, patient)
        return treatments.record(session, *who, given, NOW, confirmed=confirmed, supersedes=supersedes)

    def publish(self, session: Session) -> None:
        """Publish the library once more, for a protocol that was renamed."""
        protocols.publish_library(session, self.clinic.id, NOW)

    def treated(self, session: Session, agreed: Collection[Channel] = BOTH, day: str = "2026-03-10") -> Treatment:
        """Marie, with these consents, treated on a day."""
        patient = self.add(session)
        for channel in sorted(agreed):
            self.agree(session, patient, channel)
        return self.record(session, patient, TreatmentInput("microneedling", day, "10:00"))


@pytest.fixture
def desk(database: Database, clinic: Clinic) -> Desk:
    """The desk of the seeded clinic, with the library's protocols published."""
    with database.begin() as session:
        protocols.publish_library(session, clinic.id, NOW)
    return Desk(database, clinic)


def reminders_of(session: Session, treatment_id: UUID) -> list[tuple[str, int, str, str]]:
    """A treatment's reminders: step, round, state, reason."""
    asked = select(Reminder).where(Reminder.treatment_id == treatment_id).order_by(Reminder.step, Reminder.round)
    rows = session.scalars(asked.execution_options(populate_existing=True))
    return [(row.step, row.round, row.state.value, row.reason) for row in rows]


def messages_of(session: Session, treatment_id: UUID, state: str = "planned") -> list[tuple[str, str, datetime]]:
    """A treatment's messages in a state: step, channel, due (UTC)."""
    asked = (
        select(Message)
        .where(Message.treatment_id == treatment_id, Message.state == state)
        .order_by(Message.due_at, Message.channel)
    )
    rows = session.scalars(asked.execution_options(populate_existing=True))
    return [(row.template, row.channel.value, row.due_at) for row in rows]


def set_state(session: Session, treatment_id: UUID, step: str, state: str) -> None:
    """Put a step's messages in a state, as if delivery had."""
    session.flush()
    reminder_ids = select(Reminder.id).where(Reminder.treatment_id == treatment_id, Reminder.step == step)
    linked = select(MessageReminder.message_id).where(MessageReminder.reminder_id.in_(reminder_ids))
    for message in session.scalars(select(Message).where(Message.id.in_(linked))):
        message.state = type(message.state)(state)
    session.flush()


def refuse(session: Session, treatment_id: UUID, step: str) -> None:
    """Let a step's text be refused at the number that its patient has now."""
    set_state(session, treatment_id, step, "failed")
    treatment = session.get_one(Treatment, treatment_id)
    patient = session.get_one(Patient, treatment.patient_id)
    asked = select(Message).where(Message.treatment_id == treatment_id, Message.template == f"step:{step}")
    for message in session.scalars(asked.where(Message.state == "failed")):
        session.add(
            Attempt(
                id=new_id(),
                clinic_id=message.clinic_id,
                message_id=message.id,
                sender_id=message.sender_id,
                number=1,
                to=patient.phone or "",
                address_index=patient.phone_index or "",
                body_hash="",
                started_at=NOW,
            )
        )
    session.flush()
