"""A text from a member of staff's number: it takes the newest alarm that they were called about, and nothing is lost.

Seen to fail when: staff were not looked for; an alarm was taken by who had not been called, by a refusal, by a
telephone that answers by itself, or by a number that is a patient's, too; a red flag from there was only an answer; an
alarm that rang again after its closing was undone was not found.
"""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from reminders.care.actors import Actor
from reminders.care.alerts import raise_alert
from reminders.care.callers import takes
from reminders.care.settling import close
from reminders.care.ticket_keys import key_for
from reminders.care.tickets import NewTicket, open_ticket
from reminders.care.undoing import reopen
from reminders.database import Database
from reminders.ids import new_id
from reminders.models import Audit, Clinic, Message, Reply, Staff, Ticket
from reminders.models.kinds import Channel, Language, MessageKind, Role, TicketKind, TicketState
from schedules.lifecycle import State
from tests.conftest import NOW
from tests.reminders.care_answering.arriving import say, tickets
from tests.reminders.care_answering.builders import PHONE, add_case, add_staff

NURSE = "+15145550150"
LATER = NOW + timedelta(minutes=6)
FLAG, UNCLEAR = (TicketKind.RED_FLAG, ""), (TicketKind.UNCLEAR, "staff_number")


@pytest.fixture
def nurse(database: Database, clinic: Clinic) -> Staff:
    """On call, English, by a number."""
    with database.begin() as session:
        return add_staff(session, clinic, "n@clinic.example", on_call=True, phone=NURSE)


def ring(database: Database, clinic: Clinic, minutes: int = 0) -> Ticket:
    """An alarm whose first calls have gone."""
    now = NOW + timedelta(minutes=minutes)
    with database.begin() as session:
        new = NewTicket(clinic.id, TicketKind.RED_FLAG, key_for(TicketKind.RED_FLAG, new_id()))
        ticket = open_ticket(session, new, now)
        raise_alert(session, ticket, now)
    deliver(database, minutes)
    return ticket


def deliver(database: Database, minutes: int) -> None:
    """The calls that are due so many minutes after `NOW` have gone."""
    due = (Message.state == State.PLANNED, Message.due_at <= NOW + timedelta(minutes=minutes))
    with database.begin() as session:
        session.execute(update(Message).where(*due).values(state=State.DELIVERED))


def close_and_undo(database: Database, ticket: Ticket, minutes: int) -> None:
    """It is closed by mistake, and waits again a minute later."""
    actor = Actor(ticket.clinic_id, "staff")
    with database.begin() as session:
        at = NOW + timedelta(minutes=minutes)
        assert close(session, actor, session.get_one(Ticket, ticket.id), "done", at)
    with database.begin() as session:
        assert reopen(session, actor, session.get_one(Ticket, ticket.id), at + timedelta(minutes=1))


def state(database: Database, ticket: Ticket) -> TicketState:
    with database.read() as session:
        return session.scalars(select(Ticket.state).where(Ticket.id == ticket.id)).one()


def planned(database: Database) -> int:
    """How many calls are still to come."""
    with database.read() as session:
        waiting = (Message.kind == MessageKind.ALERT, Message.state == State.PLANNED)
        return len(session.scalars(select(Message.id).where(*waiting)).all())


def answers(database: Database) -> list[tuple[str, Language]]:
    with database.read() as session:
        sent = select(Message).where(Message.kind == MessageKind.ANSWER).order_by(Message.id)
        return [(one.template, one.language) for one in session.scalars(sent)]


def test_it_takes_the_alarm_and_is_answered_once(database: Database, clinic: Clinic, nurse: Staff) -> None:
    ticket = ring(database, clinic)
    reply = say(database, clinic, "OK j'y vais", LATER, from_address=NURSE)
    assert (reply.read_at, reply.patient_id) == (LATER, None)
    assert (state(database, ticket), planned(database)) == (TicketState.ACKNOWLEDGED, 0)
    assert tickets(database) == [FLAG]
    assert answers(database) == [("alert:taken", Language.EN)]
    with database.begin() as session:
        (message,) = session.scalars(select(Message).where(Message.kind == MessageKind.ANSWER))
        assert (message.params, message.patient_id) == ({"path": f"/tickets/{ticket.id}"}, None)
        assert session.scalars(select(Audit.staff_id)).all() == [nurse.id]


