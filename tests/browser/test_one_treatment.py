"""The main job in a real browser: record, text on the phone, answer, ticket, report; at any hour, twice started."""

import os
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
from playwright.sync_api import Page, expect

from reminders import migrate
from reminders.database import Database
from reminders.models import Instance
from reminders.models.instance import CLOCK_OFFSET, now
from tests import services
from tests.browser.conftest import ROOT, Demo, demo_environment, settings_of

WITHIN = 15_000
"""Milliseconds: the texts lie on the phone page within 15 seconds of the start."""

PHONE = "514-555-0187"
SCREENSHOTS = ROOT / "docs" / "screenshots"


def texts(demo: Demo) -> list[str]:
    return [m["to"] for m in httpx.get(f"{demo.url}/sandbox/messages", timeout=10).json()]


def sign_in(page: Page, demo: Demo) -> None:
    page.goto(demo.sign_in_link)
    page.locator("main form button").click()
    expect(page).not_to_have_url(demo.sign_in_link)


def record(page: Page, demo: Demo) -> None:
    """A new patient, treated a week ago, who agrees to texts."""
    page.goto(f"{demo.url}/treatments/new")
    page.check("#patient_id-new")
    page.fill("[name=given_name]", "Rosalie")
    page.fill("[name=family_name]", "Desjardins")
    page.fill("[name=phone]", PHONE)
    page.check("[name=language][value=fr]") if page.locator("[name=language][value=fr]").count() else None
    today = date.fromisoformat(page.input_value("[name=treated_on]"))
    page.fill("[name=treated_on]", (today - timedelta(days=7)).isoformat())
    page.fill("[name=provider]", "Dre Beaulieu")
    page.check("[name=consent_sms]")
    page.click("button[value=record]:not(.hidden)")  # a week ago: somebody looks before it is saved
    expect(page.locator("main")).to_contain_text("Répondez 1 = peau nette")
    page.click("button[value=save]")
    expect(page.locator("main")).to_contain_text("Rosalie Desjardins")


def answer(page: Page, demo: Demo, body: str) -> None:
    """Open the patient's phone, wait for the check-in, answer it."""
    page.goto(f"{demo.url}/sandbox/")
    entry = page.get_by_text("555-0187")
    expect(entry).to_be_visible(timeout=WITHIN)
    entry.click()
    expect(page.locator("body")).to_contain_text("Répondez 1 = peau nette")
    page.fill("textarea[name=body]", body)
    page.locator("form.reply button").click()


def test_record_text_answer_ticket_report(start_demo: Callable[..., Demo], page: Page) -> None:
    demo = start_demo()
    sign_in(page, demo)
    record(page, demo)
    today = page.context.new_page()
    today.goto(f"{demo.url}/")
    answer(page, demo, "3")
    expect(page.locator("body")).to_contain_text("https://clinic.example/rdv", timeout=WITHIN)
    _keep_screenshot(page, "phone")

    attention = today.locator("section[aria-labelledby=attention]")
    expect(attention).to_contain_text("Rosalie Desjardins", timeout=WITHIN)  # nobody has reloaded it
    _keep_screenshot(today, "today")
    today.close()

    page.goto(f"{demo.url}/reports/replies")
    persisting = page.locator("tr", has_text="persist").first
    expect(persisting.locator("td").first).to_contain_text("2 (")  # hers, and one of the demo's past
    _keep_screenshot(page, "report")

    page.goto(f"{demo.url}/patients")
    page.get_by_role("searchbox").fill("Desj")
    page.get_by_role("search").get_by_role("button").click()
    page.get_by_role("link", name="Rosalie Desjardins").click()
    expect(page.locator("main")).to_contain_text("3")
    _keep_screenshot(page, "patient")
    assert demo.stop() == 0


def test_texts_lie_on_the_phone_at_three_in_the_morning(start_demo: Callable[..., Demo], tmp_path: Path) -> None:
    environ = demo_environment(tmp_path)
    _set_clock(environ, time(3))
    demo = start_demo(environ)
    assert "10:0" in demo.printed, demo.printed
    services.wait_until(lambda: len(texts(demo)) >= 10, WITHIN / 1000, "ten patients have their message")


def test_a_second_start_keeps_the_data_and_sends_nothing_twice(start_demo: Callable[..., Demo]) -> None:
    first = start_demo()
    services.wait_until(lambda: len(texts(first)) >= 10, WITHIN / 1000, "ten patients have their message")
    before = sorted(texts(first))
    assert first.stop() == 0
    second = start_demo(first.environ)
    assert second.sign_in_link != first.sign_in_link
    services.wait_until(lambda: _has_swept(second), WITHIN / 1000, "a sweep after the second start")
    assert sorted(texts(second)) == before
    assert second.stop() == 0


def _set_clock(environ: dict[str, str], local: time) -> None:
    """Let the demo's database believe that it is `local` in the clinic, whatever time the test runs."""
    settings = settings_of(environ)
    database = Database(settings.database_url, settings.keyring())
    migrate.upgrade(database)
    zone = ZoneInfo("America/Toronto")
    with database.begin() as session:
        current = now(session)
        wanted = datetime.combine(current.astimezone(zone).date(), local, zone).astimezone(UTC)
        session.add(Instance(key=CLOCK_OFFSET, value=str((wanted - current).total_seconds())))
    database.close()


def _has_swept(demo: Demo) -> bool:
    return httpx.get(f"{demo.url}/readyz", timeout=5).status_code == httpx.codes.OK


def _keep_screenshot(page: Page, name: str) -> None:
    """With KEEP_SCREENSHOTS=1, docs/screenshots/ gets the README's pictures from this very run."""
    if os.environ.get("KEEP_SCREENSHOTS"):
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SCREENSHOTS / f"{name}.png")
