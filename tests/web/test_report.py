"""The report's pages: what it is broken down by, and the list behind each figure."""

import re
from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import select, update

from reminders.care import consults
from reminders.care.report_breakdown import DIMENSIONS
from reminders.care.report_lists import LISTS, PAGE
from reminders.care.reports import reply_report
from reminders.care.tickets import NewTicket, open_ticket
from reminders.models import Audit, Message, Staff, Treatment
from reminders.models.kinds import CheckInOutcome, ConsultState, Role, TicketKind
from schedules.lifecycle import State
from tests.reminders.care_answering.builders import add_case
from tests.reminders.care_answering.reading_side import add_reply, answer
from tests.web.conftest import TODAY, Browser

WHEN = "from=2026-03-10&to=2026-03-10"


def lines(shown: str) -> int:
    """How many people a list has."""
    return len(re.findall(r'<tr><th scope="row">', shown))


@pytest.fixture
def a_month(browser: Browser) -> Browser:
    """A clinic with something behind every figure, an erased patient and a ticket of nobody among it."""
    with browser.database.begin() as session:
        cases = [add_case(session, browser.clinic, given_name=f"Anne{n}") for n in range(6)]
        for case, outcome in zip(cases, CheckInOutcome, strict=False):
            answer(session, case, CheckInOutcome.URGENT, -1)
            answer(session, case, outcome)
            add_reply(session, case, browser.clinic, 0)
            add_reply(session, case, browser.clinic, 1)
        cases[0].message.state = State.DELIVERED
        for case, state in zip(cases, (ConsultState.BOOKED, ConsultState.ATTENDED), strict=False):
            consults.offer(session, case.treatment.id, TODAY)
            consults.book(session, case.treatment.id, state, TODAY)
        consults.offer(session, cases[2].treatment.id, TODAY)
        for kind in (TicketKind.RED_FLAG, TicketKind.UNREACHABLE):
            open_ticket(session, NewTicket(browser.clinic.id, kind, f"ticket:{kind}"), TODAY)
        cases[0].patient.erased_at = TODAY
    return browser


def test_each_list_has_as_many_lines_as_its_figure_says(a_month: Browser) -> None:
    with a_month.database.read() as session:
        report = reply_report(session, a_month.clinic, TODAY.date(), TODAY.date())
    for key in LISTS:
        shown = a_month.get(f"/reports/list?{WHEN}&of={key}")
        assert (shown.status_code, lines(shown.text)) == (200, getattr(report, key)), key
    assert "Anne0" not in a_month.get(f"/reports/list?{WHEN}&of=sent").text


def test_a_figure_leads_to_its_list_and_a_viewer_may_look(a_month: Browser) -> None:
    shown = unescape(a_month.get(f"/reports/replies?{WHEN}").text)
    found = {key for key in LISTS if f"/reports/list?{WHEN}&of={key}" in shown}
    assert found == set(LISTS) - {"emails"}, "there are no e-mails"
    with a_month.database.begin() as session:
        session.execute(update(Staff).where(Staff.id == a_month.staff.id).values(role=Role.VIEWER))
    assert a_month.get(f"/reports/list?{WHEN}&of=persisting").status_code == 200
    with a_month.database.read() as session:
        (seen,) = session.scalars(select(Audit).where(Audit.action == "report.list_seen"))
        assert (seen.staff_id, seen.detail["figure"], seen.detail["patients"]) == (a_month.staff.id, "persisting", 1)


def test_a_list_has_fifty_a_page(browser: Browser) -> None:
    with browser.database.begin() as session:
        case = add_case(session, browser.clinic)
        row = {column.name: getattr(case.message, column.name) for column in Message.__table__.columns}
        for n in range(PAGE):
            at = case.message.sent_at or TODAY
            new = {"id": None, "dedupe_key": f"copy:{n}", "sent_at": at - timedelta(seconds=n)}
            session.add(Message(**{key: value for key, value in (row | new).items() if value is not None}))
    first, second = (browser.get(f"/reports/list?{WHEN}&of=sent&page={n}").text for n in (1, 2))
    assert (lines(first), lines(second)) == (PAGE, 1)
    assert "page=2" in first


@pytest.mark.parametrize("query", ["", "of=sent", f"{WHEN}&of=nothing", "from=x&to=2026-03-10&of=sent"])
def test_what_is_no_list_leads_to_the_report(browser: Browser, query: str) -> None:
    answer = browser.get(f"/reports/list?{query}")
    assert (answer.status_code, answer.headers["location"].split("?")[0]) == (303, "/reports/replies")


@pytest.mark.parametrize("by", DIMENSIONS)
def test_the_report_is_broken_down(a_month: Browser, by: str) -> None:
    shown = a_month.get(f"/reports/replies?{WHEN}&by={by}").text
    section = shown.split('id="by"')[1].split("</section>")[0]
    assert section.count('<th scope="row">') == 1
    assert re.findall(r'<td class="number">(\d+)</td>', section) == ["6", "4", "1"]
    assert "few (n &lt; 20)" in section


def test_an_unknown_breakdown_is_none(browser: Browser) -> None:
    shown = browser.get(f"/reports/replies?{WHEN}&by=%3Cscript%3E").text
    assert 'id="by"' in shown
    assert "script>&" not in shown


def test_of_many_the_share_is_told_with_its_interval(browser: Browser) -> None:
    with browser.database.begin() as session:
        for n in range(20):
            answer(session, add_case(session, browser.clinic), list(CheckInOutcome)[1 + n % 2])
        session.execute(update(Treatment).values(details={"device": "<b>Pen</b>"}))
    shown = browser.get(f"/reports/replies?{WHEN}&by=device").text
    assert "&lt;b&gt;Pen&lt;/b&gt;" in shown
    assert "50% (30% to 70%)" in shown
