"""What an answer led to goes with it to the treatment that it was about, or is taken back.

Each of these has been seen to fail with its part left where it was.
"""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from reminders.care import retying, severities
from reminders.care.actors import Actor
from reminders.care.severities import NewSeverity
from reminders.care.tickets import PRIORITY
from reminders.database import Database
from reminders.ids import new_id
from reminders.models import Clinic, Consult, Reminder, Reply, Ticket
from reminders.models.kinds import ReminderState, TicketKind
from tests.conftest import NOW
from tests.reminders.care_answering.arriving import say
from tests.reminders.care_answering.builders import Case
from tests.reminders.care_answering.test_which_check_in import ask

HOUR = timedelta(hours=1)
LATER = NOW + 2 * HOUR


@pytest.fixture
def second(database: Database, case: Case) -> Case:
    """Another treatment of the same patient, asked about after the first."""
    return ask(database, case, sent_at=NOW)


def retie(database: Database, reply: Reply, to: Case, at: datetime = LATER) -> None:
    with database.begin() as session:
        actor = Actor(reply.clinic_id, "form")
        retying.retie(session, actor, session.get_one(Reply, reply.id), to.treatment.id, at)


def waiting(database: Database) -> list[tuple[object, object]]:
    """The treatment and the reply of each consult's ticket."""
    with database.read() as session:
        rows = session.scalars(select(Ticket).where(Ticket.kind == TicketKind.CONSULT).order_by(Ticket.opened_at))
        return [(row.treatment_id, row.reply_id) for row in rows]


def consults_of(database: Database) -> set[object]:
    with database.read() as session:
        return set(session.scalars(select(Consult.treatment_id)))


def test_a_ticket_that_two_answers_share_is_parted(
    database: Database, clinic: Clinic, case: Case, second: Case
) -> None:
    earlier, reply = say(database, clinic, "3", NOW + HOUR), say(database, clinic, "3", LATER)
    assert waiting(database) == [(second.treatment.id, reply.id)]
    retie(database, reply, case)
    assert waiting(database) == [(second.treatment.id, earlier.id), (case.treatment.id, reply.id)]
    assert consults_of(database) == {case.treatment.id, second.treatment.id}
    with database.read() as session:
        assert session.get_one(Reply, earlier.id).handled_at is None


def test_where_the_other_has_a_consult_and_a_ticket_nothing_is_doubled(
    database: Database, clinic: Clinic, case: Case
) -> None:
    say(database, clinic, "3", NOW)
    second = ask(database, case, sent_at=NOW + HOUR)
    reply = say(database, clinic, "3", LATER)
    assert consults_of(database) == {case.treatment.id, second.treatment.id}
    retie(database, reply, case)
    assert waiting(database) == [(case.treatment.id, reply.id)]
    assert consults_of(database) == {case.treatment.id}


def test_a_second_look_not_gone_yet_is_called_off_and_owed_there(
    database: Database, clinic: Clinic, case: Case, second: Case
) -> None:
    reply = say(database, clinic, "2", NOW + HOUR)
    with database.begin() as session:
        turn = Reminder(
            clinic_id=clinic.id,
            treatment_id=second.treatment.id,
            step="day-7",
            round=2,
            is_check_in=True,
            due_at=LATER + HOUR,
            useful_until=LATER + 24 * HOUR,
            state=ReminderState.OWED,
            state_at=LATER,
            reason="second_look",
            created_at=LATER,
        )
        session.add(turn)
    retie(database, reply, case)
    with database.read() as session:
        kept = session.get_one(Reminder, turn.id)
        assert (kept.state, kept.reason) == (ReminderState.CANCELLED, "retied")


def test_what_rises_presses_where_it_was_said(database: Database, clinic: Clinic, case: Case, second: Case) -> None:
    early, reply = say(database, clinic, "thanks", NOW), say(database, clinic, "3", NOW + HOUR)
    with database.begin() as session:
        for value, said, at in ((2, early, NOW), (6, reply, NOW + HOUR)):
            ids = (new_id(), clinic.id, second.treatment.id, second.reminder.id)
            severities.record(session, NewSeverity(*ids, value, said.id), at)
        ticket = session.scalars(select(Ticket).where(Ticket.kind == TicketKind.CONSULT)).one()
        ticket.priority, ticket.reason = PRIORITY[TicketKind.CONSULT] - severities.PRESSES_BY, severities.WORSE
    retie(database, reply, case)
    with database.read() as session:
        ticket = session.scalars(select(Ticket).where(Ticket.kind == TicketKind.CONSULT)).one()
        assert (ticket.treatment_id, ticket.priority) == (case.treatment.id, PRIORITY[TicketKind.CONSULT])
        assert ticket.reason == ""
