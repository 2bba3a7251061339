"""Strangers, families who share a number, calls and pictures: nothing that anybody says is dropped."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from reminders import consent as consents
from reminders.care.replies import candidates, receive, understand
from reminders.database import Database
from reminders.models import CheckIn, Clinic, Reply
from reminders.models.kinds import Channel, ReplyKind, TicketKind
from tests.conftest import NOW
from tests.reminders.care_answering.arriving import inbound, messages, say, templates, tickets
from tests.reminders.care_answering.builders import (
    Case,
    add_case,
    add_patient,
    add_treatment,
)


def test_a_stranger_is_kept_and_shown(database: Database, clinic: Clinic, case: Case) -> None:
    reply = say(database, clinic, "hello", from_address="+15145550199")
    assert (reply.patient_id, reply.body) == (None, "hello")
    assert tickets(database) == [(TicketKind.UNKNOWN_SENDER, "")]
    assert templates(database) == []


def test_a_strangers_red_flag_alerts_and_is_answered_where_it_came_from(
    database: Database, clinic: Clinic, case: Case
) -> None:
    reply = say(database, clinic, "I have a fever and pus", from_address="+15145550199")
    safety, alert = messages(database)
    assert (safety.template, safety.patient_id, safety.reply_id) == ("safety:urgent", None, reply.id)
    assert alert.template == "alert:red_flag"
    assert (TicketKind.RED_FLAG, "unknown_sender") in tickets(database)


def test_a_strangers_stop_suppresses_the_number(database: Database, clinic: Clinic, case: Case) -> None:
    reply = say(database, clinic, "STOP", from_address="+15145550199")
    assert templates(database) == ["confirmation:stop"]
    with database.read() as session:
        assert consents.opted_out(session, clinic.id, [(Channel.SMS, reply.from_index)])


def test_a_shared_number_is_the_one_who_was_written_to(database: Database, clinic: Clinic, case: Case) -> None:
    with database.begin() as session:
        add_treatment(session, add_patient(session, clinic, given_name="Léo"), NOW - timedelta(days=3))
    assert say(database, clinic, "1").patient_id == case.patient.id


def test_a_shared_number_is_the_one_who_was_treated(database: Database, clinic: Clinic) -> None:
    with database.begin() as session:
        add_patient(session, clinic, given_name="Léo")
        treated = add_patient(session, clinic)
        add_treatment(session, treated, NOW - timedelta(days=3))
    assert say(database, clinic, "merci").patient_id == treated.id


def test_a_shared_number_that_fits_two_is_put_to_staff_with_both(
    database: Database, clinic: Clinic, case: Case
) -> None:
    with database.begin() as session:
        other = add_case(session, clinic, given_name="Léo")
    reply = say(database, clinic, "3")
    assert reply.patient_id is None
    assert tickets(database) == [(TicketKind.CONSULT, "shared_number")]
    with database.begin() as session:
        assert {patient.id for patient in candidates(session, reply)} == {case.patient.id, other.patient.id}
        assert session.scalars(select(CheckIn)).all() == []
    assert templates(database) == []


def test_a_stop_on_a_shared_number_stops_it_for_all(database: Database, clinic: Clinic, case: Case) -> None:
    with database.begin() as session:
        other = add_case(session, clinic, given_name="Léo")
    say(database, clinic, "STOP")
    with database.read() as session:
        agreed = consents.consented(session, [case.patient.id, other.patient.id])
        assert not [key for key in agreed if key[1] is Channel.SMS]
    assert templates(database) == ["confirmation:stop"]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"kind": ReplyKind.VOICE}, "voice_call"),
        ({"media": [{"url": "https://api.twilio.com/x", "content_type": "image/jpeg"}]}, "attachment"),
    ],
)
def test_calls_and_pictures_reach_staff(
    database: Database, clinic: Clinic, case: Case, given: dict[str, Any], reason: str
) -> None:
    say(database, clinic, "", **given)
    assert tickets(database) == [(TicketKind.UNCLEAR, reason)]


def test_another_clinics_patient_is_a_stranger_here(database: Database, clinic: Clinic, case: Case) -> None:
    with database.begin() as session:
        other = Clinic(
            **{
                column.key: getattr(clinic, column.key)
                for column in Clinic.__table__.columns
                if column.key not in {"id", "held_at", "held_reason"}
            }
        )
        session.add(other)
        session.flush()
        patient = add_patient(session, other, phone="+15145550177")
        arriving = inbound(session, clinic, "STOP", from_address="+15145550177")
        reply_id = receive(session, arriving, NOW)
        assert reply_id is not None
        understand(session, reply_id, NOW)
        assert session.get_one(Reply, reply_id).patient_id is None
        assert (patient.id, Channel.SMS) in consents.consented(session, [patient.id])
