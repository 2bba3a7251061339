"""From a patient's words to what their phone, the staff and the report get, in both languages."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import LargeBinary, func, literal, select, update

from reminders import consent as consents
from reminders.care.replies import receive, understand, understand_pending
from reminders.database import Database
from reminders.models import CheckIn, Clinic, Consult, Message, OptOut, Reply
from reminders.models.follow_up_rules import FollowUpRules, with_follow_up_rules
from reminders.models.kinds import Channel, CheckInOutcome, Language, MessageKind, TicketKind
from schedules.lifecycle import State
from tests.conftest import NOW
from tests.reminders.care_answering.arriving import inbound, messages, say, templates, tickets
from tests.reminders.care_answering.builders import (
    Case,
    add_message,
    add_reminder,
)

CONSULT, QUESTION, RED, OUT = TicketKind.CONSULT, TicketKind.QUESTION, TicketKind.RED_FLAG, TicketKind.OPTED_OUT

TABLE: list[tuple[str, list[str], list[TicketKind], CheckInOutcome | None]] = [
    ("1", ["answer:clear"], [], CheckInOutcome.CLEAR),
    ("2", ["answer:improving"], [], CheckInOutcome.IMPROVING),
    ("3", ["answer:persisting"], [CONSULT], CheckInOutcome.PERSISTING),
    ("I have a fever and there is pus", ["safety:urgent", "alert:red_flag"], [RED], CheckInOutcome.URGENT),
    ("J'ai de la fièvre et il y a du pus", ["safety:urgent", "alert:red_flag"], [RED], CheckInOutcome.URGENT),
    ("I can't breathe", ["safety:emergency", "alert:emergency"], [RED], CheckInOutcome.URGENT),
    ("STOP", ["confirmation:stop"], [OUT], None),
    ("ARRET", ["confirmation:stop"], [OUT], None),
    ("Arrêt", ["confirmation:stop"], [OUT], None),
    ("HELP", ["answer:help"], [], None),
    ("AIDE", ["answer:help"], [], None),
    ("wrong number", ["confirmation:wrong_number"], [TicketKind.WRONG_NUMBER], None),
    ("mauvais numéro", ["confirmation:wrong_number"], [TicketKind.WRONG_NUMBER], None),
    ("Can somebody call me please?", ["answer:question"], [CONSULT], None),
    ("Pouvez-vous m'appeler svp?", ["answer:question"], [CONSULT], None),
    ("When can I use retinol again?", ["answer:question"], [QUESTION], None),
    ("Quand est-ce que je peux remettre du rétinol?", ["answer:question"], [QUESTION], None),
    ("thanks!", [], [], None),
    ("merci", [], [], None),
]


@pytest.mark.parametrize(("body", "sent", "opened", "outcome"), TABLE, ids=[row[0] for row in TABLE])
def test_table(  # noqa: PLR0917 - a table has columns
    database: Database,
    clinic: Clinic,
    case: Case,
    body: str,
    sent: list[str],
    opened: list[TicketKind],
    outcome: CheckInOutcome | None,
) -> None:
    reply = say(database, clinic, body)
    assert (reply.patient_id, reply.answers_id, reply.read_at) == (case.patient.id, case.message.id, NOW)
    assert templates(database) == sent
    assert [kind for kind, _ in tickets(database)] == opened
    assert (reply.handled_at is None) == bool(opened)
    with database.read() as session:
        assert session.scalars(select(CheckIn.outcome)).all() == ([outcome] if outcome else [])
        assert len(session.scalars(select(Consult.id)).all()) == (1 if CONSULT in opened else 0)


@pytest.mark.parametrize("body", ["I have a fever. STOP", "STOP!! j'ai de la fièvre et des frissons"])
def test_a_red_flag_beside_a_stop_gets_both(database: Database, clinic: Clinic, case: Case, body: str) -> None:
    with database.begin() as session:
        later = add_message(
            session, case.treatment, add_reminder(session, case.treatment, "day-10"), state=State.PLANNED
        )
    say(database, clinic, body)
    assert templates(database) == ["safety:urgent", "alert:red_flag", "confirmation:stop"]
    assert {message.state for message in messages(database)} == {State.PLANNED}
    assert (RED, "") in tickets(database)
    with database.read() as session:
        assert session.get_one(Message, later.id).state is State.CANCELLED
        assert (case.patient.id, Channel.SMS) not in consents.consented(session, [case.patient.id])


def test_the_same_webhook_ten_times_is_one_reply_and_one_answer(database: Database, clinic: Clinic, case: Case) -> None:
    def arrive(_number: int) -> bool:
        with database.begin() as session:
            reply_id = receive(session, inbound(session, clinic, "3", provider_id="SM-same"), NOW)
        if reply_id is not None:
            with database.begin() as session:
                understand(session, reply_id, NOW)
        return reply_id is not None

    with ThreadPoolExecutor(5) as pool:
        assert sum(pool.map(arrive, range(10))) == 1
    assert templates(database) == ["answer:persisting"]
    assert len(tickets(database)) == 1


def test_a_reply_is_understood_once_however_many_try(database: Database, clinic: Clinic, case: Case) -> None:
    with database.begin() as session:
        reply_id = receive(session, inbound(session, clinic, "2"), NOW)
    assert reply_id is not None

    def read(_number: int) -> None:
        with database.begin() as session:
            understand(session, reply_id, NOW)

    with ThreadPoolExecutor(5) as pool:
        list(pool.map(read, range(10)))
    assert templates(database) == ["answer:improving"]
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(CheckIn)) == 1


def test_a_process_that_died_in_between_loses_nothing(database: Database, clinic: Clinic, case: Case) -> None:
    with database.begin() as session:
        receive(session, inbound(session, clinic, "fever and chills"), NOW)
    assert templates(database) == []
    assert understand_pending(database) == 1
    assert templates(database)[:2] == ["safety:urgent", "alert:red_flag"]
    assert understand_pending(database) == 0


def test_one_reply_that_cannot_be_read_reaches_staff_and_holds_up_no_other(
    database: Database, clinic: Clinic, case: Case
) -> None:
    with database.begin() as session:
        sealed = receive(session, inbound(session, clinic, "hello"), NOW)
        receive(session, inbound(session, clinic, "fever and chills"), NOW - timedelta(minutes=1))
        assert sealed is not None
        lost = literal(b"sealed with a key that is lost", LargeBinary())
        session.execute(update(Reply).where(Reply.id == sealed).values(body=lost))
    assert understand_pending(database) == 1
    assert "safety:urgent" in templates(database)
    assert (TicketKind.UNCLEAR, "unreadable") in tickets(database)


def test_a_correction_stands_beside_the_first_answer(database: Database, clinic: Clinic, case: Case) -> None:
    say(database, clinic, "1")
    say(database, clinic, "oops meant 3 not 1", NOW + timedelta(minutes=2))
    assert templates(database) == ["answer:clear"]
    assert tickets(database) == [(TicketKind.CONSULT, "")]
    with database.read() as session:
        found = session.scalars(select(CheckIn.outcome).order_by(CheckIn.answered_at)).all()
        assert found == [CheckInOutcome.CLEAR, CheckInOutcome.PERSISTING]


@pytest.mark.parametrize("body", ["When can I use retinol again?", "HELP", "3", "I have a fever", "asdf qwer zxcv"])
def test_answers_never_loop(database: Database, clinic: Clinic, case: Case, body: str) -> None:
    for minute in range(20):
        say(database, clinic, body, NOW + timedelta(minutes=minute))
    to_patient = [message for message in messages(database) if message.kind is not MessageKind.ALERT]
    assert 1 <= len(to_patient) <= 3


@pytest.mark.parametrize("apart", [60, 240])
def test_one_automatic_answer_in_the_time_that_the_clinic_has_set(
    database: Database, clinic: Clinic, case: Case, apart: int
) -> None:
    """Whatever each would say. Seen to fail when each text counted for itself, or an hour was taken for granted."""
    if apart != FollowUpRules().answer_minutes:
        with database.begin() as session:
            options = with_follow_up_rules({}, FollowUpRules(answer_minutes=apart))
            session.execute(update(Clinic).values(options=options))
    for minute, body in ((0, "1"), (1, "3"), (apart - 2, "can I swim?"), (apart + 2, "2")):
        say(database, clinic, body, NOW + timedelta(minutes=minute))
    assert templates(database) == ["answer:clear", "answer:improving"]
    with database.read() as session:
        assert len(session.scalars(select(CheckIn)).all()) == 3


def test_a_digit_is_no_answer_a_week_after_the_check_in(database: Database, clinic: Clinic, case: Case) -> None:
    say(database, clinic, "3", NOW + timedelta(days=8))
    with database.read() as session:
        assert session.scalars(select(CheckIn)).all() == []


def test_an_answer_goes_out_now_in_the_patients_language(database: Database, clinic: Clinic, case: Case) -> None:
    reply = say(database, clinic, "2")
    (answer,) = messages(database)
    assert (answer.due_at, answer.language, answer.patient_id) == (NOW, Language.FR, case.patient.id)
    assert (answer.dedupe_key, answer.reply_id) == (f"answer:{reply.id}", reply.id)


@pytest.mark.parametrize(("body", "language"), [("AIDE", Language.FR), ("HELP", Language.EN)])
def test_a_keyword_is_answered_in_its_own_language(
    database: Database, clinic: Clinic, case: Case, body: str, language: Language
) -> None:
    say(database, clinic, body)
    assert [message.language for message in messages(database)] == [language]


def test_what_the_carrier_has_answered_we_do_not(database: Database, clinic: Clinic, case: Case) -> None:
    say(database, clinic, "STOP", opt_out_type="STOP")
    say(database, clinic, "HELP", opt_out_type="HELP")
    assert templates(database) == []
    with database.read() as session:
        assert session.scalars(select(OptOut.by_carrier)).all() == [True]


def test_start_after_stop(database: Database, clinic: Clinic, case: Case) -> None:
    say(database, clinic, "STOP")
    say(database, clinic, "START", NOW + timedelta(minutes=5))
    assert templates(database) == ["confirmation:stop", "confirmation:start"]
    with database.read() as session:
        assert (case.patient.id, Channel.SMS) in consents.consented(session, [case.patient.id])
