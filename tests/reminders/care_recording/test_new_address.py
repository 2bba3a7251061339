"""A number that was refused and then put right gets what is still useful, once. On both databases."""

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from reminders.care import patients
from reminders.models import Treatment
from reminders.models.kinds import Channel
from tests.conftest import NOW
from tests.reminders.care_recording.conftest import MARIE, Desk, messages_of, refuse, reminders_of

SEVENTH = NOW + timedelta(days=7)


def call_her_at(desk: Desk, session: Session, treatment: Treatment, phone: str, now: datetime) -> None:
    """The desk corrects the number."""
    patient = patients.get(session, desk.clinic.id, treatment.patient_id)
    given = patients.clean(replace(MARIE, phone=phone), desk.clinic)
    patients.change(session, desk.actor, desk.clinic, patient, given, now)


def test_a_corrected_number_gets_the_check_in_that_was_refused(desk: Desk) -> None:
    with desk.database.begin() as session:
        treatment = desk.treated(session, {Channel.SMS})
        for step in ("day-1", "day-3", "day-7"):
            refuse(session, treatment.id, step)
        call_her_at(desk, session, treatment, "514 555 0177", SEVENTH)
        assert [told[:2] for told in messages_of(session, treatment.id)] == [("step:day-7", "sms")]
        assert ("day-7", 2, "owed", "") in reminders_of(session, treatment.id)


def test_the_number_that_was_refused_is_not_tried_again(desk: Desk) -> None:
    with desk.database.begin() as session:
        treatment = desk.treated(session, {Channel.SMS})
        refuse(session, treatment.id, "day-7")
        call_her_at(desk, session, treatment, "514 555 0177", NOW)
        assert ("step:day-7", "sms") in [told[:2] for told in messages_of(session, treatment.id)]
        call_her_at(desk, session, treatment, MARIE.phone, NOW)
        assert "step:day-7" not in [told[0] for told in messages_of(session, treatment.id)]
        assert ("day-7", 2, "skipped", "address_failed") in reminders_of(session, treatment.id)