def test_of_two_alarms_the_newest_and_then_the_other(database: Database, clinic: Clinic, nurse: Staff) -> None:
    first, second = ring(database, clinic), ring(database, clinic, 2)
    say(database, clinic, "ok", LATER, from_address=nurse.phone)
    assert (state(database, first), state(database, second)) == (TicketState.OPEN, TicketState.ACKNOWLEDGED)
    say(database, clinic, "ok", LATER, from_address=nurse.phone)
    assert state(database, first) is TicketState.ACKNOWLEDGED


@pytest.fixture
def owner(database: Database, clinic: Clinic, nurse: Staff) -> Staff:
    """English, by a number; the nurse is called before them."""
    assert nurse.on_call
    with database.begin() as session:
        return add_staff(session, clinic, "o@clinic.example", role=Role.OWNER, phone="+15145550152")


def test_an_alarm_that_rings_again_is_taken_by_who_heard_only_that(
    database: Database, clinic: Clinic, owner: Staff
) -> None:
    ticket = ring(database, clinic)
    close_and_undo(database, ticket, 1)
    deliver(database, 16)
    say(database, clinic, "OK", NOW + timedelta(minutes=17), from_address=owner.phone)
    assert (state(database, ticket), tickets(database)) == (TicketState.ACKNOWLEDGED, [FLAG])
    assert answers(database) == [("alert:taken", Language.EN)]


def test_an_alarm_that_rings_again_goes_before_an_older_one(database: Database, clinic: Clinic, owner: Staff) -> None:
    older = ring(database, clinic)
    deliver(database, 16)
    newer = ring(database, clinic, 16)
    close_and_undo(database, newer, 17)
    deliver(database, 32)
    say(database, clinic, "OK", NOW + timedelta(minutes=33), from_address=owner.phone)
    assert (state(database, older), state(database, newer)) == (TicketState.OPEN, TicketState.ACKNOWLEDGED)


def test_what_somebody_has_in_hand_is_said_once_an_hour(database: Database, clinic: Clinic, nurse: Staff) -> None:
    ring(database, clinic)
    for _ in range(3):
        say(database, clinic, "ok", LATER, from_address=nurse.phone)
    assert [template for template, _ in answers(database)] == ["alert:taken", "alert:already"]
    assert tickets(database) == [FLAG]


def test_who_was_not_called_takes_nothing(database: Database, clinic: Clinic, nurse: Staff) -> None:
    with database.begin() as session:
        add_staff(session, clinic, "c@clinic.example", phone="+15145550151")
    ticket = ring(database, clinic)
    say(database, clinic, "ok", LATER, from_address="+15145550151")
    assert nurse.on_call
    assert (state(database, ticket), tickets(database)) == (TicketState.OPEN, [FLAG, UNCLEAR])


@pytest.mark.parametrize("words", ["No, I am off today", "Je ne peux pas", "Who is this?", "wrong number"])
def test_a_refusal_takes_nothing_and_reaches_a_person(
    database: Database, clinic: Clinic, nurse: Staff, words: str
) -> None:
    ticket = ring(database, clinic)
    for _ in range(2):
        say(database, clinic, words, LATER, from_address=nurse.phone)
    assert (state(database, ticket), tickets(database)) == (TicketState.OPEN, [FLAG, UNCLEAR, UNCLEAR])
    assert answers(database) == [("alert:not_taken", Language.EN)]
    assert planned(database) > 0


def test_without_an_alarm_it_reaches_a_person(database: Database, clinic: Clinic, nurse: Staff) -> None:
    say(database, clinic, "Is Marie coming in?", from_address=nurse.phone)
    assert (tickets(database), answers(database)) == ([UNCLEAR], [])


