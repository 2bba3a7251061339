"""The patient's page knows every hold, and promises no time that has passed. On both databases."""

from collections.abc import Callable, Mapping
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from reminders.care.timeline import timeline, why
from reminders.database import Database
from reminders.models import Clinic, Instance, Patient, Protocol, Sender, Treatment
from reminders.models.instance import HOLD_ALL, now
from reminders.models.options import SPEND_CAP
from schedules.lifecycle import State
from tests.reminders.care_answering.builders import Case, add_case

HOLD: Mapping[str, Callable[[Session, Case], object]] = {
    "message_held_all": lambda session, _: session.add(Instance(key=HOLD_ALL, value="2026-03-10")),
    "message_held_clinic": lambda session, case: hold(session.get_one(Clinic, case.patient.clinic_id), session),
    "message_held_protocol": lambda session, case: hold(
        session.get_one(Protocol, session.get_one(Treatment, case.treatment.id).protocol_id), session
    ),
    "message_held_patient": lambda session, case: hold(session.get_one(Patient, case.patient.id), session),
    "message_paused": lambda session, case: pause(session.get_one(Sender, case.message.sender_id), session),
    "message_spend_cap": lambda session, case: pause(
        session.get_one(Sender, case.message.sender_id), session, SPEND_CAP
    ),
    "message_due": lambda _session, _case: None,
}


def hold(held: Clinic | Protocol | Patient, session: Session) -> None:
    held.held_at = now(session)


def pause(sender: Sender, session: Session, reason: str = "20003") -> None:
    sender.paused_until, sender.paused_reason = now(session) + timedelta(hours=1), reason


@pytest.mark.parametrize("key", HOLD)
def test_what_keeps_a_due_message_waiting_is_said(database: Database, clinic: Clinic, key: str) -> None:
    with database.begin() as session:
        case = add_case(session, clinic)
        case.message.state, case.message.due_at = State.PLANNED, now(session) - timedelta(hours=1)
        HOLD[key](session, case)
    with database.read() as session:
        kept = session.get_one(Clinic, clinic.id)
        (entry,) = (entry for entry in timeline(session, kept, case.patient) if entry.kind == "message")
        assert entry.why_key == why(session, kept, case.patient)[case.reminder.id].key == key
