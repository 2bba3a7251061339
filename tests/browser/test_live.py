"""Today renews itself around whatever is in use, and says when it cannot."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, expect

from reminders.models import Patient
from reminders.models.kinds import Language, TicketKind
from tests.browser.desk import Desk, at_desk, desk_of
from tests.web.conftest import NewBrowser, app, browser_for

__all__ = ["app", "browser_for"]

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

ONE_LOOK = 10_000 + 5_000
"""Milliseconds: the pages look every ten seconds; the rest is for a busy machine."""

QUOTED = "\n\nOn Mon, Clinique Lumière wrote:\n> How is your skin?"


@pytest.fixture
def language() -> Language:
    return Language.FR


@pytest.fixture
def desk(language: Language, app: FastAPI, browser_for: NewBrowser) -> Desk:
    return desk_of(app, browser_for(language=language))


@pytest.fixture
def today(desk: Desk, browser: Browser) -> Iterator[Page]:
    """A phone's width; the server may be gone."""
    with at_desk(desk, browser, 390, may_be_away=True) as page:
        yield page


def _people(desk: Desk) -> tuple[Patient, Patient]:
    marie = desk.member.add_patient()
    olivia = desk.member.add_patient(given_name="Olivia", phone="514-555-0142", email="olivia@patient.example")
    return marie, olivia


@pytest.mark.parametrize("language", list(Language))
def test_a_red_flag_comes_while_a_form_is_in_use(desk: Desk, today: Page) -> None:
    """Seen to fail with the old script, which did not look while a form control had the focus, with the whole of main
    replaced, and without an aria-live."""
    marie, olivia = _people(desk)
    asked = desk.say(marie, "Can I use retinol?", TicketKind.QUESTION, 20)
    desk.say(olivia, "I would like to come in", TicketKind.CONSULT, 40, QUOTED)
    with desk.served():
        today.goto(f"{desk.url}/")
        assert today.title().startswith("(2) ")
        mine = today.locator("li.line", has_text="Marie").locator("details")
        mine.locator("summary").first.click()
        chosen = today.locator(f"#outcome-{asked.id}")
        chosen.select_option("called")
        chosen.focus()
        desk.say(marie, "The pain is terrible", TicketKind.RED_FLAG, 1)
        first = today.locator("section[aria-labelledby=attention] li.line").first
        expect(first).to_contain_text("The pain is terrible", timeout=ONE_LOOK)
        assert today.evaluate("document.activeElement.id") == f"outcome-{asked.id}"
        assert chosen.input_value() == "called"
        assert mine.get_attribute("open") is not None
        assert today.title().startswith("(2) ")
        said = {Language.EN: "New: Red flag, Marie Tremblay.", Language.FR: "Nouveau : Signe d’alerte, Marie Tremblay."}
        expect(today.locator("#live-said")).to_have_text(said[desk.member.staff.language])
        today.keyboard.press("Tab")
        today.keyboard.press("Enter")
        expect(today.locator(".notice")).to_be_visible()
        expect(today.locator(f"#ticket-{asked.id}")).to_have_count(0)


def test_what_a_colleague_takes_changes_around_the_form_in_use(desk: Desk, today: Page) -> None:
    marie, olivia = _people(desk)
    first = desk.say(marie, "Can I use retinol?", TicketKind.QUESTION, 20)
    second = desk.say(olivia, "And sunscreen?", TicketKind.QUESTION, 10)
    with desk.served():
        today.goto(f"{desk.url}/")
        today.locator("li.line", has_text="Olivia").locator("summary").click()
        today.locator(f"#outcome-{second.id}").focus()
        desk.member.post(f"/tickets/{second.id}/acknowledge")
        desk.member.post(f"/tickets/{first.id}/close", {"outcome": "done"})
        _look(today)
        expect(today.locator("li.line .holder").last).to_contain_text("à moi", timeout=ONE_LOOK)
        expect(today.locator(f"#ticket-{first.id}")).to_have_count(0)
        expect(today.locator(f"#outcome-{second.id}")).to_have_count(1)
        expect(today.locator(f"#outcome-{second.id}")).to_be_focused()
        assert today.title().startswith("(1) ")


@pytest.mark.parametrize("language", list(Language))
def test_signed_out_meanwhile_says_so_with_a_way_back(desk: Desk, today: Page) -> None:
    """Seen to fail with a script that returns without a word when the answer is the sign-in page."""
    with desk.served():
        today.goto(f"{desk.url}/")
        trouble = today.locator("[data-trouble=signed-out]")
        expect(trouble).to_be_hidden()
        desk.sign_out()
        _look(today)
        expect(trouble).to_be_visible(timeout=ONE_LOOK)
        assert _minutes(trouble.inner_text())
        expect(trouble.get_by_role("link")).to_have_attribute("href", "/sign-in")


def test_a_server_gone_is_said_and_back_is_renewed(desk: Desk, today: Page) -> None:
    """Seen to fail with an empty catch."""
    marie, _ = _people(desk)
    trouble = today.locator("[data-trouble=away]")
    with desk.served():
        today.goto(f"{desk.url}/")
        expect(trouble).to_be_hidden()
    _look(today)
    expect(trouble).to_be_visible(timeout=ONE_LOOK)
    assert _minutes(trouble.inner_text())
    desk.say(marie, "The pain is terrible", TicketKind.RED_FLAG, 1)
    with desk.served():
        expect(today.locator("main")).to_contain_text("The pain is terrible", timeout=ONE_LOOK)
        expect(trouble).to_be_hidden()


def _look(today: Page) -> None:
    """Let the page look now, as when its tab comes to the front."""
    today.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def _minutes(text: str) -> bool:
    """Whether a time of day stands there: "11:00 a.m." or "11 h 00"."""
    return any(mark in text for mark in ("11:0", "11 h 0", "11\u202fh\u202f0", "11\xa0h\xa00", "10:5", "10 h 5"))
