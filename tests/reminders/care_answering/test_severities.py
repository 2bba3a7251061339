"""The severity's trend, and what it does to tickets. Seen to fail with a trend that looks at the last two values alone,
with the red flags among what is raised, and with a second raise of what presses already."""

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import select

from reminders.care.severities import WORSE, NewSeverity, Point, record, rising, weigh
from reminders.care.ticket_keys import key_for
from reminders.care.tickets import NewTicket, open_ticket
from reminders.database import Database
from reminders.ids import new_id
from reminders.models import Clinic, Severity, Ticket
from reminders.models.kinds import TicketKind, TicketState
from tests.conftest import NOW
from tests.reminders.care_answering.builders import Case, add_reminder


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], False),
        ([(7, 9)], False),
        ([(1, 5), (3, 3), (7, 2)], False),
        ([(1, 5), (3, 3), (7, 3)], False),
        ([(3, 3), (7, 4)], True),
        ([(1, 2), (3, 4)], True),
        # No better than on day 3 though less than last time.
        ([(3, 2), (7, 6), (10, 4)], True),
        # Day 1 was the worst there was; day 3 was not answered.
        ([(1, 6), (7, 5)], False),
        ([(1, 2), (7, 5)], True),
    ],
)
def test_a_rise_is_over_the_last_value_or_day_3s(values: list[tuple[int, int]], expected: bool) -> None:
    assert rising([Point(*value) for value in values]) is expected


def answered(database: Database, case: Case, step: str, value: int, minutes: int = 0) -> uuid.UUID:
    """A value for a step of the case's treatment, a day-7 one for its check-in."""
    day = int(step.rpartition("-")[2])
    with database.begin() as session:
        reminder = case.reminder
        if day != 7:
            due_at = case.treatment.treated_at + timedelta(days=day, hours=-3)
            reminder = add_reminder(session, case.treatment, step, due_at=due_at)
        new = NewSeverity(new_id(), case.treatment.clinic_id, case.treatment.id, reminder.id, value)
        assert record(session, new, NOW + timedelta(minutes=minutes))
        assert not record(session, new, NOW + timedelta(minutes=minutes))
    return reminder.id


def tickets(database: Database, clinic: Clinic, case: Case) -> None:
    with database.begin() as session:
        for kind in (TicketKind.RED_FLAG, TicketKind.CONSULT, TicketKind.UNCLEAR):
            new = NewTicket(clinic.id, kind, key_for(kind, new_id()), case.patient.id, case.treatment.id)
            open_ticket(session, new, NOW)
        closed = NewTicket(clinic.id, TicketKind.QUESTION, "closed", case.patient.id, case.treatment.id)
        open_ticket(session, closed, NOW).state = TicketState.CLOSED


def priorities(database: Database) -> list[tuple[int, str]]:
    with database.read() as session:
        rows = session.execute(select(Ticket.priority, Ticket.reason).order_by(Ticket.priority))
        return [(priority, reason) for priority, reason in rows]


def test_a_rise_makes_what_is_open_press_more_once(database: Database, clinic: Clinic, case: Case) -> None:
    tickets(database, clinic, case)
    answered(database, case, "day-3", 2)
    answered(database, case, "day-7", 5, 1)
    for _ in range(2):
        with database.begin() as session:
            assert weigh(session, case.treatment.id)
    assert priorities(database) == [(0, ""), (5, WORSE), (30, ""), (65, WORSE)]


def test_a_fall_and_a_correction_leave_them(database: Database, clinic: Clinic, case: Case) -> None:
    tickets(database, clinic, case)
    before = priorities(database)
    answered(database, case, "day-3", 4)
    answered(database, case, "day-7", 9, 1)
    answered(database, case, "day-7", 3, 2)
    with database.begin() as session:
        assert not weigh(session, case.treatment.id)
    assert priorities(database) == before
    with database.read() as session:
        assert len(session.scalars(select(Severity)).all()) == 3
