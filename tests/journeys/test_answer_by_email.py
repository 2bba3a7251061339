"""A patient of the e-mail kind answers the check-in on the page that its link leads to, once or again.

Each of these has been seen to fail on a bug put in on purpose: the boxes left out of the reading, the red flags ticked
but not urgent, the earlier answer not looked for, a link open for ever, the number of answers not counted.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta

import pytest
from sqlalchemy import select

from reminders.care.check_in_links import MOST_ANSWERS
from reminders.care.page_answers import FLAGS
from reminders.database import Database
from reminders.models import CheckIn, Message, OptOut, Reply, Severity
from reminders.models.kinds import CheckInOutcome, MessageKind, ReplyKind, TicketKind
from reminders.settings import Settings
from tests.journeys.answering import ANNE, BETTER, WELL, WORSE, Page, ask
from tests.promises.practice import Practice, open_practice
from tests.promises.world import open_world


@pytest.fixture
def practice(database: Database, settings: Settings) -> Iterator[Practice]:
    with open_practice(open_world(database, settings), settings) as opened:
        yield opened


@pytest.fixture
def sheet(practice: Practice) -> Page:
    return ask(practice)


def outcomes(practice: Practice) -> list[CheckInOutcome]:
    rows = practice.rows(select(CheckIn).order_by(CheckIn.answered_at, CheckIn.id))
    return [check_in.outcome for check_in in rows]


def templates(practice: Practice) -> list[str]:
    """What went to the patient because of answers."""
    kinds = (MessageKind.ANSWER, MessageKind.SAFETY)
    return list(practice.rows(select(Message.template).where(Message.kind.in_(kinds)).order_by(Message.id)))


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize(
    ("fields", "outcome", "tickets"),
    [
        (WELL, "clear", []),
        (BETTER, "improving", []),
        (WORSE, "persisting", [TicketKind.CONSULT]),
        ({"severity": "8", "breakouts": "none", "course": "better"}, "persisting", [TicketKind.CONSULT]),
        ({**WELL, "flags": "fever"}, "urgent", [TicketKind.RED_FLAG]),
        ({"flags": ["eye", "pus"]}, "urgent", [TicketKind.RED_FLAG]),
    ],
)
def test_each_outcome(
    practice: Practice, language: str, fields: Mapping[str, object], outcome: str, tickets: list[TicketKind]
) -> None:
    practice.nurse()
    sheet = ask(practice, language=language)
    assert sheet.says("title") in sheet.open()
    assert sheet.says(f"done_{outcome}") in sheet.send(**fields)
    practice.sweep()
    assert outcomes(practice) == [CheckInOutcome(outcome)]
    assert practice.tickets() == tickets
    assert templates(practice) == ["safety:urgent" if outcome == "urgent" else f"answer:{outcome}"]
    assert len(practice.got(ANNE)) == 2


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("flag", FLAGS)
def test_every_red_flag_is_urgent_whatever_is_written_beside(practice: Practice, language: str, flag: str) -> None:
    nurse = practice.nurse()
    sheet = ask(practice, language=language)
    words = {"en": "No fever, no pain at all, it was only a joke.", "fr": "Pas de fièvre ni douleur, une blague."}
    tier = FLAGS[flag]
    said = sheet.send(**WELL, flags=flag, words=words[language])
    assert sheet.says(f"done_{tier}") in said
    practice.sweep()
    assert practice.tickets() == [TicketKind.RED_FLAG]
    assert templates(practice) == [f"safety:{tier}"]
    assert practice.got(nurse.phone)
    (reply,) = practice.rows(select(Reply))
    assert sheet.texts.text(f"check_in_page.flag_{flag}") in reply.body
    assert reply.confidence == 1


def test_persisting_brings_the_consult_and_a_ticket_once(practice: Practice, sheet: Page) -> None:
    fields = {**WORSE, "words": "Surtout le menton.", "nonce": sheet.nonce()}
    first, again = (sheet.client.post(sheet.path, data=fields) for _ in range(2))
    assert first.status_code == again.status_code == 200
    assert "nous vous offrons une consultation" in first.text
    practice.sweep()
    assert practice.tickets() == [TicketKind.CONSULT]
    assert outcomes(practice) == [CheckInOutcome.PERSISTING]
    assert [reply.kind for reply in practice.rows(select(Reply))] == [ReplyKind.PAGE]
    assert [severity.value for severity in practice.rows(select(Severity))] == [6]
    assert len(practice.got(ANNE)) == 2


def test_staff_read_what_was_written_and_no_digit_that_nobody_typed(practice: Practice, sheet: Page) -> None:
    """Seen to fail with the digit before the words, and with a digit among what decided."""
    sheet.send(**WORSE, words="Surtout le menton.")
    sheet.send(**WELL)
    written, ticked = practice.rows(select(Reply).order_by(Reply.received_at, Reply.id))
    assert (written.body, written.labels) == ("Surtout le menton.", ["persisting"])
    assert (ticked.body, ticked.labels, ticked.evidence) == ("", ["clear"], [])
    assert "3" not in [words for _, words in written.evidence]


def test_a_red_flag_in_the_words_outranks_the_boxes(practice: Practice, sheet: Page) -> None:
    nurse = practice.nurse()
    assert "composez le 911" in sheet.send(**WELL, words="j'ai 39 de fièvre")
    practice.sweep()
    assert TicketKind.RED_FLAG in practice.tickets()
    assert len(practice.got(ANNE)) == 2
    assert practice.got(nurse.phone)


def test_boxes_are_an_answer_whatever_the_words_are(practice: Practice, sheet: Page) -> None:
    """Digits among the words are none; and of two outcomes the worse one holds."""
    sheet.send(**WELL, words="Mon rendez-vous est le 3 avril à 12 h")
    sheet.send(**WELL, words="Quand puis-je reprendre le rétinol?")
    sheet.send(**WELL, words="J'ai encore plein de boutons")
    clear = CheckInOutcome.CLEAR
    assert outcomes(practice) == [clear, clear, CheckInOutcome.PERSISTING]
    assert practice.tickets() == [TicketKind.CONSULT, TicketKind.QUESTION]


def test_words_alone_are_read_as_a_text(practice: Practice, sheet: Page) -> None:
    sheet.send(words="J'ai encore des boutons et ça empire")
    assert outcomes(practice) == [CheckInOutcome.PERSISTING]


def test_opening_the_page_changes_nothing(practice: Practice, sheet: Page) -> None:
    sheet.open()
    assert practice.rows(select(Reply)) == []


def test_the_page_knows_the_first_name_and_no_more(practice: Practice) -> None:
    sheet = ask(practice, given_name="Zoé", family_name="Zzfamily")
    shown = sheet.open() + sheet.send(**WELL, words="Zzwords")
    assert "Zoé" in shown
    assert not {mark for mark in ("Zzfamily", ANNE, "Zzwords") if mark in shown}


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({}, {"severity", "breakouts", "course"}),
        ({"severity": "11", "breakouts": "some", "flags": "nonsense"}, {"severity", "breakouts", "course"}),
        ({**WELL, "course": ""}, {"course"}),
        ({"words": "a" * 2001}, {"words"}),
    ],
)
def test_what_cannot_be_is_said_and_kept(
    practice: Practice, language: str, fields: dict[str, str], wrong: set[str]
) -> None:
    sheet = ask(practice, language=language)
    answered = sheet.client.post(sheet.path, data=fields)
    assert answered.status_code == 422
    assert {
        name for name in ("severity", "breakouts", "course", "words") if f'href="#{name}"' in answered.text
    } == wrong
    said = {"words": sheet.texts.text("problem.too_long", limit="2000")}
    assert all((said.get(name) or sheet.texts.text(f"problem.{name}_missing")) in answered.text for name in wrong)
    assert fields.get("words", "") in answered.text
    assert ('value="better" checked' in answered.text) is (fields.get("course") == "better")
    assert practice.rows(select(Reply)) == practice.rows(select(Severity)) == []


def test_a_second_answer_stands_beside_the_first(practice: Practice, sheet: Page) -> None:
    sheet.send(**WORSE, flags="pus", words="du pus au menton")
    practice.world.pass_time(timedelta(days=1))
    shown = sheet.open()
    assert sheet.says("answered", date="10 mars 2026, 11 h 00") in shown
    assert sheet.says("answered_flags") in shown
    assert all(f'value="{value}" checked' in shown for value in ("6", "few", "worse"))
    # Neither the red flag nor the words: sent once more, they would alert once more.
    assert 'value="pus" checked' not in shown
    assert "menton" not in shown
    sheet.send(**BETTER)
    assert outcomes(practice) == [CheckInOutcome.URGENT, CheckInOutcome.IMPROVING]
    kept = practice.rows(select(CheckIn.answers).order_by(CheckIn.answered_at))
    assert [(answers["severity"], answers["flags"]) for answers in kept] == [(6, ["pus"]), (3, [])]
    staff = practice.browser(practice.hire())
    told = staff.get(f"/patients/{sheet.patient.id}").text
    assert "Pus" in told
    assert "Severity: 6 of 10" in told
    assert "Severity: 3 of 10" in told
    assert "Better since then: improving" in staff.get("/").text


def test_a_worse_answer_is_said_on_the_open_ticket(practice: Practice, sheet: Page) -> None:
    staff = practice.browser(practice.hire())
    sheet.send(**WORSE)
    assert "since then" not in staff.get("/").text
    practice.world.pass_time(timedelta(hours=2))
    sheet.send(flags="fever")
    assert staff.get("/").text.count("Worse since then: urgent") == 1
    practice.world.pass_time(timedelta(hours=2))
    sheet.send(**WORSE)
    assert "Worse since then" not in staff.get("/").text


@pytest.mark.parametrize("days", [0, 12])
@pytest.mark.parametrize(("to", "channel"), [(ANNE, "email")])
def test_stop_on_the_page_ends_its_channel(practice: Practice, days: int, to: str, channel: str) -> None:
    """Also once it is too late for an answer."""
    sheet = ask(practice, to=to)
    practice.world.pass_time(timedelta(days=days))
    stopped = sheet.client.post(sheet.path, data={"stop": "1"})
    assert sheet.says(f"stopped_{channel}", clinic=practice.clinic.name) in stopped.text
    assert [(row.channel, row.source) for row in practice.rows(select(OptOut))] == [(channel, "page")]
    assert practice.rows(select(Reply)) == []


def test_a_forged_or_expired_link_leads_nowhere(practice: Practice, sheet: Page) -> None:
    forged = sheet.path[:-2] + ("aa" if sheet.path[-2:] != "aa" else "bb")
    assert sheet.client.get(forged).status_code == 404
    practice.world.pass_time(timedelta(days=7, minutes=-5))
    assert sheet.client.get(sheet.path).status_code == 200
    practice.world.pass_time(timedelta(minutes=5))
    for closed in (sheet.client.get(sheet.path), sheet.client.post(sheet.path, data=WELL)):
        assert closed.status_code == 404
        assert sheet.says("closed") in closed.text
    assert practice.rows(select(Reply)) == []


def test_a_link_of_the_form_before_is_good_by_the_same_rule(practice: Practice, sheet: Page) -> None:
    (message,) = practice.rows(
        select(Message).where(Message.patient_id == sheet.patient.id, Message.sent_at.is_not(None))
    )
    sheet.path = "/c/" + practice.database.keyring.sign("check-in", message.id.bytes + bytes(8))
    assert sheet.says("done_clear") in sheet.send(**WELL)
    practice.world.pass_time(timedelta(days=8))
    assert sheet.client.get(sheet.path).status_code == 404


def test_a_link_in_a_programs_hands_is_answered_no_more(practice: Practice, sheet: Page) -> None:
    for press in range(MOST_ANSWERS):
        assert sheet.client.post(sheet.path, data={**WELL, "nonce": str(press)}).status_code == 200
    refused = sheet.client.post(sheet.path, data=WELL)
    assert refused.status_code == 429
    assert sheet.says("busy") in refused.text
    assert len(practice.rows(select(Reply.id))) == MOST_ANSWERS
    practice.world.pass_time(timedelta(hours=1))
    assert sheet.client.post(sheet.path, data=WELL).status_code == 200
