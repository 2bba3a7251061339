"""What patients text is kept, once, and understood."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import LargeBinary, String, event, literal, select, type_coerce, update

from reminders.care import consents, patients, replies, treatments
from reminders.care.actors import Actor
from reminders.care.patient_input import PatientInput
from reminders.care.treatments import TreatmentInput
from reminders.models import CheckIn, Message, OptOut, Patient, Reply, Sender, Ticket
from reminders.models.kinds import Channel, CheckInOutcome, Language, MessageKind, ReplyKind, TicketKind, TicketState
from schedules.lifecycle import State
from tests.web.conftest import TODAY
from tests.web.webhooks.conftest import PATIENT_PHONE, Carrier


def _patient(carrier: Carrier) -> Patient:
    """Treated a week ago, who agreed to texts, and whose check-in was sent an hour ago."""
    actor = Actor(carrier.clinic.id, "form")
    with carrier.database.begin() as session:
        given = PatientInput(given_name="Marie", family_name="Tremblay", language="fr", phone=PATIENT_PHONE)
        then = TODAY - timedelta(days=7)
        patient = patients.add(session, actor, carrier.clinic, patients.clean(given, carrier.clinic), then)
        wording = consents.wording(consents.CURRENT, Channel.SMS, Language.FR, carrier.clinic.name)
        grant = consents.Grant(patient.id, Channel.SMS, consents.CURRENT, wording, Language.FR)
        consents.grant(session, actor, grant, then)
        treated = TreatmentInput("microneedling", then.date().isoformat(), "10:00")
        treatments.record(session, actor, carrier.clinic, patient, treated, then + timedelta(hours=1))
        sent_at = TODAY - timedelta(hours=1)
        check_in = update(Message).where(Message.template == "step:day-7")
        session.execute(check_in.values(state=State.SENT, state_at=sent_at, sent_at=sent_at))
    return patient


def _relative(carrier: Carrier, name: str) -> None:
    """Somebody else with the same number, whom we have not written to."""
    actor = Actor(carrier.clinic.id, "form")
    with carrier.database.begin() as session:
        given = PatientInput(given_name=name, family_name="Tremblay", language="fr", phone=PATIENT_PHONE)
        patients.add(session, actor, carrier.clinic, patients.clean(given, carrier.clinic), TODAY)


@contextmanager
def _statements(carrier: Carrier) -> Iterator[list[str]]:
    """What is asked of the database meanwhile; transactions' own words left out."""
    asked: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith("BEGIN"):
            asked.append(statement)

    event.listen(carrier.database.engine, "before_cursor_execute", note)
    yield asked
    event.remove(carrier.database.engine, "before_cursor_execute", note)


def _messages(carrier: Carrier, kind: MessageKind) -> list[Message]:
    return [message for message in carrier.rows(Message) if message.kind is kind]


def test_a_digit_answers_the_check_in(carrier: Carrier) -> None:
    """3 is persisting: outcome, consult ticket, and an answer due now."""
    patient = _patient(carrier)
    assert carrier.inbound(carrier.text("3")).status_code == 200
    reply = carrier.replies[0]
    assert (reply.patient_id, reply.body, reply.labels) == (patient.id, "3", ["persisting"])
    assert [check_in.outcome for check_in in carrier.rows(CheckIn)] == [CheckInOutcome.PERSISTING]
    assert [ticket.kind for ticket in carrier.tickets] == [TicketKind.CONSULT]
    assert [message.reply_id for message in _messages(carrier, MessageKind.ANSWER)] == [reply.id]


def test_a_text_takes_few_statements_however_many_share_its_number(carrier: Carrier) -> None:
    """Each is a round trip and a fifth of a millisecond of the process: the account, what stands around, the reply,
    and all that follows; SQLite, to which a statement is no trip, wants one for each table of what follows."""
    _patient(carrier)
    with _statements(carrier) as alone:
        carrier.inbound(carrier.text("1"))
    for name in ("Zoé", "Noémie", "Liam"):
        _relative(carrier, name)
    with _statements(carrier) as shared:
        carrier.inbound(carrier.text("1"))
    assert len(_messages(carrier, MessageKind.ANSWER)) == 1
    expected = (6, 5) if carrier.database.is_sqlite else (4, 4)
    assert (len(alone), len(shared)) == expected, "the second text finds the same answer given within the hour"


def test_what_cannot_be_opened_of_a_patient_keeps_no_text_from_being_kept(carrier: Carrier) -> None:
    """Seen to fail when what stands around a text was opened as it was read, before the text was kept."""
    _patient(carrier)
    with carrier.database.begin() as session:
        lost = literal(b"sealed with a key that is lost", LargeBinary())
        session.execute(update(Patient).values(guardian=lost))
    assert carrier.inbound(carrier.text("I have a fever")).status_code == 200
    assert [(reply.body, reply.read_at) for reply in carrier.replies] == [("I have a fever", None)]
    assert replies.understand_pending(carrier.database) == 0
    assert [ticket.reason for ticket in carrier.tickets] == ["unreadable"]


