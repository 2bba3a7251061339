"""An opt-out stops an address at once, for all who hold it; START brings back only what was agreed before."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from reminders import consent as consents
from reminders.care import replanning
from reminders.care.optouts import OptOutRequest, opt_in, opt_out
from reminders.database import Database
from reminders.models import Clinic, Consent, Message, OptOut, Patient, Reply, Sender
from reminders.models.kinds import Channel, ConsentAction, MessageKind, ReplyKind
from schedules.lifecycle import State
from tests.conftest import NOW
from tests.reminders.care_answering.builders import (
    add_case,
    add_message,
    add_patient,
    add_reminder,
    add_treatment,
    consent,
)

LATER = NOW + timedelta(hours=2)


def request_for(database: Database, clinic: Clinic, patient: Patient, source: str = "reply") -> OptOutRequest:
    """A request about the patient's number that answers a reply of theirs."""
    assert patient.phone_index is not None
    with database.begin() as session:
        sender = session.scalars(select(Sender).where(Sender.channel == Channel.SMS)).one()
        reply = Reply(
            clinic_id=clinic.id,
            sender_id=sender.id,
            patient_id=patient.id,
            kind=ReplyKind.TEXT,
            channel=Channel.SMS,
            provider_id="SM1",
            sender_address=patient.phone or "",
            from_index=patient.phone_index,
            body="STOP",
            received_at=NOW,
        )
        session.add(reply)
    return OptOutRequest(clinic.id, Channel.SMS, patient.phone_index, source, reply_id=reply.id)


def test_it_suppresses_withdraws_cancels_and_confirms_once(database: Database, clinic: Clinic) -> None:
    with database.begin() as session:
        case = add_case(session, clinic)
        child = add_patient(session, clinic, given_name="Léo")
        pending = [
            add_message(session, case.treatment, add_reminder(session, case.treatment, "day-10"), state=State.PLANNED),
            add_message(session, add_treatment(session, child), state=State.CLAIMED, kind=MessageKind.ANSWER),
        ]
        safety = add_message(session, case.treatment, state=State.PLANNED, kind=MessageKind.SAFETY)
        by_email = add_message(session, case.treatment, state=State.PLANNED, channel=Channel.EMAIL)
    request = request_for(database, clinic, case.patient)
    for moment in (NOW, LATER):
        with database.begin() as session:
            opt_out(session, request, moment)
    with database.read() as session:
        states = {message.id: message.state for message in session.scalars(select(Message))}
        assert [states[message.id] for message in pending] == [State.CANCELLED, State.CANCELLED]
        assert [states[safety.id], states[by_email.id]] == [State.PLANNED, State.PLANNED]
        confirmations = session.scalars(select(Message).where(Message.kind == MessageKind.CONFIRMATION)).all()
        assert [message.template for message in confirmations] == ["confirmation:stop"]
        assert session.scalars(select(OptOut.at)).all() == [NOW]
        agreed = consents.consented(session, [case.patient.id, child.id])
        assert agreed == {(case.patient.id, Channel.EMAIL), (child.id, Channel.EMAIL)}


def test_the_carrier_has_confirmed_so_we_do_not(database: Database, clinic: Clinic) -> None:
    with database.begin() as session:
        case = add_case(session, clinic)
        assert case.patient.phone_index is not None
        request = OptOutRequest(clinic.id, Channel.SMS, case.patient.phone_index, "carrier", by_carrier=True)
        assert opt_out(session, request, NOW).by_carrier
        assert not session.scalars(select(Message).where(Message.kind == MessageKind.CONFIRMATION)).all()


def test_a_wrong_number_is_stopped_and_the_patient_keeps_their_consent(database: Database, clinic: Clinic) -> None:
    with database.begin() as session:
        case = add_case(session, clinic)
    request = request_for(database, clinic, case.patient, "wrong_number")
    with database.begin() as session:
        opt_out(session, request, NOW)
        assert (case.patient.id, Channel.SMS) in consents.consented(session, [case.patient.id])
        assert consents.opted_out(session, clinic.id, [(Channel.SMS, request.address_index)])


