"""What delivery reports becomes a ticket, an opt-out or an e-mail in place of a text, once."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import LargeBinary, literal, select, update

from reminders.care.events import handle, handle_events
from reminders.database import Database, keyring_of
from reminders.models import Attempt, Clinic, Event, Message, OptOut, Sender, Ticket
from reminders.models.kinds import Channel, ConsentAction, EventKind, MessageKind, TicketKind
from schedules.lifecycle import State
from tests.conftest import NOW
from tests.reminders.care_answering.builders import (
    PHONE,
    Case,
    add_message,
    add_patient,
    add_reminder,
    add_treatment,
    consent,
)


def given(database: Database, clinic: Clinic, state: State, step: str = "day-7", **message: Any) -> Case:
    """A patient whose reminder's text came to `state`."""
    with database.begin() as session:
        patient = add_patient(session, clinic)
        treatment = add_treatment(session, patient)
        reminder = add_reminder(session, treatment, step)
        return Case(patient, treatment, reminder, add_message(session, treatment, reminder, state=state, **message))


def report(database: Database, clinic: Clinic, kind: EventKind, case: Case | None = None, **more: Any) -> None:
    """Write the event and handle it twice, as two workers would."""
    with database.begin() as session:
        event = Event(clinic_id=clinic.id, kind=kind, message_id=case.message.id if case else None, at=NOW, **more)
        session.add(event)
    with database.begin() as session:
        assert handle(session, event.id, NOW)
    with database.begin() as session:
        assert not handle(session, event.id, NOW)


def tickets(database: Database) -> list[TicketKind]:
    """The kinds of all tickets."""
    with database.read() as session:
        return list(session.scalars(select(Ticket.kind)))


def emails(database: Database) -> list[Message]:
    """The e-mails there are."""
    with database.begin() as session:
        return list(session.scalars(select(Message).where(Message.channel == Channel.EMAIL)))


@pytest.mark.parametrize(
    ("kind", "state"), [(EventKind.FAILED, State.FAILED), (EventKind.UNDELIVERED, State.UNDELIVERED)]
)
def test_a_text_that_did_not_arrive_goes_by_email(
    database: Database, clinic: Clinic, kind: EventKind, state: State
) -> None:
    case = given(database, clinic, state)
    report(database, clinic, kind, case)
    (email,) = emails(database)
    assert (email.state, email.template, email.kind) == (State.PLANNED, "step:day-7", MessageKind.REMINDER)
    assert email.dedupe_key == f"reminder:{case.reminder.id}:email:1"
    assert tickets(database) == []


def test_where_email_is_not_connected_staff_must_reach_the_patient(database: Database, clinic: Clinic) -> None:
    case = given(database, clinic, State.FAILED)
    with database.begin() as session:
        session.execute(update(Sender).where(Sender.channel == Channel.EMAIL).values(address=""))
    report(database, clinic, EventKind.FAILED, case)
    assert emails(database) == []
    assert tickets(database) == [TicketKind.UNREACHABLE]


def test_without_consent_to_email_staff_must_reach_the_patient(database: Database, clinic: Clinic) -> None:
    case = given(database, clinic, State.FAILED)
    with database.begin() as session:
        consent(session, case.patient, Channel.EMAIL, ConsentAction.WITHDRAWN, NOW - timedelta(days=1))
    report(database, clinic, EventKind.FAILED, case)
    assert emails(database) == []
    assert tickets(database) == [TicketKind.UNREACHABLE]


def test_too_late_for_an_email_is_for_staff(database: Database, clinic: Clinic) -> None:
    case = given(database, clinic, State.FAILED, useful_until=NOW)
    report(database, clinic, EventKind.FAILED, case)
    assert emails(database) == []
    assert tickets(database) == [TicketKind.UNREACHABLE]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (MessageKind.CONFIRMATION, []),
        (MessageKind.SAFETY, [TicketKind.UNREACHABLE]),
        (MessageKind.ANSWER, [TicketKind.UNREACHABLE]),
        (MessageKind.ALERT, [TicketKind.DELIVERY]),
    ],
)
def test_other_kinds_that_failed(
    database: Database, clinic: Clinic, kind: MessageKind, expected: list[TicketKind]
) -> None:
    report(database, clinic, EventKind.FAILED, given(database, clinic, State.FAILED, kind=kind))
    assert emails(database) == []
    assert tickets(database) == expected


@pytest.mark.parametrize(("step", "expected"), [("day-7", [TicketKind.MISSED_CHECK_IN]), ("day-3", [])])
def test_an_expired_check_in_is_a_call_to_make(
    database: Database, clinic: Clinic, step: str, expected: list[TicketKind]
) -> None:
    report(database, clinic, EventKind.EXPIRED, given(database, clinic, State.EXPIRED, step))
    assert tickets(database) == expected


def test_unknown_and_paused_are_delivery_tickets(database: Database, clinic: Clinic) -> None:
    report(database, clinic, EventKind.UNKNOWN, given(database, clinic, State.UNKNOWN))
    with database.read() as session:
        sender_id = session.scalars(select(Sender.id).where(Sender.channel == Channel.SMS)).one()
    report(database, clinic, EventKind.SENDER_PAUSED, sender_id=sender_id)
    report(database, clinic, EventKind.SENDER_PAUSED, sender_id=sender_id)
    assert tickets(database) == [TicketKind.DELIVERY, TicketKind.DELIVERY]


