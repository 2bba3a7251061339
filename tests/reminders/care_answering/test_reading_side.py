"""What staff read: the timeline, the inbox and the report, each with a constant number of queries."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from reminders.care import consults
from reminders.care.checkins import CheckInAnswer, latest, record_outcome
from reminders.care.explain import Explanation
from reminders.care.inbox import inbox
from reminders.care.optouts import OptOutRequest, opt_out
from reminders.care.reports import ReplyReport, reply_report
from reminders.care.tickets import NewTicket, key_for, open_ticket
from reminders.care.timeline import timeline, why
from reminders.database import Database
from reminders.ids import new_id
from reminders.models import Attempt, Clinic, Receipt, Reply, Sender
from reminders.models.kinds import Channel, CheckInOutcome, ConsultState, ReminderState, ReplyKind, TicketKind
from schedules.lifecycle import State
from tests.conftest import NOW
from tests.reminders.care_answering.builders import (
    Case,
    add_case,
    add_message,
    add_patient,
    add_reminder,
    add_treatment,
)

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


def add_reply(session: Session, case: Case | None, clinic: Clinic, minutes: int, **given: Any) -> Reply:
    """A reply that was received so many minutes after NOW."""
    sender = session.scalars(select(Sender).where(Sender.channel == Channel.SMS)).one()
    reply = Reply(
        clinic_id=clinic.id,
        sender_id=sender.id,
        patient_id=case.patient.id if case else None,
        answers_id=case.message.id if case else None,
        kind=ReplyKind.TEXT,
        channel=Channel.SMS,
        provider_id=str(new_id()),
        sender_address="+15145550199",
        body=f"reply {minutes}",
        received_at=NOW + timedelta(minutes=minutes),
        **({"from_index": "stranger"} | ({"from_index": case.patient.phone_index} if case else {}) | given),
    )
    session.add(reply)
    session.flush()
    return reply


def answer(session: Session, case: Case, outcome: CheckInOutcome, minutes: int = 0) -> None:
    """An answer to the case's check-in."""
    given = CheckInAnswer(case.patient.clinic_id, case.treatment.id, outcome, reminder_id=case.reminder.id)
    record_outcome(session, given, NOW + timedelta(minutes=minutes))


def ticket(session: Session, reply: Reply, kind: TicketKind, minutes: int = 0) -> None:
    """A ticket that a reply caused."""
    key = key_for(kind, reply.id)
    new = NewTicket(reply.clinic_id, kind, key, patient_id=reply.patient_id, reply_id=reply.id)
    open_ticket(session, new, NOW + timedelta(minutes=minutes))


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
        items = inbox(session, clinic.id)
        assert [item.patient.given_name if item.patient else None for item in items] == [
            *("Red", "Asks", None, None, "Quiet")
        ]
        first = items[0]
        assert [found.kind for found in first.tickets] == [TicketKind.RED_FLAG, TicketKind.UNCLEAR]
        assert [reply.body for reply in first.replies] == ["reply 2", "reply 1"]
        assert first.waiting(NOW + timedelta(minutes=5)) == timedelta(minutes=4)
        assert (items[2].reply, items[2].priority) == (None, 90)
        assert (items[3].priority, items[3].waiting(NOW)) == (None, None)


def test_the_inbox_shows_a_clinic_only_its_own(database: Database, clinic: Clinic) -> None:
    with database.begin() as session:
        ticket(session, add_reply(session, add_case(session, clinic), clinic, 0), TicketKind.QUESTION)
        assert inbox(session, new_id()) == []


@pytest.mark.parametrize("which", ["inbox", "timeline", "report"])
def test_more_rows_cost_no_more_queries(database: Database, clinic: Clinic, which: str) -> None:
    def read(case: Case) -> int:
        with database.begin() as session, counted(database) as count:
            if which == "inbox":
                inbox(session, clinic.id)
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


def test_the_report_counts_a_period_of_local_days(database: Database, clinic: Clinic) -> None:
    with database.begin() as session:
        names = ("clear", "corrected", "worse", "silent", "before", "after")
        cases = {name: add_case(session, clinic, given_name=name) for name in names}
        # Midnight in Montreal is 4:00 in UTC, daylight saving having begun two days earlier.
        cases["before"].message.sent_at = NOW.replace(hour=3, minute=59)
        cases["after"].message.sent_at = NOW.replace(day=11, hour=4, minute=0)
        cases["clear"].message.state = State.DELIVERED
        for name in ("clear", "corrected", "worse"):
            add_reply(session, cases[name], clinic, 0)
        add_reply(session, cases["clear"], clinic, 1)
        answer(session, cases["clear"], CheckInOutcome.CLEAR)
        answer(session, cases["corrected"], CheckInOutcome.PERSISTING)
        answer(session, cases["corrected"], CheckInOutcome.IMPROVING, 1)
        answer(session, cases["worse"], CheckInOutcome.PERSISTING)
        answer(session, cases["before"], CheckInOutcome.URGENT)
        consults.offer(session, cases["corrected"].treatment.id, NOW)
        consults.book(session, cases["worse"].treatment.id, ConsultState.BOOKED, NOW)
        for kind in (TicketKind.RED_FLAG, TicketKind.UNREACHABLE, TicketKind.QUESTION):
            open_ticket(session, NewTicket(clinic.id, kind, f"ticket:{kind}"), NOW)
        opt_out(session, OptOutRequest(clinic.id, Channel.SMS, "somebody", "page"), NOW)
    with database.begin() as session:
        assert reply_report(session, clinic, TODAY, TODAY) == ReplyReport(
            start=TODAY,
            end=TODAY,
            sent=4,
            delivered=1,
            replied=3,
            patients_replied=3,
            check_ins_sent=4,
            clear=1,
            improving=1,
            persisting=1,
            urgent=0,
            no_answer=1,
            consults_offered=2,
            consults_booked=1,
            opt_outs=1,
            unreachable=1,
            red_flags=1,
        )
        newest = latest(session, cases["corrected"].treatment.id)
        assert newest is not None
        assert newest.outcome is CheckInOutcome.IMPROVING


def test_a_text_and_its_email_are_one_check_in(database: Database, clinic: Clinic) -> None:
    with database.begin() as session:
        patient = add_patient(session, clinic)
        treatment = add_treatment(session, patient)
        reminder = add_reminder(session, treatment)
        add_message(session, treatment, reminder, state=State.UNDELIVERED)
        add_message(session, treatment, reminder, state=State.DELIVERED, channel=Channel.EMAIL)
    with database.begin() as session:
        report = reply_report(session, clinic, TODAY, TODAY)
        assert (report.sent, report.delivered, report.check_ins_sent, report.no_answer) == (2, 1, 1, 1)