def _speaks(carrier: Carrier, language: str) -> None:
    with carrier.database.begin() as session:
        session.execute(update(Patient).values(language=type_coerce(language, String)))


def test_what_this_version_cannot_read_of_a_patient_keeps_no_text_from_being_kept(carrier: Carrier) -> None:
    """Seen to fail when an unknown word in a column beside the sealed ones was an error before the text was kept."""
    _patient(carrier)
    _speaks(carrier, "es")
    assert carrier.inbound(carrier.text("I have a fever")).status_code == 200
    assert [(reply.body, reply.read_at) for reply in carrier.replies] == [("I have a fever", None)]
    assert replies.understand_pending(carrier.database) == 0
    assert [ticket.reason for ticket in carrier.tickets] == ["unreadable"]
    _speaks(carrier, "en")
    assert replies.understand_pending(carrier.database) == 1
    assert TicketKind.RED_FLAG in [ticket.kind for ticket in carrier.tickets]


def test_what_staff_have_handled_stays_so_when_it_is_read_later(carrier: Carrier) -> None:
    """Seen to fail when reading a text anew opened it anew, with no ticket to go with it."""
    _patient(carrier)
    _speaks(carrier, "es")
    carrier.inbound(carrier.text("blue seven maybe"))
    assert replies.understand_pending(carrier.database) == 0
    with carrier.database.begin() as session:
        session.execute(update(Ticket).values(state=TicketState.CLOSED))
        session.execute(update(Reply).values(handled_at=TODAY))
    _speaks(carrier, "en")
    assert replies.understand_pending(carrier.database) == 1
    assert [reply.handled_at for reply in carrier.replies] == [TODAY]


def test_the_same_webhook_ten_times_is_one_reply(carrier: Carrier) -> None:
    """One reply, one answer, one ticket, ten times 200."""
    _patient(carrier)
    pairs = carrier.text("3")
    assert {carrier.inbound(pairs).status_code for _ in range(10)} == {200}
    found = (carrier.replies, carrier.tickets, _messages(carrier, MessageKind.ANSWER), carrier.rows(CheckIn))
    assert [len(rows) for rows in found] == [1, 1, 1, 1]


def test_also_at_the_same_moment(carrier: Carrier) -> None:
    """Four threads, one reply."""
    _patient(carrier)
    pairs, statuses, barrier = carrier.text("3"), [], threading.Barrier(4)

    def send() -> None:
        barrier.wait()
        statuses.append(carrier.inbound(pairs).status_code)

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 4
    assert [len(rows) for rows in (carrier.replies, carrier.tickets, carrier.rows(CheckIn))] == [1, 1, 1]


def test_an_unknown_sender_is_kept_for_staff(carrier: Carrier) -> None:
    """With a ticket; also a sender that is no number."""
    for sender in ("+14385550199", "anonymous", ""):
        assert carrier.inbound(carrier.text("Bonjour", From=sender)).status_code == 200
    assert [reply.patient_id for reply in carrier.replies] == [None] * 3
    assert [ticket.kind for ticket in carrier.tickets] == [TicketKind.UNKNOWN_SENDER] * 3


@pytest.mark.parametrize("word", ["STOP", "stop", "ARRET", "Arrêt", "arrêt "])
def test_stop_and_arret(carrier: Carrier, word: str) -> None:
    """The number is opted out, what was planned goes, one confirmation is owed."""
    _patient(carrier)
    assert carrier.inbound(carrier.text(word)).status_code == 200
    assert [(opt_out.by_carrier, opt_out.lifted_at) for opt_out in carrier.rows(OptOut)] == [(False, None)]
    assert {message.state for message in _messages(carrier, MessageKind.REMINDER)} == {State.CANCELLED, State.SENT}
    assert len(_messages(carrier, MessageKind.CONFIRMATION)) == 1


@pytest.mark.parametrize("word", ["STOP", "Stop"])
def test_what_the_carrier_has_answered_we_do_not(carrier: Carrier, word: str) -> None:
    """OptOutType: opted out by the carrier, and no confirmation of ours. Another value of it is nothing."""
    _patient(carrier)
    carrier.inbound(carrier.text(word, OptOutType=word))
    assert [opt_out.by_carrier for opt_out in carrier.rows(OptOut)] == [True]
    assert _messages(carrier, MessageKind.CONFIRMATION) == []
    carrier.inbound(carrier.text("Bonjour", OptOutType="x\0" * 40))
    assert {reply.opt_out_type for reply in carrier.replies} == {"STOP", ""}


