"""Promise 6: a red flag outranks everything, on any day, in any wording of either language, also beside a STOP.

The wordings in `red_flags` are ours and were not used to write the rules. The accuracy on many more is a later issue's
work; what must hold from the first day is that a stated red flag always alerts, and that doubt is safe.
Seen to fail when: `decide_effects` opened the red flag only when a check-in was asked, only without a STOP, only when
the patient is known, or put the answer beside it; doubt got the text of certainty; the alert was not raised, came a
minute later, or waited for the window; with nobody on call the text said that somebody was alerted, or the owner was
not called at once; a safety text had no priority; a lexicon lost a word; negation was not heard.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from sqlalchemy import select

from reminders.care.actors import Actor
from reminders.care.sending_rules import TypedRules, set_rules
from reminders.models import Message, OptOut, Reply, Ticket
from reminders.models.kinds import MessageKind, Role, TicketKind
from reminders.triage import Asked, Label, read
from tests.promises.practice import NURSE, Practice
from tests.promises.red_flags import ASSERTED, DOUBTFUL, HARMLESS, wordings
from tests.promises.world import number

DAYS = (1, 3, 5, 7, 30)
BESIDE: tuple[Callable[[str], str], ...] = (
    str,
    "{} STOP".format,
    "ARRET. {}".format,
    str.upper,
    "STOP\n{}".format,
    "{}\narrêt svp".format,
    "3. {}".format,
    "1 {}".format,
)
"""What may stand beside a red flag; none of it makes it less of one."""

NIGHT = datetime(2026, 3, 11, 7, 0, tzinfo=UTC)
SURE = 0.6


def test_there_are_wordings_enough() -> None:
    assert (len(wordings(ASSERTED)) >= 70, len(wordings(DOUBTFUL)) >= 20, len(wordings(HARMLESS)) >= 30) == (True,) * 3


@pytest.mark.parametrize(("_language", "words"), wordings(ASSERTED))
def test_a_stated_red_flag_is_urgent_on_any_day_beside_anything(_language: str, words: str) -> None:
    for day, asked in product((*DAYS, None), Asked):
        assert Label.URGENT in read(words, day, asked).labels, (day, asked)
    for beside, asked in product(BESIDE, Asked):
        assert Label.URGENT in read(beside(words), 7, asked).labels, (beside(words), asked)


@pytest.mark.parametrize(("_language", "words"), wordings(DOUBTFUL))
def test_a_doubtful_one_is_urgent_with_low_confidence(_language: str, words: str) -> None:
    for day in DAYS:
        reading = read(words, day, Asked.CHECK_IN)
        assert Label.URGENT in reading.labels
        assert reading.confidence < SURE


@pytest.mark.parametrize(("_language", "words"), wordings(HARMLESS))
def test_what_is_denied_past_hypothetical_or_somebody_elses_alerts_nobody(_language: str, words: str) -> None:
    for day in DAYS:
        assert Label.URGENT not in read(words, day, Asked.CHECK_IN).labels, day


# From the patient's phone to the nurse's: some of the wordings, since what follows from a reading is the same for all.


@pytest.fixture
def night(practice: Practice) -> Practice:
    """A nurse is on call, and it is 03:00."""
    practice.nurse()
    practice.world.set_clock(NIGHT)
    return practice


def _write_each(practice: Practice, texts: list[str]) -> dict[str, str]:
    """Each text from a patient of their own, treated 1, 3, 5, 7 or 30 days ago; the text by the number."""
    said = {}
    for n, text in enumerate(texts):
        phone = number(n)
        practice.world.treat(practice.world.patient(phone=phone, language="en"), days_ago=DAYS[n % len(DAYS)])
        assert practice.text(text, sender=phone).status_code == 200
        said[phone] = text
    return said


def test_a_stated_red_flag_brings_the_safety_text_a_ticket_and_the_nurse(night: Practice) -> None:
    texts = [BESIDE[n % len(BESIDE)](words) for n, (_, words) in enumerate(wordings(ASSERTED)[::4])]
    said = _write_each(night, texts)
    _see_alerts(night, len(texts))
    night.sweep()
    for phone, text in said.items():
        safety = [got for got in night.got(phone) if "alerted" in got]
        assert len(safety) == 1, text
        assert "consult" not in " ".join(night.got(phone)), text
    assert len(night.got(NURSE)) == len(texts)
    # Beside it the STOP still counts: of the eight things beside it, four are one.
    assert len(night.rows(select(OptOut))) >= len(texts) * 3 // 8


def _see_alerts(practice: Practice, count: int) -> None:
    """For each reply a red-flag ticket, a safety text and an alert to the nurse, all of them due now; no answer."""
    assert practice.rows(select(Message).where(Message.kind == MessageKind.ANSWER)) == []
    flagged = set(practice.rows(select(Ticket.reply_id).where(Ticket.kind == TicketKind.RED_FLAG)))
    assert flagged == set(practice.rows(select(Reply.id)))
    now = practice.world.now
    # The nurse is called by text and by e-mail, and later rounds wait in case nobody takes it.
    for kind, each in ((MessageKind.SAFETY, 1), (MessageKind.ALERT, 2)):
        owed = practice.rows(select(Message).where(Message.kind == kind, Message.due_at <= now))
        assert len(owed) == count * each
    flags = practice.rows(select(Ticket).where(Ticket.kind == TicketKind.RED_FLAG))
    assert {ticket.priority for ticket in flags if ticket.reason != "emergency"} <= {0}
    assert {ticket.priority for ticket in flags if ticket.reason == "emergency"} <= {-10}


def test_doubt_brings_the_cautious_text_and_the_nurse_but_no_advice(night: Practice) -> None:
    said = _write_each(night, [words for _, words in wordings(DOUBTFUL)[::3]])
    _see_alerts(night, len(said))
    templates = set(night.rows(select(Message.template).where(Message.kind == MessageKind.SAFETY)))
    assert templates == {"safety:cautious"}
    night.sweep()
    assert all(len(night.got(phone)) == 1 for phone in said)


def test_what_is_harmless_alerts_nobody(night: Practice) -> None:
    _write_each(night, [words for _, words in wordings(HARMLESS)[::3]])
    night.sweep()
    assert TicketKind.RED_FLAG not in night.tickets()
    assert night.got(NURSE) == []
    alarming = select(Message).where(Message.kind.in_((MessageKind.SAFETY, MessageKind.ALERT)))
    assert night.rows(alarming) == []


def test_no_answer_to_the_check_in_stands_beside_it(practice: Practice) -> None:
    """Who was asked 1, 2 or 3 and adds a red flag hears of that alone."""
    practice.nurse()
    practice.world.treat(practice.world.patient(phone=number(1), language="en"))
    practice.sweep()
    practice.text("2, but I have a fever", sender=number(1))
    practice.sweep()
    _, safety = practice.got(number(1))
    assert "alerted" in safety
    assert practice.rows(select(Message).where(Message.kind == MessageKind.ANSWER)) == []


def test_a_stranger_with_a_red_flag_gets_the_safety_text_too(night: Practice) -> None:
    night.text("there is pus and I have a fever", sender=number(1))
    night.sweep()
    assert len(night.got(number(1))) == 1
    assert len(night.got(NURSE)) == 1


def test_it_goes_before_everything_else_that_is_due(practice: Practice) -> None:
    """By day, with reminders due before it: the safety text and the alert leave first."""
    practice.nurse()
    practice.world.owe_texts(5)
    practice.world.patient(phone=number(30))
    practice.world.pass_time(timedelta(minutes=5))
    practice.text("my face is swollen and I cannot breathe", sender=number(30))
    practice.sweep()
    texts = [one.to for one in practice.received() if one.to.startswith("+")]
    assert set(texts[:2]) == {number(30), NURSE}


@pytest.mark.parametrize(
    ("said", "hours"),
    [("I have a fever and there is pus", "Mon-Fri 9:00-17:00"), ("J'ai de la fièvre", "lun-ven 9 h-17 h")],
)
def test_with_nobody_on_call_the_patient_reads_what_to_do_without_us_and_the_owner_is_told(
    practice: Practice, said: str, hours: str
) -> None:
    practice.hire(role=Role.OWNER, email="owner@clinic.example", phone=NURSE)
    with practice.database.begin() as session:
        typed = TypedRules(hours_en="Mon-Fri 9:00-17:00", hours_fr="lun-ven 9 h-17 h")
        set_rules(session, Actor(practice.clinic.id, "command"), practice.clinic, typed, practice.world.now)
    practice.text(said, sender=number(1))
    practice.sweep()
    (safety,) = practice.got(number(1))
    assert all(words in safety for words in ("811", "911", hours))
    assert not re.search("alert|our team|équipe", safety)
    assert (len(practice.got("owner@clinic.example")), len(practice.got(NURSE))) == (1, 1)


def test_who_is_on_call_and_cannot_be_reached_is_nobody(practice: Practice) -> None:
    practice.nurse(disabled_at=practice.world.now)
    practice.text("I have a fever", sender=number(1))
    practice.sweep()
    assert "alerted" not in practice.got(number(1))[0]