def test_an_opt_out_at_the_carrier_suppresses_the_number_that_was_called(database: Database, clinic: Clinic) -> None:
    case = given(database, clinic, State.FAILED)
    with database.begin() as session:
        index = keyring_of(session).index("phone", PHONE)
        attempt = Attempt(
            clinic_id=clinic.id,
            message_id=case.message.id,
            sender_id=case.message.sender_id,
            number=1,
            to=PHONE,
            address_index=index,
            body_hash="",
            started_at=NOW,
        )
        session.add(attempt)
    report(database, clinic, EventKind.OPTED_OUT_BY_CARRIER, case)
    with database.read() as session:
        row = session.scalars(select(OptOut)).one()
        assert (row.address_index, row.by_carrier, row.source) == (index, True, "carrier")
        assert not session.scalars(select(Message).where(Message.kind == MessageKind.CONFIRMATION)).all()
    assert tickets(database) == [TicketKind.OPTED_OUT]


def test_a_late_delivery_calls_off_the_email_in_its_place(database: Database, clinic: Clinic) -> None:
    case = given(database, clinic, State.UNDELIVERED)
    report(database, clinic, EventKind.UNDELIVERED, case)
    report(database, clinic, EventKind.DELIVERED_LATE, case)
    (email,) = emails(database)
    assert (email.state, email.reason) == (State.CANCELLED, "delivered_late")


@pytest.mark.parametrize("kind", [EventKind.FAILED, EventKind.UNDELIVERED, EventKind.UNKNOWN])
def test_what_has_arrived_meanwhile_needs_nobody(database: Database, clinic: Clinic, kind: EventKind) -> None:
    report(database, clinic, kind, given(database, clinic, State.DELIVERED))
    assert emails(database) == []
    assert tickets(database) == []


def test_however_many_cannot_be_handled_they_hold_up_no_other(
    database: Database, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen to fail: when as many as a run looked at stayed open, it never came to the others."""
    monkeypatch.setattr("reminders.care.events._AT_ONCE", 2)
    case = given(database, clinic, State.UNKNOWN)
    no_key_opens_this = literal(b"sealed with a key that is lost", LargeBinary())
    with database.begin() as session:
        sound = [add_message(session, case.treatment, state=State.UNKNOWN).id for _ in range(3)]
        for number, message_id in enumerate([*[case.message.id] * 5, *sound]):
            # Several at the same time, too.
            at = NOW + timedelta(seconds=number // 3)
            session.add(Event(clinic_id=clinic.id, kind=EventKind.UNKNOWN, message_id=message_id, at=at))
        session.execute(update(Message).where(Message.id == case.message.id).values(params=no_key_opens_this))
    assert handle_events(database) == len(sound)
    with database.begin() as session:
        assert set(session.scalars(select(Ticket.message_id))) == set(sound)
    assert handle_events(database) == 0


def test_one_event_that_cannot_be_handled_holds_up_no_other(database: Database, clinic: Clinic) -> None:
    case = given(database, clinic, State.UNKNOWN)
    with database.begin() as session:
        sound = add_message(session, case.treatment, state=State.UNKNOWN)
        for number, message in enumerate((case.message, sound)):
            at = NOW + timedelta(seconds=number)
            session.add(Event(clinic_id=clinic.id, kind=EventKind.UNKNOWN, message_id=message.id, at=at))
        no_key_opens_this = literal(b"sealed with a key that is lost", LargeBinary())
        session.execute(update(Message).where(Message.id == case.message.id).values(params=no_key_opens_this))
    assert handle_events(database) == 1
    with database.begin() as session:
        assert session.scalars(select(Ticket.message_id)).all() == [sound.id]
        session.execute(update(Message).where(Message.id == case.message.id).values(params=None))
    assert handle_events(database) == 1
    assert tickets(database) == [TicketKind.DELIVERY, TicketKind.DELIVERY]


@pytest.mark.parametrize(
    ("kind", "state", "opened", "reason"),
    [
        (EventKind.FAILED, State.FAILED, TicketKind.UNREACHABLE, "staff"),
        (EventKind.UNDELIVERED, State.UNDELIVERED, TicketKind.UNREACHABLE, "staff"),
        (EventKind.EXPIRED, State.EXPIRED, TicketKind.UNREACHABLE, "staff"),
        (EventKind.UNKNOWN, State.UNKNOWN, TicketKind.DELIVERY, "unknown"),
    ],
)
def test_what_a_colleague_wrote_and_did_not_arrive_is_a_patient_who_was_not_reached(
    database: Database, clinic: Clinic, kind: EventKind, state: State, opened: TicketKind, reason: str
) -> None:
    """Seen to fail when such a message counted as one to staff, and when one that came too late was nobody's."""
    with database.begin() as session:
        patient = add_patient(session, clinic)
        treatment = add_treatment(session, patient)
        message = add_message(session, treatment, state=state, kind=MessageKind.STAFF)
        case = Case(patient, treatment, add_reminder(session, treatment, "day-7"), message)
    report(database, clinic, kind, case)
    with database.read() as session:
        (ticket,) = session.scalars(select(Ticket))
        assert (ticket.kind, ticket.reason, ticket.patient_id) == (opened, reason, case.patient.id)
        assert session.scalars(select(Message)).one().id == case.message.id
