"""The weekly test alert: once an ISO week, while the clinic is open, answered like any alarm, and loud when it is not.

Seen to fail when: the clinic's week was not in the key; it was sent at night; a test that was answered said all the
same that nobody had; the owners' message was left out, or went although somebody had answered.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from reminders.care.actors import Actor
from reminders.care.alarm_tests import run_tests, silent_clinics
from reminders.care.settling import acknowledge
from reminders.care.tickets import ALERT_LOST
from reminders.database import Database
from reminders.models import Clinic, Message, Ticket
from reminders.models.kinds import Role, TicketKind, TicketState
from schedules.lifecycle import State
from tests.conftest import NOW
from tests.promises.world import set_clock
from tests.reminders.care_answering.arriving import say
from tests.reminders.care_answering.builders import add_staff

DAY = timedelta(days=1)
NURSE = "+15145550150"


@pytest.fixture(autouse=True)
def people(database: Database, clinic: Clinic) -> None:
    """A nurse on call and the owner, on a Tuesday at 11:00."""
    with database.begin() as session:
        add_staff(session, clinic, "n@clinic.example", on_call=True, phone=NURSE)
        add_staff(session, clinic, "o@clinic.example", role=Role.OWNER)
        session.get_one(Clinic, clinic.id).created_at = NOW - 2 * DAY
    set_clock(database, NOW)


def run_at(database: Database, moment: datetime) -> int:
    set_clock(database, moment)
    return run_tests(database)


def rows(database: Database) -> Sequence[Ticket]:
    with database.read() as session:
        return session.scalars(select(Ticket).order_by(Ticket.id)).all()


def sent(database: Database, *states: State) -> list[tuple[str, str, timedelta]]:
    with database.read() as session:
        found = session.scalars(select(Message)).all()
        wanted = states or tuple(State)
        return sorted((one.template, one.channel, one.due_at - one.created_at) for one in found if one.state in wanted)


def test_one_a_week_to_who_is_on_call_and_tomorrow_to_the_owners(database: Database) -> None:
    assert [run_at(database, NOW + n * timedelta(hours=1)) for n in range(3)] == [1, 0, 0]
    asked = [("alert:silent", "email", DAY), ("alert:test", "email", 0 * DAY), ("alert:test", "sms", 0 * DAY)]
    assert sent(database) == asked
    assert [(one.kind, one.reason) for one in rows(database)] == [(TicketKind.DELIVERY, "alarm_test")]
    assert run_at(database, NOW + 7 * DAY) == 1


@pytest.mark.parametrize(
    ("moment", "due"),
    [
        (datetime.fromisoformat("2026-03-10T12:59:00+00:00"), 0),
        (datetime.fromisoformat("2026-03-10T13:00:00+00:00"), 1),
        (datetime.fromisoformat("2026-03-11T03:00:00+00:00"), 0),
        (datetime.fromisoformat("2026-03-15T15:00:00+00:00"), 0),
    ],
    ids=["before it opens", "as it opens", "at night", "on a closed Sunday"],
)
def test_it_wakes_nobody(database: Database, moment: datetime, due: int) -> None:
    assert run_at(database, moment) == due


def test_not_on_a_clinics_first_day(database: Database, clinic: Clinic) -> None:
    with database.begin() as session:
        session.get_one(Clinic, clinic.id).created_at = NOW - timedelta(hours=23)
    assert run_at(database, NOW) == 0


def test_answered_by_text_it_is_done(database: Database, clinic: Clinic) -> None:
    run_at(database, NOW)
    with database.begin() as session:
        for message in session.scalars(select(Message).where(Message.template == "alert:test")):
            message.state = State.DELIVERED
    say(database, clinic, "ok", NOW, from_address=NURSE)
    assert ("alert:silent", "email", DAY) in sent(database, State.CANCELLED)
    run_at(database, NOW + 2 * DAY)
    assert [(one.state, one.reason) for one in rows(database)] == [(TicketState.CLOSED, "alarm_test")]
    with database.read() as session:
        assert silent_clinics(session) == []


def test_unanswered_after_a_day_it_stands_under_the_red_flags(database: Database, clinic: Clinic) -> None:
    run_at(database, NOW)
    run_at(database, NOW + DAY - timedelta(minutes=1))
    assert rows(database)[0].reason == "alarm_test"
    run_at(database, NOW + DAY + timedelta(minutes=1))
    (ticket,) = rows(database)
    assert (ticket.reason, ticket.priority, ticket.state) == ("alarm_silent", ALERT_LOST, TicketState.OPEN)
    assert ("alert:silent", "email", DAY) in sent(database, State.PLANNED)
    with database.begin() as session:
        assert silent_clinics(session) == [clinic.name]
        acknowledge(session, Actor(clinic.id, "staff"), session.get_one(Ticket, ticket.id), NOW + DAY)
        assert silent_clinics(session) == []
