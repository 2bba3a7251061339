"""The inbox by keyboard alone, in both languages, on a wide screen and a phone's: found, read, answered, unread falls.

Seen to fail when: the page counted as read before it was looked at, or never; a key did something while somebody
typed, or although they were switched off; the counter left out the clinic's name.
"""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from reminders.models import Message, Reply
from reminders.models.kinds import Language, MessageKind, TicketKind
from reminders.wording.segments import count
from tests.browser.desk import Desk, at_desk, desk_of
from tests.web.conftest import NewBrowser, app, browser_for

__all__ = ["app", "browser_for"]

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

SAVED = {
    "title_en": "Swimming", "title_fr": "Baignade", "body_en": "{first_name}, from Friday on.",
    "body_fr": "{first_name}, à partir de vendredi.",
}  # fmt: skip


@pytest.fixture
def language() -> Language:
    return Language.FR


@pytest.fixture
def desk(language: Language, app: FastAPI, browser_for: NewBrowser) -> Desk:
    return desk_of(app, browser_for(language=language))


@pytest.fixture
def page(desk: Desk, browser: Browser) -> Iterator[Page]:
    """A wide screen."""
    with at_desk(desk, browser, 1280) as page:
        yield page


def _asked(desk: Desk) -> None:
    """Marie and then Olivia asked something."""
    marie = desk.member.add_patient()
    olivia = desk.member.add_patient(given_name="Olivia", phone="514-555-0142")
    desk.say(marie, "Can I swim?", TicketKind.QUESTION, 20)
    desk.say(olivia, "And sunscreen?", TicketKind.QUESTION, 10)
    desk.member.post("/saved-answers", SAVED)


def _unread(desk: Desk) -> int:
    with desk.member.database.read() as session:
        return len(session.scalars(select(Reply.id).where(Reply.seen_at.is_(None))).all())


def _wait_for_unread(desk: Desk, page: Page, left: int) -> None:
    for _ in range(100):
        if _unread(desk) == left:
            return
        page.wait_for_timeout(50)
    assert _unread(desk) == left


@pytest.mark.parametrize("language", list(Language))
def test_by_keyboard_alone(desk: Desk, page: Page) -> None:
    _asked(desk)
    with desk.served():
        page.goto(f"{desk.url}/inbox")
        expect(page.locator("[data-number]")).to_have_text("2")
        page.keyboard.press("j")
        page.keyboard.press("j")
        expect(page.locator(".talk").nth(1)).to_be_focused()
        assert _unread(desk) == 2
        page.keyboard.press("Enter")
        expect(page.locator("#who")).to_have_text("Marie Tremblay")
        expect(page.locator("[data-number]")).to_have_text("1")
        _wait_for_unread(desk, page, 1)
        expect(page.locator("#mark-read")).to_be_hidden()

        page.keyboard.press("r")
        expect(page.locator("#text")).to_be_focused()
        page.keyboard.type("Oui, juste e/? jk. ")
        assert page.input_value("#text") == "Oui, juste e/? jk. "
        expect(page.locator("#keys")).to_be_hidden()
        page.keyboard.press("Tab")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.locator("#text")).to_have_value("Oui, juste e/? jk.\nMarie, à partir de vendredi.")
        expect(page.locator("#text")).to_be_focused()
        page.keyboard.type(" " + "x" * 120)
        expect(page.locator("#count")).to_have_attribute("data-count", "2")

        while page.evaluate("document.activeElement.value") != "send":
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page).to_have_url(f"{desk.url}/inbox?done=answered")
        expect(page.locator(".notice")).to_be_visible()
        expect(page.locator("[data-number]")).to_have_text("1")
    with desk.member.database.read() as session:
        (message,) = session.scalars(select(Message).where(Message.kind == MessageKind.STAFF))
        assert count(f"Clinique Lumière : {message.params['text']}").count == 2


@pytest.mark.parametrize("language", list(Language))
def test_the_keys_are_explained_and_can_be_switched_off(desk: Desk, page: Page) -> None:
    _asked(desk)
    with desk.served():
        page.goto(f"{desk.url}/inbox")
        page.keyboard.press("?")
        expect(page.locator("#keys")).to_be_visible()
        page.locator("#keys-on").uncheck()
        page.keyboard.press("Escape")
        page.reload()
        page.keyboard.press("j")
        page.keyboard.press("?")
        expect(page.locator("#keys")).to_be_hidden()
        assert page.evaluate("document.activeElement.className") != "talk"
        page.locator("#keys-open").click()
        page.locator("#keys-on").check()
        page.keyboard.press("Escape")
        page.locator("body").press("/")
        expect(page.locator("#q")).to_be_focused()


@pytest.mark.parametrize("language", list(Language))
def test_on_a_phone_the_list_and_a_conversation_are_pages(desk: Desk, page: Page) -> None:
    _asked(desk)
    page.set_viewport_size({"width": 390, "height": 844})
    with desk.served():
        page.goto(f"{desk.url}/inbox?unread=yes")
        page.locator(".talk").first.click()
        expect(page.locator(".talks")).to_be_hidden()
        expect(page.locator("#newest")).to_be_in_viewport()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        page.locator(".back a").click()
        expect(page).to_have_url(f"{desk.url}/inbox?unread=yes")
        expect(page.locator(".talk")).to_have_count(1)
        expect(page.locator(".talk .who")).to_contain_text("Marie")


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(desk: Desk, page: Page, scheme: str) -> None:
    _asked(desk)
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    with desk.member.database.read() as session:
        patient = session.scalars(select(Reply.patient_id).limit(1)).one()
    with desk.served():
        for width in (390, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            for path in ("/inbox", f"/inbox/patients/{patient}", f"/patients/{patient}/write", "/saved-answers"):
                page.goto(f"{desk.url}{path}")
                assert page.evaluate("document.documentElement.scrollWidth") <= width, path
                found = Axe().run(page)
                assert found.violations_count == 0, f"{path} {width}: {found.generate_report()}"


def test_a_page_in_a_tab_behind_has_been_read_by_nobody(desk: Desk, page: Page) -> None:
    _asked(desk)
    page.add_init_script("Object.defineProperty(document, 'visibilityState', { get: () => window.shown || 'hidden' })")
    with desk.member.database.read() as session:
        patient = session.scalars(select(Reply.patient_id).limit(1)).one()
    with desk.served():
        page.goto(f"{desk.url}/inbox/patients/{patient}")
        page.wait_for_timeout(500)
        assert _unread(desk) == 2
        page.evaluate("window.shown = 'visible'; document.dispatchEvent(new Event('visibilitychange'))")
        _wait_for_unread(desk, page, 1)
