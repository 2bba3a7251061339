"""One consult a treatment waits for staff, whatever is answered after it; one wrong number is one task.

Each of these has been seen to fail: with a ticket for every answer, with one that stays a colleague's although it
presses more now, with a closed one that is taken for one that waits, and with the words of the first answer kept.
"""

from datetime import timedelta

from sqlalchemy import select

from reminders.care import settling
from reminders.care.actors import Actor
from reminders.care.tickets import PRIORITY
from reminders.database import Database
from reminders.models import Clinic, Reply, Ticket
from reminders.models.kinds import TicketKind, TicketState
from tests.conftest import NOW
from tests.reminders.care_answering.arriving import say, tickets
from tests.reminders.care_answering.builders import Case
from tests.reminders.care_answering.test_which_check_in import ask

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def found(database: Database) -> list[Ticket]:
    with database.read() as session:
        return list(session.scalars(select(Ticket).order_by(Ticket.opened_at, Ticket.id)))


def settle(database: Database, outcome: str = "") -> None:
    """Staff take the newest ticket, or close it with that outcome."""
    with database.begin() as session:
        ticket = session.scalars(select(Ticket).order_by(Ticket.id.desc()).limit(1)).one()
        actor = Actor(ticket.clinic_id, "form")
        if outcome:
            settling.close(session, actor, ticket, outcome, NOW + HOUR)
        else:
            settling.acknowledge(session, actor, ticket, NOW + HOUR)


def test_a_second_answer_joins_the_ticket_that_waits(database: Database, clinic: Clinic, case: Case) -> None:
    first = say(database, clinic, "3", NOW)
    second = say(database, clinic, "Toujours plein de boutons", NOW + DAY)
    (ticket,) = found(database)
    assert (ticket.kind, ticket.reply_id, ticket.opened_at) == (TicketKind.CONSULT, second.id, NOW)
    with database.read() as session:
        handled = {reply.id: reply.handled_at for reply in session.scalars(select(Reply))}
    assert handled == {first.id: NOW + DAY, second.id: None}


def test_one_in_hand_stays_so_for_the_same_and_comes_back_for_worse(
    database: Database, clinic: Clinic, case: Case
) -> None:
    say(database, clinic, "3", NOW)
    settle(database)
    say(database, clinic, "3", NOW + DAY)
    assert [ticket.state for ticket in found(database)] == [TicketState.ACKNOWLEDGED]
    say(database, clinic, "la rougeur était partie pis là elle est revenue", NOW + 2 * DAY)
    (ticket,) = found(database)
    assert (ticket.state, ticket.reason) == (TicketState.OPEN, "soon")
    assert ticket.priority < PRIORITY[TicketKind.CONSULT]


def test_once_it_is_closed_another_opens(database: Database, clinic: Clinic, case: Case) -> None:
    say(database, clinic, "3", NOW)
    settle(database, "called")
    say(database, clinic, "3", NOW + DAY)
    assert [ticket.state for ticket in found(database)] == [TicketState.CLOSED, TicketState.OPEN]


def test_each_treatment_has_its_own(database: Database, clinic: Clinic, case: Case) -> None:
    say(database, clinic, "3", NOW)
    second = ask(database, case, sent_at=NOW + HOUR)
    say(database, clinic, "3", NOW + 2 * HOUR)
    assert [ticket.treatment_id for ticket in found(database)] == [case.treatment.id, second.treatment.id]


def test_a_wrong_number_is_one_task(database: Database, clinic: Clinic, case: Case) -> None:
    say(database, clinic, "Wrong number, STOP", NOW)
    say(database, clinic, "Vous avez le mauvais numéro", NOW, from_address="+15145550199")
    assert tickets(database) == [(TicketKind.WRONG_NUMBER, ""), (TicketKind.WRONG_NUMBER, "unknown_sender")]