def test_start_restores_what_the_opt_out_ended_and_plans_it_again(database: Database, clinic: Clinic) -> None:
    with database.begin() as session:
        patient, child = add_patient(session, clinic), add_patient(session, clinic, given_name="Léo")
        for person in (patient, child):
            consent(session, person, Channel.EMAIL, ConsentAction.WITHDRAWN, NOW - timedelta(days=1), "staff")
        consent(session, child, Channel.SMS, ConsentAction.WITHDRAWN, NOW - timedelta(days=1), "staff")
        add_treatment(session, patient, NOW - timedelta(days=2))
        replanning.refresh(session, clinic, patient, NOW)
    request = request_for(database, clinic, patient)
    with database.begin() as session:
        before = planned(session)
        opt_out(session, request, NOW)
        assert planned(session) == []
    with database.begin() as session:
        assert opt_in(session, request, LATER)
    with database.begin() as session:
        assert not opt_in(session, request, LATER)
        assert planned(session) == before == ["step:day-1", "step:day-3", "step:day-7"]
        assert consents.consented(session, [patient.id, child.id]) == {(patient.id, Channel.SMS)}
        assert not consents.opted_out(session, clinic.id, [(Channel.SMS, request.address_index)])
        confirmed = select(Message.template).where(Message.kind == MessageKind.CONFIRMATION).order_by(Message.id)
        assert session.scalars(confirmed).all() == ["confirmation:stop", "confirmation:start"]


def planned(session: Session) -> list[str]:
    """The templates of the reminders that are planned, in the order of their due times."""
    query = select(Message.template).where(Message.kind == MessageKind.REMINDER, Message.state == State.PLANNED)
    return list(session.scalars(query.order_by(Message.due_at)))


def test_a_second_opt_out_after_a_start_is_confirmed_again(database: Database, clinic: Clinic) -> None:
    with database.begin() as session:
        case = add_case(session, clinic)
    request = request_for(database, clinic, case.patient)
    for step, moment in ((opt_out, NOW), (opt_in, LATER), (opt_out, LATER + timedelta(hours=1))):
        with database.begin() as session:
            step(session, request, moment)
    with database.read() as session:
        stops = session.scalars(select(Message).where(Message.template == "confirmation:stop")).all()
        assert len(stops) == 2
        assert (case.patient.id, Channel.SMS) not in consents.consented(session, [case.patient.id])


@pytest.mark.parametrize("source", ["page", "email", "staff"])
def test_what_a_page_has_said_needs_no_message(database: Database, clinic: Clinic, source: str) -> None:
    with database.begin() as session:
        case = add_case(session, clinic)
        assert case.patient.email_index is not None
        opt_out(session, OptOutRequest(clinic.id, Channel.EMAIL, case.patient.email_index, source), NOW)
        assert not session.scalars(select(Message).where(Message.kind == MessageKind.CONFIRMATION)).all()
        newest = select(Consent).where(Consent.channel == Channel.EMAIL).order_by(Consent.at.desc())
        assert session.scalars(newest).first().action is ConsentAction.WITHDRAWN  # type: ignore[union-attr]


def test_start_does_not_undo_what_staff_withdrew_meanwhile(database: Database, clinic: Clinic) -> None:
    with database.begin() as session:
        case = add_case(session, clinic)
    request = request_for(database, clinic, case.patient)
    with database.begin() as session:
        opt_out(session, request, NOW)
        consent(session, case.patient, Channel.SMS, ConsentAction.WITHDRAWN, LATER, "form")
    with database.begin() as session:
        assert opt_in(session, request, LATER + timedelta(hours=1))
        assert (case.patient.id, Channel.SMS) not in consents.consented(session, [case.patient.id])


def in_force(database: Database, patient: Patient) -> set[Channel]:
    with database.read() as session:
        return {channel for _, channel in consents.consented(session, [patient.id])}


def test_stop_in_words_ends_the_other_channel_too_and_start_brings_both_back(
    database: Database, clinic: Clinic
) -> None:
    with database.begin() as session:
        case = add_case(session, clinic)
        consent(session, case.patient, Channel.EMAIL, ConsentAction.GRANTED, NOW)
        mail = add_message(session, case.treatment, state=State.PLANNED, channel=Channel.EMAIL)
    request = request_for(database, clinic, case.patient)
    with database.begin() as session:
        opt_out(session, request, LATER)
    assert in_force(database, case.patient) == set()
    with database.read() as session:
        assert session.get_one(Message, mail.id).state is State.CANCELLED
    with database.begin() as session:
        opt_in(session, request, LATER + timedelta(hours=1))
    assert in_force(database, case.patient) == {Channel.SMS, Channel.EMAIL}


def test_the_link_in_an_e_mail_ends_only_that_channel(database: Database, clinic: Clinic) -> None:
    with database.begin() as session:
        case = add_case(session, clinic)
        consent(session, case.patient, Channel.EMAIL, ConsentAction.GRANTED, NOW)
    request = request_for(database, clinic, case.patient, source="page")
    with database.begin() as session:
        opt_out(session, request, LATER)
    assert in_force(database, case.patient) == {Channel.EMAIL}
