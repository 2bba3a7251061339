"""Who is called about a red flag takes it by answering the alert's e-mail; a From alone takes nothing from anybody.

Meant to fail when: a From was believed; the newest alarm was taken instead of the one answered; an absent person's
mailbox took it; Reply-To stood on patients' e-mails alone; what was about something else opened no ticket.
"""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from reminders.database import Database
from reminders.models import Message, Staff, Ticket
from reminders.models.kinds import Channel, MessageKind, Role, TicketKind, TicketState
from schedules.lifecycle import State
from tests.journeys.mailing import MailPractice, open_mail_practice
from tests.promises.practice import NURSE
from tests.promises.world import address

NURSES_MAIL, OWNERS_MAIL = "nurse@clinic.example", "owner@clinic.example"
FEVER = {"en": "I have a fever of 39 since last night", "fr": "J'ai 39 de fièvre depuis hier soir"}
OK = {"en": "OK", "fr": "D'accord, je l'appelle"}
TAKEN = {"en": "Taken: ", "fr": "Pris : "}
INVITED = {"en": "Answer this e-mail with OK", "fr": "Répondez OK à ce courriel"}
AWAY = {
    "en": "I am out of the office until Monday and will answer then.",
    "fr": "Je suis absente jusqu'à lundi, je vous répondrai à mon retour.",
}


@pytest.fixture
def practice(database: Database, tmp_path: Path) -> Iterator[MailPractice]:
    """A nurse is on call; the owner is called after a quarter of an hour."""
    with open_mail_practice(database, tmp_path) as opened:
        opened.nurse(email=NURSES_MAIL)
        opened.hire(Role.OWNER, email=OWNERS_MAIL)
        yield opened


def ring(practice: MailPractice, language: str = "en", n: int = 1) -> str:
    """A patient has a fever; the id of the e-mail that the nurse got."""
    with practice.database.begin() as session:
        session.execute(update(Staff).values(language=language))
    practice.ask(language, email=address(n))
    practice.write(FEVER[language], sender=address(n))
    alert: str = practice.mails(NURSES_MAIL)[-1]["id"]
    return alert


def states(practice: MailPractice) -> list[TicketState]:
    kind = Ticket.kind == TicketKind.RED_FLAG
    return list(practice.rows(select(Ticket.state).where(kind).order_by(Ticket.opened_at, Ticket.id)))


def reasons(practice: MailPractice) -> list[str]:
    return list(practice.rows(select(Ticket.reason).where(Ticket.kind == TicketKind.UNCLEAR)))


def still_to_ring(practice: MailPractice) -> int:
    alerts = (Message.kind == MessageKind.ALERT, Message.state == State.PLANNED)
    return len(practice.rows(select(Message.id).where(*alerts)))


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_answer_takes_it_and_nobody_else_is_called(practice: MailPractice, language: str) -> None:
    alert = ring(practice, language)
    assert INVITED[language] in practice.mails(NURSES_MAIL)[-1]["body"]
    practice.write(OK[language], sender=NURSES_MAIL, answers=alert)
    assert states(practice) == [TicketState.ACKNOWLEDGED]
    (ticket,) = practice.rows(select(Ticket).where(Ticket.kind == TicketKind.RED_FLAG))
    assert [ticket.acknowledged_by] == practice.rows(select(Staff.id).where(Staff.role != Role.OWNER))
    assert TAKEN[language] in practice.mails(NURSES_MAIL)[-1]["body"]
    assert still_to_ring(practice) == 0
    practice.world.pass_time(timedelta(minutes=20))
    practice.sweep()
    assert practice.mails(OWNERS_MAIL) == []
    assert practice.tickets() == [TicketKind.RED_FLAG]


def test_the_alarm_that_is_answered_is_taken_not_the_newest(practice: MailPractice) -> None:
    first = ring(practice)
    ring(practice, n=2)
    practice.write("OK", sender=NURSES_MAIL, answers=first)
    assert states(practice) == [TicketState.ACKNOWLEDGED, TicketState.OPEN]
    practice.write("ok!", sender=NURSES_MAIL, answers=first)
    assert "in hand already" in practice.mails(NURSES_MAIL)[-1]["body"]
    assert states(practice) == [TicketState.ACKNOWLEDGED, TicketState.OPEN]


def test_a_from_alone_takes_nothing_and_is_told(practice: MailPractice) -> None:
    ring(practice)
    ringing = still_to_ring(practice)
    practice.write("OK", sender=NURSES_MAIL, answers=False)
    assert states(practice) == [TicketState.OPEN]
    assert still_to_ring(practice) == ringing
    assert "Not taken" in practice.mails(NURSES_MAIL)[-1]["body"]
    assert reasons(practice) == ["staff_number"]
    practice.write("OK, again", sender=NURSES_MAIL, answers=False)
    assert sum("Not taken" in one["body"] for one in practice.mails(NURSES_MAIL)) == 1


def test_from_another_address_the_proof_counts_and_the_answer_goes_to_the_nurses(practice: MailPractice) -> None:
    alert = ring(practice)
    practice.write("OK", sender="nurse.at.home@other.example", answers=alert)
    assert states(practice) == [TicketState.ACKNOWLEDGED]
    assert "Taken: " in practice.mails(NURSES_MAIL)[-1]["body"]
    assert practice.mails("nurse.at.home@other.example") == []


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("headers", [{}, {"Auto-Submitted": "auto-replied"}])
def test_who_is_away_takes_nothing(practice: MailPractice, language: str, headers: dict[str, str]) -> None:
    alert = ring(practice, language)
    practice.write(AWAY[language], sender=NURSES_MAIL, answers=alert, headers=headers)
    assert states(practice) == [TicketState.OPEN]


def test_a_refusal_takes_nothing_and_an_ok_to_what_it_is_told_does(practice: MailPractice) -> None:
    alert = ring(practice)
    practice.write("No, I can't", sender=NURSES_MAIL, answers=alert)
    assert states(practice) == [TicketState.OPEN]
    assert reasons(practice) == ["staff_number"]
    told = practice.mails(NURSES_MAIL)[-1]
    assert "Not taken" in told["body"]
    practice.write("OK then", sender=NURSES_MAIL, answers=told["id"])
    assert states(practice) == [TicketState.ACKNOWLEDGED]


def test_what_is_about_something_else_reaches_staff(practice: MailPractice) -> None:
    practice.write("Could somebody order gloves?", sender=NURSES_MAIL)
    assert practice.tickets() == [TicketKind.UNCLEAR]
    assert reasons(practice) == ["staff_number"]


def test_who_has_left_takes_nothing(practice: MailPractice) -> None:
    alert = ring(practice)
    with practice.database.begin() as session:
        session.execute(update(Staff).where(Staff.role != Role.OWNER).values(disabled_at=practice.world.now))
    practice.write("OK", sender=NURSES_MAIL, answers=alert)
    assert states(practice) == [TicketState.OPEN]
    assert TicketKind.UNKNOWN_SENDER in practice.tickets()


def test_a_nurse_who_is_a_patient_too_takes_it_by_what_it_answers(practice: MailPractice) -> None:
    practice.world.patient(email=NURSES_MAIL)
    alert = ring(practice)
    practice.write("OK", sender=NURSES_MAIL, answers=alert)
    assert states(practice) == [TicketState.ACKNOWLEDGED]
    assert practice.got(NURSE)
    assert {one.channel for one in practice.rows(select(Message))} == {Channel.SMS, Channel.EMAIL}
