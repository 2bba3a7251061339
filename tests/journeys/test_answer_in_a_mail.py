"""A patient answers an e-mail by e-mail; the answer goes by real SMTP and IMAP through the sandbox's mailbox.

Each of these has been seen to fail on a bug put in on purpose: no Reply-To and no thread looked at, the quoted original
read with the answer, a START or a digit taken from a From that proves nothing, automatic mail answered, a bounce kept
as somebody's words, the place in the mailbox not remembered, a mailbox out of
reach said to be read.
"""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from reminders.care.mail_in import read_mailboxes
from reminders.channels.imap_address import MailboxError
from reminders.channels.imap_mail import ImapMailbox
from reminders.database import Database
from reminders.models import CheckIn, Consent, Message, OptOut, Reply, Ticket
from reminders.models.kinds import CheckInOutcome, ConsentAction, MessageKind, ReplyKind, TicketKind
from reminders.settings import load
from schedules.lifecycle import State
from tests.journeys.mailing import ANNE, MailPractice, open_mail_practice
from tests.promises.practice import NURSE, open_practice
from tests.promises.world import address, open_world

INVITED = {"en": "You can also answer this e-mail", "fr": "Vous pouvez aussi répondre à ce courriel"}
FEVER = {"en": "I have a fever of 39 since last night", "fr": "J'ai 39 de fièvre depuis hier soir"}
NOBODY = {"en": "Nobody reads answers", "fr": "Personne ne lit les réponses"}
OFFERED = {"en": "consult", "fr": "consultation"}
STOP = {"en": "Please stop sending me these e-mails", "fr": "Arrêtez de m'écrire s'il vous plaît"}
AWAY = {
    "en": "Thank you for your message. I am back on Monday the 16th.",
    "fr": "Merci de votre message. De retour lundi le 16.",
}


@pytest.fixture
def practice(database: Database, tmp_path: Path) -> Iterator[MailPractice]:
    with open_mail_practice(database, tmp_path) as opened:
        yield opened


def reply(practice: MailPractice) -> Reply:
    (one,) = practice.rows(select(Reply))
    return one  # type: ignore[no-any-return]


def outcomes(practice: MailPractice) -> list[CheckInOutcome]:
    return list(practice.rows(select(CheckIn.outcome).order_by(CheckIn.answered_at, CheckIn.id)))


def sent(practice: MailPractice, *kinds: MessageKind) -> list[str]:
    """What went to patients beside what was owed."""
    return list(practice.rows(select(Message.template).where(Message.kind.in_(kinds)).order_by(Message.id)))


BECAUSE_OF_IT = (MessageKind.ANSWER, MessageKind.SAFETY, MessageKind.CONFIRMATION)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_three_brings_the_consult(practice: MailPractice, language: str) -> None:
    patient = practice.ask(language)
    (asked,) = practice.mails()
    assert INVITED[language] in asked["body"]
    assert practice.write("3") == 1
    assert outcomes(practice) == [CheckInOutcome.PERSISTING]
    assert practice.tickets() == [TicketKind.CONSULT]
    kept = reply(practice)
    assert (kept.kind, kept.patient_id) == (ReplyKind.EMAIL, patient.id)
    assert kept.body.startswith("3\n\nOn ")
    assert asked["body"].split("\n")[-1] in kept.body
    assert OFFERED[language] in practice.mails()[-1]["body"]
    assert len(practice.mails()) == 2
    assert practice.look() == 0


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_fever_is_answered_and_alerted_at_once(practice: MailPractice, language: str) -> None:
    practice.nurse()
    practice.ask(language)
    practice.write(FEVER[language])
    assert practice.tickets() == [TicketKind.RED_FLAG]
    assert "811" in practice.mails()[-1]["body"]
    assert len(practice.mails()) == 2
    assert practice.got(NURSE)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_stop_ends_it_and_start_in_the_thread_begins_again(practice: MailPractice, language: str) -> None:
    practice.ask(language, days_ago=1)
    practice.write(STOP[language])
    assert [row.source for row in practice.rows(select(OptOut).where(OptOut.lifted_at.is_(None)))] == ["reply"]
    assert sent(practice, *BECAUSE_OF_IT) == ["confirmation:stop"]
    assert practice.rows(select(Consent.action).order_by(Consent.id))[-1] is ConsentAction.WITHDRAWN
    assert State.PLANNED not in practice.world.states()
    practice.write("START", answers=False)
    assert practice.rows(select(OptOut.lifted_at)) == [None]
    practice.write("START")
    assert practice.rows(select(OptOut.id).where(OptOut.lifted_at.is_(None))) == []


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_bounce_is_a_receipt_and_staff_must_reach_the_patient(practice: MailPractice, language: str) -> None:
    practice.ask(language)
    assert practice.write(bounce="5.1.1") == 1
    (message,) = practice.rows(
        select(Message).where(Message.kind == MessageKind.REMINDER, Message.sent_at.is_not(None))
    )
    assert message.state is State.UNDELIVERED
    assert practice.rows(select(Ticket.kind)) == [TicketKind.UNREACHABLE]
    assert practice.rows(select(Reply)) == []
    assert len(practice.mails()) == 1