def test_pictures_reach_staff(carrier: Carrier) -> None:
    """Where they lie is kept, nothing is fetched; a foolish count does no harm."""
    _patient(carrier)
    pictures = {"NumMedia": "2", "MediaUrl0": "https://api.twilio.com/a", "MediaContentType0": "image/jpeg"}
    pictures |= {"MediaUrl1": "https://api.twilio.com/b", "MediaContentType1": "image/png"}
    assert carrier.inbound(carrier.text("", **pictures)).status_code == 200
    assert [item["url"] for item in carrier.replies[0].media or ()] == [
        "https://api.twilio.com/a",
        "https://api.twilio.com/b",
    ]
    assert len(carrier.tickets) == 1
    for count in ("-1", "x", "", "²", "9" * 5000):
        assert carrier.inbound(carrier.text("", NumMedia=count)).status_code == 200
    assert len(carrier.replies) == 6


@pytest.mark.parametrize(
    "body", ["", " ", "\0", "😀" * 800, "é" * 1600, "'; DROP TABLE reply; --", "\u202e3", "\r\n3\r\n"]
)
def test_whatever_they_write_is_kept(carrier: Carrier, body: str) -> None:
    """As they wrote it."""
    _patient(carrier)
    assert carrier.inbound(carrier.text(body)).status_code == 200
    assert [reply.body for reply in carrier.replies] == [body]
    assert carrier.replies[0].read_at is not None


@pytest.mark.parametrize("sid", ["", "SM\0", "S" * 300, "é"])
def test_without_an_id_nothing_can_be_kept_once(carrier: Carrier, sid: str) -> None:
    """400: no such thing comes from a carrier."""
    assert carrier.inbound(carrier.text("3", MessageSid=sid)).status_code == 400
    assert carrier.replies == []


def test_a_number_that_we_do_not_know_of_one_clinic(carrier: Carrier) -> None:
    """It is theirs, whichever of their senders."""
    assert carrier.inbound(carrier.text("3", To="+14385550188")).status_code == 200
    with carrier.database.begin() as session:
        first = session.scalars(select(Sender).where(Sender.channel == Channel.SMS)).one()
        second = Sender(clinic_id=first.clinic_id, channel=Channel.SMS, account=first.account)
        second.address, second.service = "+14385550177", "MG1"
        second.next_free_at = second.created_at = TODAY
        session.add(second)
        session.flush()
        second_id = second.id
    assert carrier.inbound(carrier.text("3", To="whatsapp:+14385550188")).status_code == 200
    assert carrier.inbound(carrier.text("3", To="+14385550188", MessagingServiceSid="MG1")).status_code == 200
    assert carrier.inbound(carrier.text("3", To="+14385550177")).status_code == 200
    assert [reply.sender_id for reply in carrier.replies].count(second_id) == 2


def test_what_is_not_understood_is_kept_all_the_same(carrier: Carrier, monkeypatch: pytest.MonkeyPatch) -> None:
    """200: the carrier has done its part. The task for unread replies takes it up."""

    def broken(*_: Any) -> None:
        raise RuntimeError("triage is broken")

    _patient(carrier)
    with monkeypatch.context() as patched:
        patched.setattr(replies, "understand_received", broken)
        assert carrier.inbound(carrier.text("3")).status_code == 200
    assert [(reply.body, reply.read_at) for reply in carrier.replies] == [("3", None)]
    assert replies.understand_pending(carrier.database) == 1
    assert [check_in.outcome for check_in in carrier.rows(CheckIn)] == [CheckInOutcome.PERSISTING]


def _call(carrier: Carrier, sid: str = "CA1") -> Any:
    fields = {"CallSid": sid, "AccountSid": carrier.account, "From": PATIENT_PHONE, "To": carrier.number}
    return carrier.post("/webhooks/twilio/voice", list((fields | {"CallStatus": "ringing"}).items()))


def test_a_call_hears_where_to_call(carrier: Carrier) -> None:
    """French first, digit by digit, then English; and staff know of it, once."""
    _patient(carrier)
    answer = _call(carrier)
    assert answer.headers["content-type"].startswith("text/xml")
    assert answer.text.index('language="fr-CA"') < answer.text.index('language="en-CA"')
    assert answer.text.count("1 5 1 4 5 5 5 0 1 2 3") == 2
    assert "911" in answer.text
    assert "<Hangup" in answer.text
    assert _call(carrier).text == answer.text
    assert [reply.kind for reply in carrier.replies] == [ReplyKind.VOICE]
    assert len(carrier.tickets) == 1
    assert _call(carrier, "").status_code == 400
