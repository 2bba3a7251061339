"""A check-in that nobody answers: one nudge at a decent hour, then a ticket to telephone; an answer ends it anywhere.

Seen to fail when: the nudge was owed twice, or at night, or after an answer; it went although the answer had come while
it waited; a mere "thanks" counted as an answer; the ticket was opened though the nudge was answered, or twice; an
opt-out or a changed date was not heeded; the clinic's own times were not; the report took each round for a check-in.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from reminders.care import explain, follow_ups, replanning, treatments
from reminders.care.actors import Actor
from reminders.care.reports import reply_report
from reminders.database import Database
from reminders.models import CheckIn, Clinic, Message, Patient, Protocol, Reminder, Ticket, Treatment
from reminders.models.follow_up_rules import FollowUpRules, with_follow_up_rules
from reminders.models.kinds import CheckInOutcome, Language, MessageKind, TicketKind
from reminders.settings import Settings
from schedules.lifecycle import State
from tests.promises.practice import MARIE, Practice, open_practice
from tests.promises.world import address, open_world

ANNE = address(1)
DAY = timedelta(days=1)
WORDS = {"en": "We have not heard from you", "fr": "pas encore eu de vos nouvelles"}


@pytest.fixture
def practice(database: Database, settings: Settings) -> Iterator[Practice]:
    with open_practice(open_world(database, settings), settings) as opened:
        yield opened


def ask(practice: Practice, **patient: str) -> Treatment:
    """Somebody is asked the day-7 question, now."""
    treatment = practice.world.treat(practice.world.patient(**{"phone": MARIE} | patient))
    practice.sweep()
    return treatment


def wait(practice: Practice, span: timedelta = timedelta()) -> int:
    """Time passes; then what beat wakes, twice over, as two workers would."""
    practice.world.pass_time(span)
    done = follow_ups.follow_up(practice.database)
    assert follow_ups.follow_up(practice.database) == 0
    practice.sweep()
    return done


def set_rules(practice: Practice, rules: FollowUpRules) -> None:
    with practice.database.begin() as session:
        session.execute(update(Clinic).values(options=with_follow_up_rules({}, rules)))


def report(practice: Practice) -> tuple[int, int, int]:
    """What was sent, how many check-ins that were, and how many of them nobody answered."""
    today = practice.world.now.date()
    with practice.database.read() as session:
        found = reply_report(session, practice.clinic, today - timedelta(days=10), today)
    outcomes = found.clear + found.improving + found.persisting + found.urgent
    assert outcomes + found.no_answer == found.check_ins_sent
    return found.sent, found.check_ins_sent, found.no_answer


def nudges(practice: Practice) -> list[State]:
    return list(practice.rows(select(Message.state).where(Message.kind == MessageKind.NUDGE)))


@pytest.mark.parametrize("language", ["en", "fr"])
def test_one_nudge_and_then_a_ticket(practice: Practice, language: str) -> None:
    ask(practice, language=language)
    assert wait(practice, DAY - timedelta(minutes=1)) == 0
    assert wait(practice, timedelta(minutes=2)) == 1
    asked, nudge = practice.got(MARIE)
    assert WORDS[language] in nudge != asked
    assert wait(practice, DAY - timedelta(minutes=1)) == 0
    assert practice.tickets() == []
    assert wait(practice, timedelta(minutes=2)) == 1
    assert practice.tickets() == [TicketKind.MISSED_CHECK_IN]
    assert practice.rows(select(Ticket.reason)) == ["silence"]
    for _ in range(4):
        assert wait(practice, DAY) == 0
    assert len(practice.got(MARIE)) == 2
    assert practice.tickets() == [TicketKind.MISSED_CHECK_IN]


@pytest.mark.parametrize(("language", "link"), [("en", "in one click"), ("fr", "en un clic")])
def test_by_e_mail_with_a_link_of_its_own(practice: Practice, language: str, link: str) -> None:
    ask(practice, phone="", email=ANNE, language=language)
    wait(practice, DAY)
    asked, nudge = practice.got(ANNE)
    assert link in nudge
    assert {word for word in nudge.split() if "/c/" in word} - {word for word in asked.split() if "/c/" in word}


def test_it_waits_for_the_window_and_for_a_day_on_which_somebody_is_there(practice: Practice) -> None:
    practice.world.set_clock(datetime(2026, 3, 13, 23, 30, tzinfo=UTC))  # Friday, 19:30 in Montreal
    ask(practice)
    wait(practice, DAY + timedelta(hours=1))  # Saturday, 20:30; Sunday is closed
    (due_at,) = practice.rows(select(Message.due_at).where(Message.kind == MessageKind.NUDGE))
    assert due_at == datetime(2026, 3, 16, 13, 0, tzinfo=UTC)
    assert practice.rows(select(Reminder.due_at).where(Reminder.round == 2)) == [due_at]
    assert len(practice.got(MARIE)) == 1


@pytest.mark.parametrize("said", ["1", "3", "can I swim?", "STOP"])
def test_any_answer_ends_it(practice: Practice, said: str) -> None:
    ask(practice)
    practice.text(said)
    practice.sweep()
    tickets = practice.tickets()
    for _ in range(4):
        assert wait(practice, DAY) == 0
    assert nudges(practice) == []
    assert practice.tickets() == tickets


def test_thanks_is_no_answer(practice: Practice) -> None:
    ask(practice)
    practice.text("thanks")
    assert practice.tickets() == []
    wait(practice, DAY)
    assert nudges(practice) == [State.SENT]


def test_an_answer_while_the_nudge_waits_calls_it_off(practice: Practice) -> None:
    practice.world.set_clock(datetime(2026, 3, 10, 23, 0, tzinfo=UTC))  # 19:00 in Montreal
    ask(practice)
    wait(practice, DAY + timedelta(hours=2))
    assert nudges(practice) == [State.PLANNED]
    practice.text("2")
    wait(practice)
    assert nudges(practice) == [State.CANCELLED]
    assert practice.rows(select(Message.reason).where(Message.kind == MessageKind.NUDGE)) == ["answered"]
    assert [one.outcome for one in practice.rows(select(CheckIn))] == [CheckInOutcome.IMPROVING]


def test_an_answer_at_the_last_moment_is_heeded_by_whoever_sends(practice: Practice) -> None:
    practice.world.set_clock(datetime(2026, 3, 10, 23, 0, tzinfo=UTC))
    ask(practice)
    wait(practice, DAY + timedelta(hours=2))
    practice.text("2")
    practice.world.set_clock(datetime(2026, 3, 12, 13, 0, tzinfo=UTC))
    practice.sweep()
    assert nudges(practice) == [State.SKIPPED]
    assert practice.rows(select(Message.reason).where(Message.kind == MessageKind.NUDGE)) == ["answered"]


def test_an_answer_to_the_nudge_is_an_answer_to_the_check_in(practice: Practice) -> None:
    ask(practice)
    wait(practice, DAY)
    practice.text("3")
    practice.sweep()
    assert [one.outcome for one in practice.rows(select(CheckIn))] == [CheckInOutcome.PERSISTING]
    wait(practice, 2 * DAY)
    assert practice.tickets() == [TicketKind.CONSULT]
    assert report(practice) == (2, 1, 0)


def test_who_opted_out_meanwhile_gets_none_and_it_is_explained(practice: Practice) -> None:
    practice.world.set_clock(datetime(2026, 3, 10, 23, 0, tzinfo=UTC))
    ask(practice)
    wait(practice, DAY + timedelta(hours=2))
    practice.text("STOP")
    wait(practice, DAY)
    assert nudges(practice) == [State.CANCELLED]
    assert practice.tickets() == [TicketKind.OPTED_OUT]


def test_whom_nothing_reaches_any_more_is_to_be_telephoned(practice: Practice) -> None:
    treatment = ask(practice)
    browser = practice.browser(practice.hire())
    browser.post(f"/patients/{treatment.patient_id}/consents/sms/withdraw")
    assert wait(practice, DAY) == 1
    assert nudges(practice) == []
    assert practice.tickets() == [TicketKind.MISSED_CHECK_IN]
    (row,) = practice.rows(select(Reminder).where(Reminder.round == 2))
    assert (row.state, row.reason) == ("skipped", "no_consent")
    assert wait(practice, DAY) == 0


def test_the_clinics_own_times(practice: Practice) -> None:
    set_rules(practice, FollowUpRules(nudge_hours=48, call_hours=2))
    ask(practice)
    assert wait(practice, 2 * DAY - timedelta(minutes=1)) == 0
    assert wait(practice, timedelta(minutes=2)) == 1
    assert wait(practice, timedelta(hours=2)) == 1
    assert practice.tickets() == [TicketKind.MISSED_CHECK_IN]


def test_what_is_planned_anew_leaves_it_alone(practice: Practice) -> None:
    practice.world.set_clock(datetime(2026, 3, 10, 23, 0, tzinfo=UTC))
    treatment = ask(practice)
    wait(practice, DAY + timedelta(hours=2))
    before = practice.rows(select(Message.due_at).where(Message.kind == MessageKind.NUDGE))
    now = practice.world.now
    with practice.database.begin(clinic=practice.clinic.id) as session:
        moved = session.get_one(Treatment, treatment.id)
        clinic = session.get_one(Clinic, practice.clinic.id)
        to = treatments.TreatedWhen("2026-03-08", "10:00")
        treatments.move(session, Actor(clinic.id, "form"), clinic, moved, to, now)
    assert nudges(practice) == [State.PLANNED]
    assert practice.rows(select(Message.due_at).where(Message.kind == MessageKind.NUDGE)) == before
    with practice.database.begin(clinic=practice.clinic.id) as session:
        treatments.cancel(
            session, Actor(practice.clinic.id, "form"), session.get_one(Treatment, treatment.id), "moved away", now
        )
    assert nudges(practice) == [State.CANCELLED]
    assert wait(practice, 2 * DAY) == 0


def test_a_hold_keeps_it_and_too_late_is_a_ticket(practice: Practice) -> None:
    ask(practice)
    with practice.database.begin() as session:
        session.execute(update(Protocol).values(held_at=practice.world.now))
    wait(practice, DAY)
    assert nudges(practice) == [State.PLANNED]
    practice.world.pass_time(3 * DAY)
    practice.sweep()
    practice.sweep()
    assert nudges(practice) == [State.EXPIRED]
    assert practice.tickets() == [TicketKind.MISSED_CHECK_IN]
    assert wait(practice, DAY) == 0


def test_every_round_is_explained(practice: Practice) -> None:
    ask(practice)
    wait(practice, DAY)
    with practice.database.read() as session:
        nudge = session.scalars(select(Message).where(Message.kind == MessageKind.NUDGE)).one()
        reminder = session.scalars(select(Reminder).where(Reminder.round == 2)).one()
        told = explain.sentence(explain.explain(reminder, [nudge]), Language.EN, ZoneInfo(practice.clinic.timezone))
    assert told.startswith("It was handed over by text")
    page = practice.browser(practice.hire()).get(f"/patients/{patient_id(practice)}").text
    assert "reminder to answer" in page


def patient_id(practice: Practice) -> object:
    return practice.rows(select(Patient.id))[0]


@pytest.mark.parametrize(("language", "asks"), [("en", "How is your skin now"), ("fr", "votre peau maintenant")])
def test_a_second_look_where_the_clinic_wants_one(practice: Practice, language: str, asks: str) -> None:
    set_rules(practice, FollowUpRules(second_look_days=3))
    ask(practice, language=language)
    practice.text("2")
    practice.sweep()
    assert wait(practice, 3 * DAY - timedelta(minutes=5)) == 0
    assert wait(practice, timedelta(minutes=10)) == 1
    assert asks in practice.got(MARIE)[-1]
    practice.text("2")
    practice.sweep()
    assert [one.outcome for one in practice.rows(select(CheckIn))] == [CheckInOutcome.IMPROVING] * 2
    assert report(practice) == (2, 1, 0)
    for _ in range(4):
        assert wait(practice, DAY) == 0


def test_no_second_look_unless_wanted_or_after_another_answer(practice: Practice) -> None:
    ask(practice)
    practice.text("2")
    assert wait(practice, 3 * DAY) == 0
    practice.text("1")
    set_rules(practice, FollowUpRules(second_look_days=3))
    assert wait(practice, 3 * DAY) == 0


def test_an_unanswered_second_look_is_a_silence_like_any_other(practice: Practice) -> None:
    set_rules(practice, FollowUpRules(second_look_days=3))
    ask(practice)
    practice.text("2")
    practice.sweep()
    wait(practice, 3 * DAY)
    wait(practice, DAY)
    assert WORDS["en"] in practice.got(MARIE)[-1]
    wait(practice, DAY)
    assert practice.tickets() == [TicketKind.MISSED_CHECK_IN]


@pytest.mark.parametrize(("first", "then"), [("en", "fr"), ("fr", "en")])
def test_a_waiting_nudge_follows_a_new_language(practice: Practice, first: str, then: str) -> None:
    practice.world.set_clock(datetime(2026, 3, 10, 23, 0, tzinfo=UTC))  # 19:00 in Montreal
    treatment = ask(practice, language=first)
    wait(practice, DAY + timedelta(hours=2))
    before = practice.rows(select(Message.due_at).where(Message.kind == MessageKind.NUDGE))
    change(practice, treatment, language=then)
    assert nudges(practice) == [State.CANCELLED, State.PLANNED]
    assert practice.rows(select(Message.due_at).where(Message.kind == MessageKind.NUDGE)) == before * 2
    wait(practice, timedelta(hours=14))
    asked, nudge = practice.got(MARIE)
    assert WORDS[then] in nudge != asked


def test_a_waiting_nudge_follows_a_new_channel(practice: Practice) -> None:
    practice.world.set_clock(datetime(2026, 3, 10, 23, 0, tzinfo=UTC))
    treatment = ask(practice, email=ANNE)
    wait(practice, DAY + timedelta(hours=2))
    practice.browser(practice.hire()).post(f"/patients/{treatment.patient_id}/consents/sms/withdraw")
    wait(practice, timedelta(hours=14))
    assert len(practice.got(MARIE)) == 1
    (nudge,) = practice.got(ANNE)
    assert WORDS["en"] in nudge
    assert nudges(practice) == [State.CANCELLED, State.SENT]


def change(practice: Practice, treatment: Treatment, **columns: str) -> None:
    """Staff change the patient's record."""
    with practice.database.begin(clinic=practice.clinic.id) as session:
        patient = session.get_one(Patient, treatment.patient_id)
        for name, value in columns.items():
            setattr(patient, name, Language(value) if name == "language" else value)
        replanning.refresh(session, session.get_one(Clinic, practice.clinic.id), patient, practice.world.now)
