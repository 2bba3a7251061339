"""Owed once, whoever asks how often."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from reminders.database import Database
from reminders.errors import NotFoundError
from reminders.models import Clinic, Message, MessageReminder, Sender
from reminders.models.kinds import Channel, MessageKind
from reminders.outbox import PRIORITY, cancel, enqueue, move_due
from schedules.lifecycle import State
from tests.reminders.outbox.rows import NOW, add_patient, add_reminder, add_treatment, draft, message, owe, sender_of


def test_a_draft_becomes_a_planned_row_of_the_clinics_sender(database: Database, clinic: Clinic) -> None:
    with database.begin() as session:
        patient = add_patient(session, clinic)
        wanted = draft(patient, params={"url": "https://clinic.example/t/1"}, kind=MessageKind.ANSWER)
        (added,) = enqueue(session, [wanted], NOW)
        sender = sender_of(session, clinic)
    row = message(database, added)
    assert (row.state, row.state_at, row.sender_id) == (State.PLANNED, NOW, sender.id)
    assert (row.priority, row.params) == (PRIORITY[MessageKind.ANSWER], wanted.params)


def test_a_dedupe_key_is_taken_once(database: Database, clinic: Clinic) -> None:
    with database.begin() as session:
        patient = add_patient(session, clinic)
        wanted = draft(patient, dedupe_key="answer:1")
        assert len(enqueue(session, [wanted, wanted], NOW)) == 1
    with database.begin() as session:
        other = draft(patient, dedupe_key="answer:2")
        added = enqueue(session, [wanted, other], NOW)
        assert [session.get_one(Message, key).dedupe_key for key in added] == ["answer:2"]


def test_a_reminder_is_carried_by_one_live_message(database: Database, clinic: Clinic) -> None:
    with database.begin() as session:
        patient = add_patient(session, clinic)
        treatment = add_treatment(session, clinic, patient)
        first, second = add_reminder(session, treatment), add_reminder(session, treatment, "day-3")
        (text,) = enqueue(session, [draft(patient, reminder_ids=(first.id,))], NOW)
        assert enqueue(session, [draft(patient, channel=Channel.EMAIL, reminder_ids=(first.id,))], NOW) == []
        (both,) = enqueue(session, [draft(patient, reminder_ids=(first.id, second.id))], NOW)
        links = session.execute(select(MessageReminder.message_id, MessageReminder.reminder_id)).all()
        assert {tuple(link) for link in links} == {(text, first.id), (both, second.id)}

        assert cancel(session, Message.id == text, "moved", NOW) == [text]
        assert len(enqueue(session, [draft(patient, channel=Channel.EMAIL, reminder_ids=(first.id,))], NOW)) == 1


def test_a_clinic_without_the_channel_says_so(database: Database, clinic: Clinic) -> None:
    with database.begin() as session:
        session.delete(sender_of(session, clinic, Channel.EMAIL))
        session.flush()
        assert session.scalars(select(Sender)).one().channel is Channel.SMS
        with pytest.raises(NotFoundError):
            enqueue(session, [draft(add_patient(session, clinic), channel=Channel.EMAIL)], NOW)


def test_what_has_left_cannot_be_cancelled_or_moved(database: Database, clinic: Clinic) -> None:
    planned, sending, sent = owe(database, clinic, 3)
    later = (NOW + timedelta(hours=5), NOW + timedelta(hours=9))
    with database.begin() as session:
        session.get_one(Message, sending).state = State.SENDING
        session.get_one(Message, sent).state = State.SENT
        session.flush()
        move_due(session, dict.fromkeys((planned, sending, sent), later), NOW)
    due = {key: message(database, key).due_at for key in (planned, sending, sent)}
    assert due == {planned: later[0], sending: NOW, sent: NOW}
    with database.begin() as session:
        assert cancel(session, Message.clinic_id == clinic.id, "treatment_cancelled", NOW) == [planned]
    assert message(database, planned).reason == "treatment_cancelled"


def test_moving_takes_a_message_back_from_the_worker_that_claimed_it(database: Database, clinic: Clinic) -> None:
    (claimed,) = owe(database, clinic)
    with database.begin() as session:
        session.get_one(Message, claimed).state = State.CLAIMED
        session.flush()
        move_due(session, {claimed: (NOW + timedelta(days=2), NOW + timedelta(days=3))}, NOW)
    row = message(database, claimed)
    assert (row.state, row.claim_token) == (State.PLANNED, None)


def test_a_draft_that_is_never_useful_is_refused(database: Database, clinic: Clinic) -> None:
    with database.begin() as session, pytest.raises(ValueError, match="useful"):
        draft(add_patient(session, clinic), useful_until=NOW - timedelta(seconds=1))
