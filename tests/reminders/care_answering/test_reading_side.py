"""What staff read: the timeline, the inbox and the report, each with a constant number of queries."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import event

from reminders.care import consults
from reminders.care.explain import Explanation
from reminders.care.reports import reply_report
from reminders.care.tickets import NewTicket, open_ticket
from reminders.care.timeline import timeline, why
from reminders.database import Database
from reminders.ids import new_id
from reminders.models import Attempt, Clinic, Receipt
from reminders.models.kinds import CheckInOutcome, ConsultState, ReminderState, TicketKind
from tests.conftest import NOW
from tests.reminders.care_answering.builders import (
    Case,
    add_case,
    add_message,
    add_reminder,
    add_treatment,
)
from tests.reminders.care_answering.reading_side import add_reply, answer, conversations, ticket

TODAY = date(2026, 3, 10)


@contextmanager
def counted(database: Database) -> Iterator[Callable[[], int]]:
    """Counts the statements that reach the database."""
    seen: list[str] = []

    def note(_c: Any, _u: Any, statement: str, *_rest: Any) -> None:
        if statement.lstrip().upper().startswith("SELECT"):
            seen.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield lambda: len(seen)
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


def test_a_timeline_tells_all_in_order_with_reasons(database: Database, clinic: Clinic) -> None:
    with database.begin() as session:
        case = add_case(session, clinic)
        add_reminder(session, case.treatment, "day-1", state=ReminderState.SKIPPED, reason="too_late", due_at=NOW)
        attempt = Attempt(
            clinic_id=clinic.id,
            message_id=case.message.id,
            sender_id=case.message.sender_id,
            number=1,
            to="+15145550142",
            address_index="",
            body_hash="",
            started_at=NOW,
        )
        session.add(attempt)
        session.flush()
        for second, status in enumerate(("sent", "delivered")):
            receipt = Receipt(
                clinic_id=clinic.id,
                attempt_id=attempt.id,
                provider_id="SM1",
                status=status,
                received_at=NOW + timedelta(seconds=second),
            )
            session.add(receipt)
        reply = add_reply(session, case, clinic, 1, labels=["persisting"])
        answer(session, case, CheckInOutcome.PERSISTING, 2)
        consults.offer(session, case.treatment.id, NOW + timedelta(minutes=3))
        ticket(session, reply, TicketKind.CONSULT, 4)
    with database.begin() as session:
        entries = timeline(session, clinic, case.patient)
        assert [entry.kind for entry in entries] == [
            *("consent", "consent", "treatment", "message", "reminder", "reply", "check_in", "consult", "ticket")
        ]
        assert [entry.at for entry in entries] == sorted(entry.at for entry in entries)
        by_kind = {entry.kind: entry for entry in entries}
        assert by_kind["message"].why_key == "message_sent"
        assert [line.status for line in by_kind["message"].receipts] == ["sent", "delivered"]
        assert (by_kind["reminder"].why_key, by_kind["reminder"].why_params["reason"]) == (
            "reminder_skipped",
            "too_late",
        )
        assert (by_kind["reply"].text, by_kind["reply"].labels) == ("reply 1", ("persisting",))
        assert by_kind["consult"].state == ConsultState.OFFERED
        told = why(session, clinic, case.patient)
        assert told.keys() >= {case.reminder.id}
        assert told[case.reminder.id] == Explanation("message_sent", {**by_kind["message"].why_params, "before": ""})


def test_the_inbox_puts_what_presses_first_then_the_newest(database: Database, clinic: Clinic) -> None:
    with database.begin() as session:
        asks, red, quiet = (
            add_case(session, clinic, given_name=name, phone=f"+1514555014{n}", email=None)
            for n, name in enumerate(("Asks", "Red", "Quiet"))
        )
        ticket(session, add_reply(session, asks, clinic, 0), TicketKind.QUESTION)
        ticket(session, add_reply(session, red, clinic, 1), TicketKind.RED_FLAG, 1)
        ticket(session, add_reply(session, red, clinic, 2), TicketKind.UNCLEAR, 2)
        add_reply(session, quiet, clinic, 3)
        add_reply(session, None, clinic, 4)
        lone = NewTicket(clinic.id, TicketKind.DELIVERY, "ticket:paused")
        open_ticket(session, lone, NOW)
    with database.begin() as session:
        items = conversations(session, clinic.id)
        assert [item.patient.given_name if item.patient else None for item in items] == [
            *("Red", "Asks", None, None, "Quiet")
        ]
        first = items[0]
        assert [found.kind for found in first.tickets] == [TicketKind.RED_FLAG, TicketKind.UNCLEAR]
        assert [reply.body for reply in first.replies] == ["reply 2", "reply 1"]
        assert first.tickets[0].opened_at == NOW + timedelta(minutes=1)
        assert (items[2].reply, [one.priority for one in items[2].tickets]) == (None, [90])
        assert items[3].tickets == ()


def test_the_inbox_names_everybody_who_shares_the_address(database: Database, clinic: Clinic) -> None:
    with database.begin() as session:
        mother = add_case(session, clinic, email=None).patient
        child = add_case(session, clinic, given_name="Léo", email=None).patient
        add_reply(session, None, clinic, 0, from_index=mother.phone_index)
    with database.begin() as session:
        (item,) = conversations(session, clinic.id)
        assert item.patient is None
        assert [patient.id for patient in item.might_be] == [mother.id, child.id]


def test_the_inbox_shows_a_clinic_only_its_own(database: Database, clinic: Clinic) -> None:
    with database.begin() as session:
        ticket(session, add_reply(session, add_case(session, clinic), clinic, 0), TicketKind.QUESTION)
        assert conversations(session, new_id()) == []


@pytest.mark.parametrize("which", ["inbox", "timeline", "report"])
def test_more_rows_cost_no_more_queries(database: Database, clinic: Clinic, which: str) -> None:
    def read(case: Case) -> int:
        with database.begin() as session, counted(database) as count:
            if which == "inbox":
                conversations(session, clinic.id)
            elif which == "timeline":
                timeline(session, clinic, case.patient)
            else:
                reply_report(session, clinic, TODAY, TODAY)
            return count()

    with database.begin() as session:
        case = add_case(session, clinic)
        ticket(session, add_reply(session, case, clinic, 0), TicketKind.QUESTION)
    few = read(case)
    with database.begin() as session:
        for number in range(5):
            treatment = add_treatment(session, case.patient, NOW - timedelta(days=10 + number))
            add_message(session, treatment, add_reminder(session, treatment))
            ticket(session, add_reply(session, case, clinic, number), TicketKind.UNCLEAR)
            add_case(session, clinic, given_name=str(number))
    assert 0 < read(case) == few
