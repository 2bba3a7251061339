"""Whom an alert reaches, by what, and what happens when it reaches nobody."""

import uuid
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from reminders.care.actors import Actor
from reminders.care.alerts import NOBODY, clinics_without, raise_alert
from reminders.care.events import handle
from reminders.care.replies import receive, understand
from reminders.care.rounds import ROUNDS
from reminders.care.settling import acknowledge
from reminders.care.ticket_keys import key_for
from reminders.care.tickets import ALERT_LOST, NewTicket, open_ticket
from reminders.care.worklist import waiting
from reminders.database import Database
from reminders.models import Clinic, Event, Message, Sender, Staff, Ticket
from reminders.models.kinds import Channel, EventKind, MessageKind, Role, TicketKind
from schedules.lifecycle import State
from tests.conftest import NOW
from tests.reminders.care_answering.arriving import inbound, say, templates, tickets
from tests.reminders.care_answering.builders import add_case, add_staff

PHONE = "+15145550150"
NURSE: dict[str, Any] = {"on_call": True, "phone": PHONE}
OWNER: dict[str, Any] = {"role": Role.OWNER}
RED = "I have a fever and there is pus"
LOST = (EventKind.FAILED, EventKind.UNDELIVERED, EventKind.UNKNOWN)


def people(database: Database, clinic: Clinic, **given: dict[str, Any]) -> None:
    """Staff by their names."""
    with database.begin() as session:
        for name, more in given.items():
            add_staff(session, clinic, f"{name}@clinic.example", name=name, **more)


def without(database: Database, channel: Channel) -> None:
    """The clinic has no sender for the channel."""
    with database.begin() as session:
        session.execute(delete(Sender).where(Sender.channel == channel))


def alert(database: Database, clinic: Clinic) -> list[uuid.UUID]:
    """Raise the alert about a red flag."""
    with database.begin() as session:
        new = NewTicket(clinic.id, TicketKind.RED_FLAG, key_for(TicketKind.RED_FLAG, uuid.uuid4()))
        return raise_alert(session, open_ticket(session, new, NOW), NOW)


def told(database: Database, n: int = 1) -> list[tuple[str, Channel]]:
    """Who is alerted in the n-th round, by what."""
    with database.begin() as session:
        rows = session.scalars(select(Message).where(Message.dedupe_key.endswith(f":{n}"))).all()
        names = {person.id: person.name for person in session.scalars(select(Staff))}
        return sorted((names[row.staff_id], row.channel) for row in rows if row.staff_id)


def due_now(database: Database) -> list[tuple[str, Channel]]:
    """Who is to be alerted at once, by what."""
    with database.begin() as session:
        waiting = (Message.kind == MessageKind.ALERT, Message.state == State.PLANNED, Message.due_at <= NOW)
        names = {person.id: person.name for person in session.scalars(select(Staff))}
        return sorted(
            (names[row.staff_id], row.channel)
            for row in session.scalars(select(Message).where(*waiting))
            if row.staff_id
        )


def first(database: Database, channel: Channel) -> uuid.UUID:
    """The first alert on a channel."""
    with database.read() as session:
        of_it = (Message.channel == channel, Message.dedupe_key.endswith(":1"))
        return session.scalars(select(Message.id).where(*of_it)).one()


def count(database: Database) -> int:
    """How many alerts there are, whatever became of them."""
    with database.read() as session:
        return len(session.scalars(select(Message.id).where(Message.kind == MessageKind.ALERT)).all())


def lose(database: Database, clinic: Clinic, kind: EventKind, message_id: uuid.UUID) -> None:
    """Delivery reports that a message is lost."""
    with database.begin() as session:
        event = Event(clinic_id=clinic.id, kind=kind, message_id=message_id, at=NOW)
        session.add(event)
        session.flush()
        assert handle(session, event.id, NOW)


@pytest.mark.parametrize(
    ("missing", "staff", "expected"),
    [
        (Channel.SMS, {"nurse": NURSE}, [("nurse", Channel.EMAIL)]),
        (Channel.EMAIL, {"nurse": {"on_call": True}, "owner": OWNER | {"phone": PHONE}}, [("owner", Channel.SMS)]),
        (Channel.EMAIL, {"nurse": NURSE, "other": {"on_call": True}}, [("nurse", Channel.SMS)]),
    ],
    ids=["the other channel", "the owner's phone", "only who can be reached"],
)
def test_a_clinic_without_a_sender(
    database: Database,
    clinic: Clinic,
    missing: Channel,
    staff: dict[str, dict[str, Any]],
    expected: list[tuple[str, Channel]],
) -> None:
    people(database, clinic, **staff)
    without(database, missing)
    assert len(alert(database, clinic)) == len(expected) * len(ROUNDS)
    assert told(database) == expected
    assert tickets(database) == [(TicketKind.RED_FLAG, "")]