def test_a_delay_is_no_bounce(practice: MailPractice) -> None:
    practice.ask()
    message_id = practice.mails()[0]["message_id"]
    raw = (
        "Return-Path: <>\nFrom: MAILER-DAEMON@mx.example\nAuto-Submitted: auto-replied\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n--b\n\nStill trying.\n--b\n'
        "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\nAction: delayed\nStatus: 4.4.1\n\n"
        f"--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: {message_id}\n\n--b--\n"
    )
    practice.write(raw=raw)
    assert practice.rows(select(Message.state).where(Message.sent_at.is_not(None))) == [State.SENT]
    assert practice.tickets() == practice.rows(select(Reply)) == []


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize(
    "headers",
    [{"Auto-Submitted": "auto-replied"}, {"X-Autoreply": "yes"}, {"Precedence": "bulk"}, {"Return-Path": "<>"}],
)
def test_an_out_of_office_is_kept_and_leads_to_nothing(
    practice: MailPractice, language: str, headers: dict[str, str]
) -> None:
    patient = practice.ask(language)
    practice.write(AWAY[language], headers=headers)
    assert (reply(practice).patient_id, reply(practice).handled_at) == (
        patient.id,
        practice.rows(select(Reply.read_at))[0],
    )
    assert practice.tickets() == sent(practice, *BECAUSE_OF_IT) == outcomes(practice) == []
    staff = practice.browser(practice.hire())
    assert "Automatic e-mail" in staff.get(f"/patients/{patient.id}").text
    # It stands in the timeline alone.
    today = staff.get("/").text
    assert not {words for words in AWAY[language].split(". ") if words in today}
    practice.write("thank you!")
    assert "thank you!" in staff.get("/").text


def test_a_red_flag_in_a_machines_mail_alerts_and_is_answered_once(practice: MailPractice) -> None:
    practice.nurse()
    practice.ask()
    for _ in range(3):
        practice.write("I have a fever of 39 and pus", headers={"Auto-Submitted": "auto-replied"}, subject=f"{_}")
    assert set(practice.tickets()) == {TicketKind.RED_FLAG}
    assert sent(practice, *BECAUSE_OF_IT) == ["safety:cautious"]
    assert practice.got(NURSE)


def test_a_newsletter_with_fever_in_it_rings_nobody(practice: MailPractice) -> None:
    practice.nurse()
    practice.write("Fever and pus: our flu season offers", sender="news@shop.example", headers={"List-Id": "<x.y>"})
    assert practice.tickets() == []
    assert practice.got(NURSE) == []


def test_a_from_alone_answers_no_check_in(practice: MailPractice) -> None:
    """Anybody can write a From: the words reach staff, and what only helps the patient still happens."""
    practice.nurse()
    practice.ask()
    practice.write("1", answers=False, subject="hello")
    assert outcomes(practice) == []
    assert practice.tickets() == [TicketKind.UNCLEAR]
    practice.write(FEVER["en"], answers=False)
    assert TicketKind.RED_FLAG in practice.tickets()
    practice.write(STOP["en"], answers=False)
    assert practice.rows(select(OptOut.id))


def test_an_answer_from_another_address_counts_and_goes_to_the_patients(practice: MailPractice) -> None:
    patient = practice.ask()
    asked = practice.mails()[0]["id"]
    practice.write("3", sender="husband@other.example", answers=asked)
    assert reply(practice).patient_id == patient.id
    assert outcomes(practice) == [CheckInOutcome.PERSISTING]
    assert practice.mails("husband@other.example") == []
    practice.write("STOP", sender="husband@other.example", answers=asked)
    assert State.PLANNED not in practice.world.states()
    assert sent(practice, MessageKind.CONFIRMATION) == ["confirmation:stop"]


def test_an_unknown_sender_reaches_staff(practice: MailPractice) -> None:
    practice.write("How much is a treatment?", sender="somebody@other.example")
    assert practice.tickets() == [TicketKind.UNKNOWN_SENDER]


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize(
    ("imap", "read", "by_address"),
    [
        ("", False, False),
        ("imaps://u:p@mail.example/INBOX?plus=0", True, False),
        ("imaps://u:p@mail.example", True, True),
    ],
)
def test_a_mail_says_whether_answers_are_read(
    database: Database, tmp_path: Path, language: str, imap: str, *, read: bool, by_address: bool
) -> None:
    given = {"SMTP_URL": "smtp://mail.example", "MAIL_FROM": "Care <care@clinic.example>", "IMAP_URL": imap}
    settings = load({"REMINDERS_DATA_DIR": str(tmp_path), **given}, dotenv=tmp_path / "none")
    with open_practice(open_world(database, settings), settings) as practice:
        practice.world.treat(practice.world.patient(email=ANNE, language=language))
        practice.sweep()
        (mail,) = practice.received(ANNE)
        assert (INVITED[language] in mail.body) is read
        assert (NOBODY[language] in mail.body) is not read
        answers_to = mail.headers.get("Reply-To", "")
        assert bool(re.fullmatch(r"care\+[0-9a-z]{25}@clinic\.example", answers_to)) is by_address
        assert bool(answers_to) is by_address


def test_while_the_mailbox_is_out_of_reach_no_mail_says_that_it_is_read(practice: MailPractice) -> None:
    faults = iter(["connection", "timeout", "login"])

    def out_of_reach(_url: str) -> ImapMailbox:
        raise MailboxError(next(faults))

    soon, later, again = (address(n) for n in (1, 2, 3))
    for passed, told in ((0, None), (5, soon), (6, later)):
        practice.world.pass_time(timedelta(minutes=passed))
        read_mailboxes(practice.database, practice.settings, out_of_reach)
        if told:
            practice.ask(email=told)
    practice.look()
    practice.world.pass_time(timedelta(minutes=1))
    practice.ask(email=again)
    said = [practice.mails(to)[0]["body"] for to in (soon, later, again)]
    # A moment is nobody's trouble, and once the mailbox is back it is said again.
    assert [INVITED["en"] in body for body in said] == [True, False, True]
    assert [NOBODY["en"] in body for body in said] == [False, True, False]
