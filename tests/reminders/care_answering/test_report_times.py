"""How long patients and staff took, as the report tells it."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from reminders.care.report_times import Times, percentile, times
from reminders.care.reports import period_of
from reminders.care.tickets import NewTicket, open_ticket
from reminders.database import Database
from reminders.models import Clinic, Ticket
from reminders.models.kinds import TicketKind
from tests.conftest import NOW
from tests.reminders.care_answering.builders import add_case
from tests.reminders.care_answering.reading_side import add_reply

TODAY = NOW.date()
MINUTE = timedelta(minutes=1)


def measured(database: Database, clinic: Clinic) -> Times:
    with database.read() as session:
        return times(session, period_of(clinic, TODAY, TODAY))


def test_a_message_is_answered_by_its_first_reply(database: Database, clinic: Clinic) -> None:
    with database.begin() as session:
        for minutes in (10, 20, 60):
            case = add_case(session, clinic)
            case.message.sent_at = NOW
            add_reply(session, case, clinic, minutes)
            add_reply(session, case, clinic, minutes + 500)
    found = measured(database, clinic)
    assert (found.answers, found.answer_median, found.answer_p90) == (3, 20 * MINUTE, 60 * MINUTE)


def test_a_red_flag_waits_until_it_is_taken_or_closed(database: Database, clinic: Clinic) -> None:
    with database.begin() as session:
        for name in ("taken", "closed", "open"):
            open_ticket(session, NewTicket(clinic.id, TicketKind.RED_FLAG, f"ticket:{name}"), NOW)
        open_ticket(session, NewTicket(clinic.id, TicketKind.QUESTION, "ticket:question"), NOW)
        tickets = {ticket.dedupe_key: ticket for ticket in session.scalars(select(Ticket))}
        tickets["ticket:taken"].acknowledged_at = NOW + 4 * MINUTE
        tickets["ticket:taken"].closed_at = NOW + 90 * MINUTE
        tickets["ticket:closed"].closed_at = NOW + 30 * MINUTE
    found = measured(database, clinic)
    assert (found.flags, found.flags_open, found.flag_median, found.flag_worst) == (3, 1, 4 * MINUTE, 30 * MINUTE)


def test_of_nothing_no_time_is_told(database: Database, clinic: Clinic) -> None:
    assert measured(database, clinic) == Times(0, None, None, 0, None, None, 0)


@pytest.mark.parametrize(("number", "rank"), [(1, 1), (9, 9), (10, 9), (11, 10), (100, 90)])
def test_the_ninetieth_percentile_is_one_of_the_times(number: int, rank: int) -> None:
    assert percentile([n * MINUTE for n in range(1, number + 1)], 90) == rank * MINUTE