def test_a_red_flag_from_there_is_a_red_flag_and_takes_nothing(
    database: Database, clinic: Clinic, nurse: Staff
) -> None:
    ticket = ring(database, clinic)
    say(database, clinic, "I have a fever and there is pus", LATER, from_address=nurse.phone)
    assert state(database, ticket) is TicketState.OPEN
    assert tickets(database) == [FLAG, (TicketKind.RED_FLAG, "staff_number"), UNCLEAR]
    with database.read() as session:
        assert session.scalars(select(Message.template).where(Message.kind == MessageKind.SAFETY)).all() == [
            "safety:urgent"
        ]


def test_a_stop_from_there_is_obeyed_and_shown(database: Database, clinic: Clinic, nurse: Staff) -> None:
    """From then on the carrier may keep alerts from them."""
    ticket = ring(database, clinic)
    say(database, clinic, "STOP", LATER, from_address=nurse.phone)
    assert (state(database, ticket), tickets(database)) == (TicketState.OPEN, [FLAG, UNCLEAR])


@pytest.mark.parametrize("words", ["ok", "3", "Puis-je me maquiller?"])
def test_a_number_that_is_a_patients_too_is_put_to_a_person(database: Database, clinic: Clinic, words: str) -> None:
    with database.begin() as session:
        case = add_case(session, clinic)
        add_staff(session, clinic, "n@clinic.example", on_call=True, phone=PHONE)
    ticket = ring(database, clinic)
    reply = say(database, clinic, words, LATER)
    assert (reply.patient_id, state(database, ticket)) == (case.patient.id, TicketState.OPEN)
    assert (tickets(database), answers(database)) == ([FLAG, UNCLEAR], [])


def test_without_an_alarm_they_are_the_patient(database: Database, clinic: Clinic) -> None:
    with database.begin() as session:
        add_case(session, clinic)
        add_staff(session, clinic, "n@clinic.example", on_call=True, phone=PHONE)
    say(database, clinic, "3")
    assert tickets(database) == [(TicketKind.CONSULT, "")]


def test_a_number_that_no_key_opens_keeps_nothing_from_being_kept(
    database: Database, clinic: Clinic, nurse: Staff
) -> None:
    with database.begin() as session:
        session.connection().exec_driver_sql("UPDATE staff SET phone = email")
    assert say(database, clinic, "ok", from_address=NURSE).read_at == NOW
    assert nurse.phone
    assert tickets(database) == [(TicketKind.UNKNOWN_SENDER, "")]


def test_calling_costs_a_usual_text_nothing(database: Database, clinic: Clinic, nurse: Staff) -> None:
    """While nothing rings, staff are not even looked for."""
    with database.begin() as session:
        case = add_case(session, clinic)
        session.connection().exec_driver_sql("UPDATE staff SET phone = email")
    assert say(database, clinic, "1").patient_id == case.patient.id
    with database.read() as session:
        assert (len(session.scalars(select(Reply.id)).all()), nurse.on_call) == (1, True)
        assert {one.channel for one in session.scalars(select(Message).where(Message.kind == MessageKind.ANSWER))} == {
            Channel.SMS
        }


@pytest.mark.parametrize(
    "words", ["ok", "OK!", "Pris", "J'arrive", "Je peux y aller", "\N{THUMBS UP SIGN}", "on it, calling her now", "1"]
)
def test_what_takes_it(words: str) -> None:
    assert takes(words)


@pytest.mark.parametrize(
    "words",
    [
        *("", "  ", "no", "Non, demande à Marie", "can\N{RIGHT SINGLE QUOTATION MARK}t", "Je ne peux pas", "not me"),
        "I am currently out of the office and will answer on Monday",
        "Je suis absent du bureau jusqu'au 3 janvier",
        "Liked \N{LEFT DOUBLE QUOTATION MARK}a reply needs a nurse now\N{RIGHT DOUBLE QUOTATION MARK}",
        "I'm driving with Do Not Disturb While Driving turned on. I'll see your message when I get where I'm going.",
        "Je conduis et je verrai votre message plus tard.",
    ],
)
def test_what_does_not(words: str) -> None:
    assert not takes(words)
