"""The check-in's page on a phone, in a real browser: by finger, by keyboard and by name, without a script."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from reminders.database import Database
from reminders.models import CheckIn
from reminders.models.kinds import CheckInOutcome
from reminders.settings import Settings
from tests import services
from tests.browser.conftest import ROOT
from tests.journeys.answering import Page as Sheet
from tests.journeys.answering import ask
from tests.promises.practice import Practice, open_practice
from tests.promises.world import open_world
from tests.reminders import pictures

WIDTH = 390
SMALLEST_TARGET = 24
"""CSS pixels: WCAG 2.2, 2.5.8."""


@pytest.fixture
def practice(database: Database, settings: Settings) -> Iterator[Practice]:
    with open_practice(open_world(database, settings), settings) as opened:
        yield opened


@pytest.fixture(params=["en", "fr"])
def sheet(practice: Practice, request: pytest.FixtureRequest) -> Sheet:
    """Asked before there is a browser: while one is open, nothing else in this thread may run an event loop."""
    return ask(practice, language=request.param)


@pytest.fixture
def served(practice: Practice) -> Iterator[str]:
    """The application on a port of this machine."""
    port = services.free_port()
    server = uvicorn.Server(uvicorn.Config(practice.app, host="127.0.0.1", port=port, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    services.wait_until(lambda: server.started, 20, "the server listens")
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def phone(sheet: Sheet, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A phone whose browser runs no script."""
    browser: Browser = request.getfixturevalue("browser")
    context = browser.new_context(viewport={"width": WIDTH, "height": 844}, java_script_enabled=False, has_touch=True)
    yield context.new_page()
    context.close()


def small_targets(page: Page) -> list[str]:
    """What a finger would miss."""
    found = page.locator("label.choice, button, summary, textarea, input[type=file]")
    boxes = [(found.nth(at).inner_text(), found.nth(at).bounding_box()) for at in range(found.count())]
    return [text for text, box in boxes if box and min(box["width"], box["height"]) < SMALLEST_TARGET]


def test_on_a_phone_without_a_script(practice: Practice, sheet: Sheet, served: str, phone: Page) -> None:
    language = sheet.patient.language
    phone.goto(served + sheet.path)
    expect(phone.locator("html")).to_have_attribute("lang", f"{language}-CA")
    _fits(phone)
    assert small_targets(phone) == []
    phone.get_by_role("button", name=_text(sheet, "send")).tap()
    expect(phone.get_by_role("alert")).to_contain_text(sheet.texts.text("problem.severity_missing"))
    _fits(phone)
    _choose(phone, sheet, "severity", "6")
    _choose(phone, sheet, "breakouts", _text(sheet, "breakouts_few"))
    _choose(phone, sheet, "course", _text(sheet, "course_worse"))
    phone.get_by_label(_text(sheet, "words")).fill("Surtout le menton")
    _keep(phone, f"check-in-{language}")
    phone.get_by_role("button", name=_text(sheet, "send")).tap()
    expect(phone.get_by_role("status")).to_contain_text(
        sheet.texts.text("check_in_page.done_persisting", phone="514 555-0119")
    )
    _fits(phone)
    phone.get_by_role("link", name=_text(sheet, "again")).tap()
    expect(phone.get_by_role("radio", name="6")).to_be_checked()
    phone.get_by_role("checkbox", name=_text(sheet, "flag_throat")).check()
    phone.get_by_role("button", name=_text(sheet, "send")).tap()
    expect(phone.get_by_role("heading", level=1)).to_contain_text("911")
    expect(phone.locator('a[href="tel:911"]')).to_be_visible()
    expect(phone.get_by_role("main")).not_to_contain_text("811")
    _keep(phone, f"check-in-emergency-{language}")
    outcomes = practice.rows(select(CheckIn.outcome).order_by(CheckIn.answered_at))
    assert outcomes == [CheckInOutcome.PERSISTING, CheckInOutcome.URGENT]


def test_pictures_from_a_phone_are_shown_to_staff(
    practice: Practice, sheet: Sheet, served: str, phone: Page, tmp_path: Path
) -> None:
    language = sheet.patient.language
    (tmp_path / "bad.jpg").write_bytes(pictures.photo()[:3000])
    for name, turned in (("one.jpg", 6), ("two.jpg", 1)):
        (tmp_path / name).write_bytes(pictures.photo((1200, 900), turned))
    phone.goto(served + sheet.path)
    for number, name in enumerate(("one.jpg", "bad.jpg", "two.jpg"), 1):
        phone.get_by_label(sheet.texts.text("check_in_page.picture", number=number)).set_input_files(tmp_path / name)
    _choose(phone, sheet, "severity", "6")
    _fits(phone)
    _keep(phone, f"check-in-pictures-{language}")
    phone.get_by_role("button", name=_text(sheet, "send")).tap()
    expect(phone.get_by_role("status")).to_be_visible()
    said = phone.locator(".notice.warn li")
    expect(said).to_have_count(1)
    expect(said).to_contain_text(sheet.texts.text("check_in_page.picture", number=2))
    _fits(phone)
    _keep(phone, f"check-in-pictures-sent-{language}")
    staff = practice.browser(practice.hire(language=language))
    phone.context.add_cookies([{"name": "session", "value": staff.client.cookies["session"], "url": served}])
    phone.goto(f"{served}/patients/{sheet.patient.id}")
    shown = phone.locator(".timeline .pictures img")  # they stand under the course of the treatment, too
    expect(shown).to_have_count(2)
    for at in range(2):
        shown.nth(at).scroll_into_view_if_needed()
        expect(shown.nth(at)).to_have_js_property("complete", value=True)
        assert (shown.nth(at).bounding_box() or {"width": 0})["width"] > 100
        assert shown.nth(at).get_attribute("alt")
    _fits(phone)
    _keep(phone, f"patient-pictures-{language}")


def _text(sheet: Sheet, key: str) -> str:
    return sheet.texts.text(f"check_in_page.{key}")


def _choose(page: Page, sheet: Sheet, group: str, name: str) -> None:
    """By the names that a screen reader says: of the group, then of the choice in it."""
    page.get_by_role("group", name=_text(sheet, group)).get_by_role("radio", name=name, exact=True).check()


def _fits(page: Page) -> None:
    # Without a script nobody can ask the document; what sticks out would make the page's picture wider.
    # The bar of the staff's pages scrolls by itself; what else may stick out stands in main.
    wide = page.locator("main *")
    assert all(
        not box or box["x"] + box["width"] <= WIDTH + 1
        for box in (wide.nth(at).bounding_box() for at in range(wide.count()))
    )


def _keep(page: Page, name: str) -> None:
    """With KEEP_SCREENSHOTS=1, docs/screenshots/ gets the pictures from this very run."""
    if os.environ.get("KEEP_SCREENSHOTS"):
        page.screenshot(path=ROOT / "docs" / "screenshots" / f"{name}.png", full_page=True)
