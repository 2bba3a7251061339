"""The list of patients: how each stands, a page at a time, in an order that never changes."""

import re

import pytest
from sqlalchemy import update

from benchmarks.counting import counted
from reminders.care import patient_list
from reminders.care.ticket_keys import key_for
from reminders.care.tickets import NewTicket, open_ticket
from reminders.models import Patient
from reminders.models.kinds import Language, Role, TicketKind
from tests.web.conftest import TODAY, Browser, NewBrowser

_LINK = re.compile(r'<th scope="row"><a href="/patients/([0-9a-f-]{36})">')


def listed(html: str) -> list[str]:
    """The ids of the patients on a page, in their order."""
    return _LINK.findall(html)


def _ticket(browser: Browser, patient: Patient, kind: TicketKind) -> None:
    with browser.database.begin() as session:
        new = NewTicket(browser.clinic.id, kind, key_for(kind, patient.id), patient.id)
        open_ticket(session, new, TODAY)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (Language.EN, ("March 10, 2026", "Microneedling", "Mar 11, 10:00", "Red flag", "none planned")),
        (Language.FR, ("10 mars 2026", "Microneedling", "11 mars", "Signe d’alerte", "rien de prévu")),
    ],
)
def test_each_line_says_how_a_patient_stands(
    browser_for: NewBrowser, language: Language, words: tuple[str, ...]
) -> None:
    browser = browser_for(language=language)
    marie = browser.add_patient()
    browser.add_treatment(marie, day="2026-02-10")
    browser.add_treatment(marie)
    browser.add_patient(given_name="Olivia", phone="514-555-0142")
    _ticket(browser, marie, TicketKind.QUESTION)
    _ticket(browser, marie, TicketKind.RED_FLAG)
    shown = browser.get("/patients").text.replace("\u202f", " ")
    assert [word for word in words if word not in shown] == []
    assert shown.count('class="tag danger"') == 1, "the most urgent one stands for all"


def test_those_added_at_one_moment_keep_their_order_over_the_pages(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen to fail without the id in the order: rows of one commit come as the database likes."""
    monkeypatch.setattr(patient_list, "PAGE", 3)
    ids = {str(browser.add_patient(given_name=f"Anne{'abcdefg'[n]}", phone="").id) for n in range(7)}
    with browser.database.begin() as session:
        session.execute(update(Patient).values(created_at=TODAY))
    pages = [listed(browser.get(f"/patients?page={number}").text) for number in (1, 2, 3)]
    assert [len(one) for one in pages] == [3, 3, 1]
    assert {one for page in pages for one in page} == ids
    assert pages[0] == listed(browser.get("/patients").text) == sorted(ids, reverse=True)[:3]
    found = browser.post("/patients", {"q": "tremblay", "page": "2"})
    assert listed(found.text) == pages[1]
    assert "tremblay" not in str(found.url)
    assert "?page=1" not in found.text, "a search pages by a form"


@pytest.mark.parametrize("number", ["0", "-1", "x", "٣", "9" * 40, "100000"])
def test_a_page_that_is_none(browser: Browser, number: str) -> None:
    browser.add_patient()
    assert browser.get(f"/patients?page={number}").status_code == 200


def test_a_viewer_pages_and_searches(browser_for: NewBrowser) -> None:
    viewer = browser_for(role=Role.VIEWER)
    viewer.add_patient()
    assert listed(viewer.post("/patients", {"q": "marie"}).text) == listed(viewer.get("/patients").text)


def test_the_statements_do_not_grow_with_the_list(browser: Browser) -> None:
    """Seen to fail with a query for each patient's next message."""

    def asked() -> int:
        with counted(browser.database.engine) as sql:
            browser.get("/patients")
        return sql.statements

    first = browser.add_patient()
    browser.add_treatment(first)
    asked()
    few = asked()
    for n in range(12):
        patient = browser.add_patient(given_name=f"Anne{n}", phone=f"514-555-01{n + 40}")
        browser.add_treatment(patient)
        _ticket(browser, patient, TicketKind.QUESTION)
    assert asked() == few
