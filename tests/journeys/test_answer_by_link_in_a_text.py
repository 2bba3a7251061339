"""A text holds the link to a page where the clinic wants it: the check-in's, or a tip's question on the severity.

Each of these has been seen to fail on a bug put in on purpose: the link in every text, however long; a page of day 1
that takes an answer for the check-in; a severity that is high and rising and that nobody is told of.
"""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from reminders.care.actors import Actor
from reminders.care.sending_rules import TypedRules, set_rules
from reminders.database import Database
from reminders.models import Attempt, CheckIn, Clinic, OptOut, ProtocolVersion, Reply, Severity, Ticket
from reminders.models.kinds import CheckInOutcome, TicketKind
from reminders.settings import Settings
from reminders.wording.segments import outside_gsm7
from tests.journeys.answering import ANNE, WORSE, Page, ask, link
from tests.promises.practice import MARIE, Practice, open_practice
from tests.promises.world import open_world


@pytest.fixture
def practice(database: Database, settings: Settings) -> Iterator[Practice]:
    with open_practice(open_world(database, settings), settings) as opened:
        yield opened


def links_in_texts(practice: Practice, wanted: str = "yes") -> None:
    with practice.database.begin(clinic=practice.clinic.id) as session:
        actor = Actor(practice.clinic.id, "form")
        set_rules(session, actor, practice.clinic, TypedRules(link_in_texts=wanted), practice.world.now)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_text_has_the_link_where_the_clinic_wants_it_within_three_segments(practice: Practice, language: str) -> None:
    links_in_texts(practice)
    sheet = ask(practice, to=MARIE, language=language)
    (text,) = practice.got(MARIE)
    assert not outside_gsm7(text)
    assert practice.rows(select(Attempt.segments)) == [3]
    assert "1 =" in text
    assert sheet.says("done_persisting") in sheet.send(**WORSE)
    practice.sweep()
    assert [check_in.outcome for check_in in practice.rows(select(CheckIn))] == [CheckInOutcome.PERSISTING]
    assert len(practice.got(MARIE)) == 2


def test_by_default_a_text_has_none(practice: Practice) -> None:
    with pytest.raises(AssertionError):
        ask(practice, to=MARIE)
    assert "http" not in practice.got(MARIE)[0]


def test_a_link_without_room_is_left_out(practice: Practice) -> None:
    links_in_texts(practice)
    with practice.database.begin() as session:
        session.get_one(Clinic, practice.clinic.id).short_name = "Centre de dermatologie de Westmount-Nord"
    with pytest.raises(AssertionError):
        ask(practice, to=MARIE, language="fr")
    assert practice.rows(select(Attempt.segments)) == [3]
    assert "empirent. 3 : nous" in practice.got(MARIE)[0]


def test_stop_on_the_page_of_a_text_stops_the_texts(practice: Practice) -> None:
    links_in_texts(practice)
    sheet = ask(practice, to=MARIE)
    stopped = sheet.client.post(sheet.path, data={"stop": "1"})
    assert sheet.says("stopped_sms", clinic=practice.clinic.name) in stopped.text
    assert [(row.channel, row.source) for row in practice.rows(select(OptOut))] == [("sms", "page")]


# --- the severity on days 1 and 3


def tips_with_links(practice: Practice) -> None:
    """The clinic's texts of days 1 and 3 lead to the question on the severity."""
    with practice.database.begin() as session:
        version = session.scalars(select(ProtocolVersion)).one()
        texts = {
            language: {
                step: {
                    channel: text if step == "day-7" else {**text, "body": text["body"] + " {check_in_url}"}
                    for channel, text in channels.items()
                }
                for step, channels in steps.items()
            }
            for language, steps in version.content["texts"].items()
        }
        version.content = {**version.content, "texts": texts}


def answered(practice: Practice, sheet: Page, day: int, **fields: object) -> str:
    """On that day the patient has the newest message, opens its link, and answers."""
    treated = sheet.treatment.treated_at
    practice.world.set_clock(treated + timedelta(days=day, hours=1))
    practice.sweep()
    return Page(practice, sheet.client, sheet.patient, sheet.treatment, link(practice)).send(**fields)


@pytest.fixture
def sheet(practice: Practice) -> Page:
    tips_with_links(practice)
    return ask(practice, days_ago=1)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_tip_asks_for_the_severity_alone(practice: Practice, language: str) -> None:
    tips_with_links(practice)
    sheet = ask(practice, days_ago=1, language=language)
    shown = sheet.open()
    assert sheet.says("severity_today") in shown
    assert 'name="flags"' not in shown
    assert 'name="words"' not in shown
    assert sheet.client.post(sheet.path, data={"breakouts": "few"}).status_code == 422
    nonce = sheet.nonce()
    said = [sheet.client.post(sheet.path, data={"severity": "4", "nonce": nonce}).text for _ in range(2)]
    assert all(sheet.says("done_severity") in one for one in said)
    assert [row.value for row in practice.rows(select(Severity))] == [4]
    assert 'value="4" checked' in sheet.open()
    assert practice.rows(select(Reply)) == practice.rows(select(CheckIn)) == practice.rows(select(Ticket)) == []
    practice.world.pass_time(timedelta(days=2))
    assert sheet.client.post(sheet.path, data={"severity": "5"}).status_code == 404


def test_worse_than_on_day_3_makes_the_ticket_press(practice: Practice, sheet: Page) -> None:
    for day, severity in ((1, "5"), (3, "2")):
        answered(practice, sheet, day, severity=severity)
    answered(practice, sheet, 7, **WORSE)
    (ticket,) = practice.rows(select(Ticket))
    assert (ticket.kind, ticket.priority, ticket.reason) == (TicketKind.CONSULT, 5, "getting_worse")
    staff = practice.browser(practice.hire())
    assert "rises, or is worse than on day 3" in staff.get("/").text
    told = staff.get(f"/patients/{sheet.patient.id}").text
    assert all(f"Severity: {value} of 10" in told for value in (5, 2, 6))


def test_no_worse_than_on_day_3_leaves_it(practice: Practice, sheet: Page) -> None:
    answered(practice, sheet, 3, severity="7")
    answered(practice, sheet, 7, **WORSE)
    assert practice.rows(select(Ticket.priority)) == [10]


def test_high_and_rising_reaches_staff_though_no_words_came(practice: Practice, sheet: Page) -> None:
    said = answered(practice, sheet, 1, severity="3")
    assert sheet.says("done_severity") in said
    assert practice.tickets() == []
    assert sheet.says("done_severity_high") in answered(practice, sheet, 3, severity="8")
    answered(practice, sheet, 3, severity="9")
    (ticket,) = practice.rows(select(Ticket))
    assert (ticket.kind, ticket.reason, ticket.treatment_id) == (
        TicketKind.QUESTION,
        "getting_worse",
        sheet.treatment.id,
    )
    assert practice.got(ANNE)
