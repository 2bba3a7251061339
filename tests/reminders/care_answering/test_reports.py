"""The reply report: each figure, by local days."""

from datetime import date

from reminders.care import consults
from reminders.care.checkins import latest
from reminders.care.optouts import OptOutRequest, opt_out
from reminders.care.reports import ReplyReport, previous_report, reply_report
from reminders.care.tickets import NewTicket, open_ticket
from reminders.database import Database
from reminders.models import Clinic
from reminders.models.kinds import Channel, CheckInOutcome, ConsultState, TicketKind
from schedules.lifecycle import State
from tests.conftest import NOW
from tests.reminders.care_answering.builders import (
    add_case,
    add_message,
    add_patient,
    add_reminder,
    add_treatment,
)
from tests.reminders.care_answering.reading_side import add_reply, answer

TODAY = date(2026, 3, 10)


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
            texts=4,
            texts_delivered=1,
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
            consults_attended=0,
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
        assert (report.texts, report.texts_delivered, report.emails) == (1, 0, 1), "an e-mail is no arrived text"


def test_what_came_before_is_as_many_days_right_before(database: Database, clinic: Clinic) -> None:
    """Seen to fail when: the period before shared its last day with this one."""
    with database.begin() as session:
        for day in (1, 3, 4, 6, 7, 9):
            add_case(session, clinic).message.sent_at = NOW.replace(day=day)
    with database.begin() as session:
        before = previous_report(session, clinic, date(2026, 3, 7), date(2026, 3, 9))
        assert (before.start, before.end, before.sent) == (date(2026, 3, 4), date(2026, 3, 6), 2)
