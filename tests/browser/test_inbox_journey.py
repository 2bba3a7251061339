"""A patient's question from the sandbox phone to the answer that lies on it, in both languages: read, a saved answer
put in and edited, what it costs, sent, and after a STOP why nothing can be written.

Seen to fail when: the counter left out the clinic's name; what was sent was billed otherwise than it was shown.
"""

import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from reminders.database import Database
from reminders.models import Attempt, Message
from reminders.models.kinds import Language, MessageKind
from reminders.web.i18n import catalogue
from reminders.wording.segments import count
from tests import services
from tests.browser.conftest import Demo, settings_of
from tests.browser.test_one_treatment import sign_in

MARKS = {Language.EN: "Reply 1", Language.FR: "Répondez 1"}
ASKS = {Language.EN: "can I go swimming this weekend?", Language.FR: "est-ce que je peux aller nager?"}
WITHIN = 60
SAVED = {
    "title_en": "Swimming", "title_fr": "Baignade", "body_en": "{first_name}, from Friday on.",
    "body_fr": "{first_name}, à partir de vendredi.",
}  # fmt: skip


def texts(demo: Demo) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = httpx.get(f"{demo.url}/sandbox/messages", timeout=10).json()
    return found


def say(demo: Demo, asked: dict[str, Any], body: str) -> None:
    given = {"from": asked["to"], "to": asked["from"], "body": body}
    httpx.post(f"{demo.url}/sandbox/replies", json=given, timeout=10).raise_for_status()


def billed(demo: Demo) -> list[int]:
    """What each text that staff wrote has cost."""
    settings = settings_of(demo.environ)
    database = Database(settings.database_url, settings.keyring())
    with database.read() as session:
        by_staff = select(Attempt.segments).join(Message, Message.id == Attempt.message_id)
        found = list(session.scalars(by_staff.where(Message.kind == MessageKind.STAFF)))
    database.close()
    return found


def until_shown(page: Page, address: str, selector: str) -> None:
    """Look again until it is there."""
    for _ in range(WITHIN):
        page.goto(address)
        if page.locator(selector).count():
            return
        time.sleep(1)
    pytest.fail(f"no {selector} on {address}")


@pytest.mark.parametrize("language", list(Language))
def test_asked_by_phone_and_answered_from_the_inbox(
    start_demo: Callable[..., Demo], page: Page, language: Language
) -> None:
    demo, words = start_demo(), catalogue(language)
    sign_in(page, demo)
    page.goto(f"{demo.url}/account")
    page.check(f"[name=language][value={language.value}]")
    page.locator("main form button").first.click()
    page.goto(f"{demo.url}/saved-answers")
    for name, text in SAVED.items():
        page.fill(f"[name={name}]", text)
    page.click("button[value=save]")
    expect(page.locator(".notice")).to_have_text(words.text("done.answer_saved"))

    services.wait_until(lambda: any(MARKS[language] in one["body"] for one in texts(demo)), WITHIN, "the question")
    asked = next(one for one in texts(demo) if MARKS[language] in one["body"] and one["channel"] == "sms")
    say(demo, asked, ASKS[language])
    until_shown(page, f"{demo.url}/inbox?unread=yes&label=question", f".talk:has-text('{ASKS[language]}')")
    expect(page.locator(".talk .glimpse").first).to_have_text(ASKS[language])
    patient = str(page.locator(".talk").first.get_attribute("href")).split("?")[0].rpartition("/")[2]
    unread = int(page.locator("[data-number]").inner_text())
    page.locator(".talk").first.click()
    expect(page.locator("#newest, .bubble.them").last).to_be_visible()

    page.select_option("#saved", index=1)
    page.click("button[value=insert]")
    page.locator("#text").press("End")
    page.keyboard.type(" Déjà reçu! " + "x" * 60)
    expect(page.locator("#count")).to_have_attribute("data-count", "2")
    shown = int(page.locator("#count").get_attribute("data-count") or 0)
    page.click("button[value=send]")
    expect(page.locator(".notice")).to_have_text(words.text("done.answered"))
    assert page.locator("[data-unread]").get_attribute("data-unread") == str(unread - 1)
    services.wait_until(lambda: "Déjà reçu! x" in texts(demo)[-1]["body"], WITHIN, "the answer lies on the phone")
    (got,) = [one for one in texts(demo) if "Déjà reçu! x" in one["body"]]
    assert got["to"] == asked["to"]
    assert [shown] == billed(demo) == [count(got["body"]).count]

    say(demo, asked, "STOP" if language is Language.EN else "ARRET")
    until_shown(page, f"{demo.url}/inbox?label=stop&unread=yes", f'.talk[href*="{patient}"]')
    page.locator(f'.talk[href*="{patient}"]').click()
    expect(page.locator("main")).to_contain_text(words.text("problem.answer_opted_out"))
    expect(page.locator("#text textarea, textarea")).to_have_count(0)
    assert demo.stop() == 0
