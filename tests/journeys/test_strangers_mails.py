"""Red flags in e-mails from nobody whom the clinic knows: staff see each, one alarm rings, few safety e-mails go out.

Seen to fail when: each such e-mail rang; one that rang kept a patient's from ringing; an address, and then a clinic,
had no limit; an alarm that was taken, or had rung out, counted as one that rings.
"""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from reminders.care.strangers import MOST_ANSWERS, MOST_TO_ALL, MOST_TO_ONE
from reminders.database import Database
from reminders.models import Message, OptOut, Reply, Ticket
from reminders.models.kinds import MessageKind, TicketKind
from tests.journeys.mailing import ANNE, MailPractice, open_mail_practice

NURSES_MAIL = "nurse@clinic.example"
FEVER = "I have a fever of 39 since last night"
CANNOT_BREATHE = "I cannot breathe and my throat is closing"


@pytest.fixture
def practice(database: Database, tmp_path: Path) -> Iterator[MailPractice]:
    with open_mail_practice(database, tmp_path) as opened:
        opened.nurse(email=NURSES_MAIL)
        yield opened


def stranger(n: int) -> str:
    return f"someone{n}@elsewhere.example"


def flags(practice: MailPractice) -> int:
    return practice.tickets().count(TicketKind.RED_FLAG)


def alarms(practice: MailPractice) -> int:
    about = select(func.count(Message.ticket_id.distinct())).where(Message.kind == MessageKind.ALERT)
    (ringing,) = practice.rows(about)
    return int(ringing)


def safety(practice: MailPractice) -> int:
    return len(practice.rows(select(Message.id).where(Message.kind == MessageKind.SAFETY)))


def take(practice: MailPractice) -> None:
    alert = practice.mails(NURSES_MAIL)[-1]["id"]
    practice.write("OK", sender=NURSES_MAIL, answers=alert)


def test_of_strangers_one_alarm_rings_until_it_is_taken(practice: MailPractice) -> None:
    for n in range(3):
        practice.write(FEVER, sender=stranger(n))
    assert (flags(practice), alarms(practice)) == (3, 1)
    assert len(practice.mails(NURSES_MAIL)) == 1
    take(practice)
    practice.write(FEVER, sender=stranger(3))
    assert (flags(practice), alarms(practice)) == (4, 2)


def test_an_alarm_that_has_rung_out_keeps_no_other_from_ringing(practice: MailPractice) -> None:
    practice.write(FEVER, sender=stranger(0))
    practice.world.pass_time(timedelta(hours=49))
    practice.sweep()
    practice.write(FEVER, sender=stranger(1))
    assert alarms(practice) == 2


def test_a_patients_alarm_rings_beside_a_strangers(practice: MailPractice) -> None:
    practice.ask()
    practice.write(FEVER, sender=stranger(0))
    practice.write(FEVER)
    assert alarms(practice) == 2
    practice.write(FEVER, answers=False)
    assert (flags(practice), alarms(practice)) == (3, 3)


def test_one_address_is_told_so_often_and_no_more(practice: MailPractice) -> None:
    for n in range(MOST_TO_ONE + 2):
        practice.write(f"{(FEVER, CANNOT_BREATHE)[n % 2]} {n}", sender=stranger(0))
    assert len(practice.mails(stranger(0))) == safety(practice) == MOST_TO_ONE
    assert len(practice.rows(select(Reply.id))) == flags(practice) == MOST_TO_ONE + 2
    practice.world.pass_time(timedelta(hours=2))
    practice.write(FEVER, sender=stranger(0))
    assert safety(practice) == MOST_TO_ONE + 1


def test_all_of_them_together_are_told_so_often_and_patients_always(practice: MailPractice) -> None:
    practice.ask()
    for n in range(MOST_TO_ALL + 2):
        practice.write(FEVER, sender=stranger(n))
    assert safety(practice) == MOST_TO_ALL
    assert flags(practice) == MOST_TO_ALL + 2
    assert len(practice.rows(select(Ticket.id).where(Ticket.kind == TicketKind.UNKNOWN_SENDER))) == MOST_TO_ALL + 2
    practice.write(FEVER, answers=False)
    assert "811" in practice.mails(ANNE)[-1]["body"]
    practice.world.pass_time(timedelta(hours=2))
    practice.write(FEVER, sender=stranger(99))
    assert len(practice.mails(stranger(99))) == 1


def test_strangers_get_few_answers_and_confirmations_and_each_is_heeded(practice: MailPractice) -> None:
    """Seen to fail without a limit for HELP, and without one for STOP."""
    for n in range(MOST_ANSWERS + 2):
        practice.write("STOP" if n % 2 else "HELP", sender=stranger(n))
    kinds = (MessageKind.ANSWER, MessageKind.CONFIRMATION)
    got = practice.rows(select(Message.id).where(Message.kind.in_(kinds)))
    assert len(got) == MOST_ANSWERS
    assert len(practice.rows(select(OptOut.id))) == (MOST_ANSWERS + 2) // 2
    practice.ask()
    practice.write("STOP")
    assert len(practice.rows(select(Message.id).where(Message.kind.in_(kinds)))) == MOST_ANSWERS + 1, "a patient's goes"
    practice.world.pass_time(timedelta(hours=1))
    practice.write("STOP", sender=stranger(99))
    assert len(practice.rows(select(Message.id).where(Message.kind.in_(kinds)))) == MOST_ANSWERS + 2
