"""A hold in a real browser, by keyboard alone: nothing goes out, every page says so, and lifted it goes once."""

from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import Page, expect

from reminders.database import Database
from reminders.models import Instance
from reminders.models.instance import LAST_SWEEP
from tests import services
from tests.browser.conftest import Demo, settings_of
from tests.browser.test_one_treatment import WITHIN, record, sign_in, texts

PHONE = "+15145550187"
HELD = "Les envois de la clinique sont suspendus"


def _sweeps(demo: Demo, count: int) -> None:
    """Wait until so many further sweeps have begun."""
    settings = settings_of(demo.environ)
    database = Database(settings.database_url, settings.keyring())
    for _ in range(count):
        before = _last_sweep(database)
        services.wait_until(lambda known=before: _last_sweep(database) != known, WITHIN / 1000, "another sweep")  # type: ignore[misc]
    database.close()


def _last_sweep(database: Database) -> str | None:
    with database.read() as session:
        found = session.get(Instance, LAST_SWEEP)
        return found.value if found else None


def _press(page: Page, name: str, role: str = "button") -> None:
    """Reach a link or button with Tab, and press it."""
    for _ in range(60):
        page.keyboard.press("Tab")
        focused = page.evaluate("[document.activeElement.tagName, document.activeElement.textContent.trim()]")
        if focused[0] == {"button": "BUTTON", "link": "A"}[role] and focused[1].startswith(name):
            with page.expect_navigation():
                page.keyboard.press("Enter")
            return
    pytest.fail(f"no way by keyboard to {name}")


def test_hold_nothing_sent_lift_sent(start_demo: Callable[..., Demo], page: Page) -> None:
    demo = start_demo()
    sign_in(page, demo)
    page.goto(f"{demo.url}/sending")
    _press(page, "Suspendre", "link")
    expect(page.locator("h1")).to_contain_text("Suspendre tous les envois")
    page.locator("#reason").focus()
    page.keyboard.type("Déménagement")
    _press(page, "Suspendre les envois")
    expect(page.locator("#sending-state")).to_contain_text(HELD)
    expect(page.locator("main")).to_contain_text("Déménagement")

    record(page, demo)
    _sweeps(demo, 3)
    assert PHONE not in texts(demo)
    page.reload()
    expect(page.locator("main")).to_contain_text("attend parce que les envois de la clinique sont suspendus")
    assert httpx.get(f"{demo.url}/readyz", timeout=10).status_code == httpx.codes.OK

    today = page.context.new_page()
    today.goto(f"{demo.url}/")
    expect(today.locator("#sending-state")).to_contain_text(HELD)
    page.goto(f"{demo.url}/sending")
    _press(page, "Lever la suspension", "link")
    _press(page, "Lever la suspension")
    expect(page.locator("main")).to_contain_text("La suspension est levée")
    expect(page.locator("#sending-state")).not_to_contain_text(HELD)
    services.wait_until(lambda: PHONE in texts(demo), WITHIN / 1000, "the text lies on the phone")
    # Nobody has reloaded it: it looks every ten seconds, and one look may fail on a busy machine.
    expect(today.locator("#sending-state")).not_to_contain_text(HELD, timeout=2 * WITHIN)
    assert texts(demo).count(PHONE) == 1
    assert demo.stop() == 0


def test_nothing_is_wider_than_the_screen(start_demo: Callable[..., Demo], page: Page) -> None:
    demo = start_demo()
    sign_in(page, demo)
    for width in (320, 390, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        for path in ("/sending", "/sending/hold", "/sending/release"):
            page.goto(f"{demo.url}{path}")
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    assert demo.stop() == 0
