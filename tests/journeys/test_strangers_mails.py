"""Red flags in e-mails from nobody whom the clinic knows: staff see each, one alarm rings, few safety e-mails go out.

Seen to fail when: each such e-mail rang; one that rang kept a patient's from ringing; an address, and then a clinic,
had no limit; an alarm that was taken, or had rung out, counted as one that rings; what had joined an alarm never rang,
also once that was taken or closed; an emergency joined what was none; an address that patients share was a stranger's.
"""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import exists, func, select

from reminders.care.strangers import MOST_ANSWERS, MOST_TO_ALL, MOST_TO_ONE, alarm_rings
from reminders.care.ticket_keys import key_for
from reminders.care.tickets import NewTicket, open_ticket
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


def rung(practice: MailPractice) -> set[str]:
    """Whose red flags somebody was called about."""
    called = exists().where(Message.ticket_id == Ticket.id, Message.kind == MessageKind.ALERT)
    whose = select(Reply.sender_address).join(Ticket, Ticket.reply_id == Reply.id)
    return set(practice.rows(whose.where(Ticket.kind == TicketKind.RED_FLAG, called)))


def settle(practice: MailPractice, sender: str, how: str) -> None:
    """Somebody says on the page that a sender's red flag is in hand, or done."""
    whose = select(Ticket).join(Reply, Reply.id == Ticket.reply_id).where(Ticket.kind == TicketKind.RED_FLAG)
    (ticket,) = [one for one in practice.rows(whose) if sender_of(practice, one) == sender]
    form = {"outcome": "called"} if how == "close" else {}
    assert practice.browser(practice.hire()).post(f"/tickets/{ticket.id}/{how}", form).status_code == 303
    practice.sweep()


def sender_of(practice: MailPractice, ticket: Ticket) -> str:
    (address,) = practice.rows(select(Reply.sender_address).where(Reply.id == ticket.reply_id))
    return str(address)


def test_of_strangers_one_alarm_rings_until_it_is_taken(practice: MailPractice) -> None:
    for n in range(3):
        practice.write(FEVER, sender=stranger(n))
    assert (flags(practice), alarms(practice)) == (3, 1)
    assert len(practice.mails(NURSES_MAIL)) == 1
    take(practice)
    assert rung(practice) == {stranger(0), stranger(1)}, "what joined it rings"
    practice.write(FEVER, sender=stranger(3))
    assert (flags(practice), alarms(practice)) == (4, 2)


@pytest.mark.parametrize("how", ["acknowledge", "close"])
def test_what_joined_an_alarm_rings_after_it_the_gravest_first(practice: MailPractice, how: str) -> None:
    for n, words in enumerate((CANNOT_BREATHE, FEVER, CANNOT_BREATHE)):
        practice.write(words, sender=stranger(n))
    assert rung(practice) == {stranger(0)}
    before = len(practice.mails(NURSES_MAIL))
    settle(practice, stranger(0), how)
    assert rung(practice) == {stranger(0), stranger(2)}
    assert len(practice.mails(NURSES_MAIL)) == before + 1, "it rings at once"
    settle(practice, stranger(2), how)
    assert rung(practice) == {stranger(0), stranger(2), stranger(1)}


def test_while_one_rings_settling_another_rings_nothing(practice: MailPractice) -> None:
    for n in range(3):
        practice.write(FEVER, sender=stranger(n))
    settle(practice, stranger(1), "close")
    assert rung(practice) == {stranger(0)}
    settle(practice, stranger(0), "acknowledge")
    assert rung(practice) == {stranger(0), stranger(2)}


def test_an_emergency_rings_beside_what_is_none(practice: MailPractice) -> None:
    practice.write(FEVER, sender=stranger(0))
    practice.write(CANNOT_BREATHE, sender=stranger(1))
    assert rung(practice) == {stranger(0), stranger(1)}
    practice.write(CANNOT_BREATHE, sender=stranger(2))
    practice.write(FEVER, sender=stranger(3))
    assert rung(practice) == {stranger(0), stranger(1)}
    settle(practice, stranger(1), "acknowledge")
    assert rung(practice) == {stranger(0), stranger(1), stranger(2)}, "an emergency waits for no other alarm"


def test_what_joins_while_somebody_takes_the_alarm_is_not_lost(practice: MailPractice) -> None:
    """Seen to fail on PostgreSQL when whoever took it did not wait for what was joining."""
    practice.write(FEVER, sender=stranger(0))
    practice.write("Hello", sender=stranger(1))
    (hello,) = [one for one in practice.rows(select(Reply)) if one.sender_address == stranger(1)]
    new = NewTicket(practice.clinic.id, TicketKind.RED_FLAG, key_for(TicketKind.RED_FLAG, hello.id), reply_id=hello.id)
    taking = Thread(target=settle, args=(practice, stranger(0), "acknowledge"))
    with practice.database.begin() as session:
        assert alarm_rings(session, practice.clinic.id, "")
        taking.start()
        taking.join(2)
        open_ticket(session, new, practice.world.now)
    taking.join(20)
    assert rung(practice) == {stranger(0), stranger(1)}


def share(practice: MailPractice, email: str) -> str:
    """Two patients have that address."""
    for name in ("Anne", "Lea"):
        practice.world.patient(email=email, given_name=name)
    return email


def test_an_address_that_patients_share_is_no_strangers(practice: MailPractice) -> None:
    family = share(practice, "family@x.example")
    practice.write(FEVER, sender=family)
    practice.write(FEVER, sender=stranger(0))
    assert rung(practice) == {family, stranger(0)}


def test_what_a_shared_address_is_told_takes_nothing_from_strangers(practice: MailPractice) -> None:
    for n in range(MOST_TO_ALL):
        practice.write(FEVER, sender=share(practice, f"family{n}@x.example"))
    assert safety(practice) == MOST_TO_ALL
    practice.write(FEVER, sender=stranger(0))
    assert len(practice.mails(stranger(0))) == 1


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