@pytest.mark.parametrize(
    ("missing", "staff"),
    [
        (None, {}),
        (None, {"nurse": {}}),
        (Channel.EMAIL, {"owner": OWNER}),
        (Channel.EMAIL, {"nurse": {"on_call": True}}),
    ],
)
def test_with_nobody_to_alert_the_reading_stands_and_a_ticket_says_so(
    database: Database, clinic: Clinic, missing: Channel | None, staff: dict[str, dict[str, Any]]
) -> None:
    people(database, clinic, **staff)
    with database.begin() as session:
        add_case(session, clinic)
    if missing:
        without(database, missing)
    assert say(database, clinic, RED).read_at == NOW
    assert templates(database) == ["safety:urgent_alone"]
    with database.begin() as session:
        found = [(one.kind, one.reason) for one in waiting(session, clinic.id)]
    assert found == [(TicketKind.RED_FLAG, ""), (TicketKind.DELIVERY, NOBODY)]


def test_nobody_is_said_once_a_day(database: Database, clinic: Clinic) -> None:
    assert alert(database, clinic) == alert(database, clinic) == []
    assert [reason for _, reason in tickets(database)].count(NOBODY) == 1


def test_without_a_sender_for_the_safety_text_the_nurse_still_hears(database: Database, clinic: Clinic) -> None:
    people(database, clinic, nurse=NURSE)
    with database.begin() as session:
        add_case(session, clinic)
        reply_id = receive(session, inbound(session, clinic, RED), NOW)
        assert reply_id is not None
        session.execute(update(Message).values(channel=Channel.EMAIL))
        session.execute(update(Sender).where(Sender.channel == Channel.SMS).values(channel=Channel.EMAIL))
    with database.begin() as session:
        understand(session, reply_id, NOW)
    assert told(database) == [("nurse", Channel.EMAIL)]
    assert set(tickets(database)) == {(TicketKind.UNREACHABLE, "safety"), (TicketKind.RED_FLAG, "")}


@pytest.mark.parametrize("kind", LOST)
def test_a_lost_alert_calls_the_owners_at_once_and_adds_no_call(
    database: Database, clinic: Clinic, kind: EventKind
) -> None:
    people(database, clinic, nurse=NURSE, owner=OWNER, gone=OWNER | {"disabled_at": NOW}, other={})
    every = len(alert(database, clinic))
    nurse = [("nurse", Channel.EMAIL), ("nurse", Channel.SMS)]
    assert due_now(database) == nurse
    for _ in range(2):
        lose(database, clinic, kind, first(database, Channel.SMS))
    assert due_now(database) == [*nurse, ("owner", Channel.EMAIL)]
    assert count(database) == every
    with database.begin() as session:
        lost = session.scalars(select(Ticket).where(Ticket.kind == TicketKind.DELIVERY)).one()
        assert (lost.reason, lost.priority) == ("alert", ALERT_LOST)


def test_a_dead_telephone_is_one_ticket_however_often_it_is_called(database: Database, clinic: Clinic) -> None:
    people(database, clinic, nurse=NURSE)
    alert(database, clinic)
    with database.begin() as session:
        texts = session.scalars(select(Message.id).where(Message.channel == Channel.SMS).limit(4)).all()
    for message_id in texts:
        lose(database, clinic, EventKind.UNDELIVERED, message_id)
    assert [reason for _, reason in tickets(database)] == ["", "alert"]


def test_what_is_in_hand_needs_no_further_alert(database: Database, clinic: Clinic) -> None:
    people(database, clinic, nurse=NURSE, owner=OWNER)
    alert(database, clinic)
    with database.begin() as session:
        acknowledge(session, Actor(clinic.id, "staff"), session.scalars(select(Ticket)).one(), NOW)
    lose(database, clinic, EventKind.UNDELIVERED, first(database, Channel.SMS))
    assert due_now(database) == []


def test_clinics_where_nobody_would_hear(database: Database, clinic: Clinic) -> None:
    def without_whom(*channels: Channel) -> list[str]:
        with database.begin() as session:
            return clinics_without(session, channels)

    assert without_whom(*Channel) == [clinic.name]
    people(database, clinic, owner=OWNER)
    assert without_whom(*Channel) == []
    assert without_whom(Channel.SMS) == [clinic.name]
    people(database, clinic, nurse=NURSE)
    assert without_whom(Channel.SMS) == []
