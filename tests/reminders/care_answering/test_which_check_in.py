"""An answer belongs to the check-in whose message it answers, and is one as long as that check-in can be answered.

Each of these has been seen to fail: with the newest check-in of the patient for every answer, with a link that outlives
the answerable time, and with the moment of reading in place of that of receiving.
"""

from datetime import timedelta

import pytest
from sqlalchemy import select

from reminders.care.checkins import ANSWERABLE_FOR, answerable
from reminders.care.replies import Match, receive, understand
from reminders.database import Database
from reminders.models import CheckIn, Clinic, Message, Ticket
from reminders.models.kinds import Channel, CheckInOutcome, ReplyKind, TicketKind
from schedules.lifecycle import State
from tests.conftest import NOW
from tests.reminders.care_answering.arriving import inbound, say
from tests.reminders.care_answering.builders import EMAIL, Case, add_message, add_reminder, add_treatment

HOUR = timedelta(hours=1)


def ask(database: Database, case: Case, **given: object) -> Case:
    """A second treatment of the same patient, three days after the first, and its check-in."""
    with database.begin() as session:
        treatment = add_treatment(session, case.patient, NOW - timedelta(days=4))
        reminder = add_reminder(session, treatment)
        return Case(case.patient, treatment, reminder, add_message(session, treatment, reminder, **given))


def answers(database: Database) -> list[tuple[object, CheckInOutcome]]:
    with database.read() as session:
        rows = session.scalars(select(CheckIn).order_by(CheckIn.answered_at, CheckIn.id))
        return [(row.treatment_id, row.outcome) for row in rows]


def by_page(database: Database, clinic: Clinic, message: Message, at: timedelta) -> None:
    """An answer by a message's page, so long after NOW."""
    say(
        database,
        clinic,
        "3",
        NOW + at,
        kind=ReplyKind.PAGE,
        channel=message.channel,
        known=Match(message.patient_id, message.id),
    )


def test_the_page_of_the_first_treatment_answers_for_the_first(database: Database, clinic: Clinic, case: Case) -> None:
    second = ask(database, case, sent_at=NOW)
    by_page(database, clinic, case.message, HOUR)
    by_page(database, clinic, second.message, 2 * HOUR)
    persisting = CheckInOutcome.PERSISTING
    assert answers(database) == [(case.treatment.id, persisting), (second.treatment.id, persisting)]
    with database.read() as session:
        found = session.scalars(select(Ticket.treatment_id).where(Ticket.kind == TicketKind.CONSULT)).all()
    assert set(found) == {case.treatment.id, second.treatment.id}


def test_a_text_answers_what_was_asked_by_text(database: Database, clinic: Clinic, case: Case) -> None:
    ask(database, case, channel=Channel.EMAIL, sent_at=NOW)
    say(database, clinic, "2", NOW + HOUR)
    assert answers(database) == [(case.treatment.id, CheckInOutcome.IMPROVING)]


def test_a_text_answers_the_newest_check_in_whatever_went_after_it(
    database: Database, clinic: Clinic, case: Case
) -> None:
    second = ask(database, case, sent_at=NOW)
    with database.begin() as session:
        tips = add_reminder(session, second.treatment, step="day-1")
        add_message(session, second.treatment, tips, sent_at=NOW + HOUR)
    say(database, clinic, "1", NOW + 2 * HOUR)
    assert answers(database) == [(second.treatment.id, CheckInOutcome.CLEAR)]


def test_one_asked_by_email_may_answer_by_text(database: Database, clinic: Clinic, case: Case) -> None:
    with database.begin() as session:
        session.merge(case.message, load=False).channel = Channel.EMAIL
    say(database, clinic, "3", NOW + HOUR)
    assert answers(database) == [(case.treatment.id, CheckInOutcome.PERSISTING)]


@pytest.mark.parametrize("state", [State.SENDING, State.UNKNOWN])
def test_a_page_is_answered_before_its_message_is_known_to_have_gone(
    database: Database, clinic: Clinic, case: Case, state: State
) -> None:
    second = ask(database, case, state=state)
    by_page(database, clinic, second.message, HOUR)
    assert answers(database) == [(second.treatment.id, CheckInOutcome.PERSISTING)]


def test_a_text_is_no_answer_to_what_has_not_gone(database: Database, clinic: Clinic, case: Case) -> None:
    ask(database, case, state=State.SENDING)
    say(database, clinic, "3", NOW + HOUR)
    assert answers(database) == [(case.treatment.id, CheckInOutcome.PERSISTING)]


@pytest.mark.parametrize("gone", [True, False])
@pytest.mark.parametrize("late", [timedelta(0), timedelta(seconds=1)])
def test_a_link_is_good_as_long_as_its_answer_is_one(
    database: Database, clinic: Clinic, case: Case, gone: bool, late: timedelta
) -> None:
    asked = case if gone else ask(database, case, state=State.UNKNOWN)
    last = (asked.message.sent_at or asked.message.useful_until) + ANSWERABLE_FOR
    by_page(database, clinic, asked.message, last + late - NOW)
    assert bool(answers(database)) is answerable(asked.message, last + late) is (not late)


def test_an_answer_read_late_was_one_when_it_came(database: Database, clinic: Clinic, case: Case) -> None:
    last = NOW - HOUR + ANSWERABLE_FOR
    with database.begin() as session:
        known = Match(case.patient.id, case.message.id)
        page = inbound(session, clinic, "3", kind=ReplyKind.PAGE, from_address=EMAIL, known=known)
        reply_id = receive(session, page, last)
    assert reply_id
    with database.begin() as session:
        understand(session, reply_id, last + timedelta(days=1))
    assert answers(database) == [(case.treatment.id, CheckInOutcome.PERSISTING)]
