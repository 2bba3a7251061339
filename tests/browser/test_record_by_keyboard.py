"""A treatment recorded by keyboard alone, at the pace of a person who types: 60 ms a key."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, Route, expect
from sqlalchemy import select

from reminders.models import Consent, Message, Patient, Provider, Treatment
from reminders.models.kinds import Channel, Language
from tests.browser.desk import Desk, desk_of
from tests.web.conftest import NewBrowser, app, browser_for

__all__ = ["app", "browser_for"]

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

A_KEY = 60
"""Milliseconds: some 200 characters a minute."""

PHONE = 390

A_GLANCE = 400
"""Milliseconds, at the very least, between choosing somebody and saving: sooner nothing is saved."""

KNOWN_WITHIN, NEW_WITHIN = 10.0, 25.0
"""Seconds, reading and thinking left out: what the issue allows a person for all of it."""


@dataclass
class Typist:
    """Somebody at a keyboard, whose keys are counted."""

    page: Page
    keys: int = 0
    began: float = field(default_factory=time.monotonic)

    def types(self, text: str) -> None:
        self.page.keyboard.type(text, delay=A_KEY)
        self.keys += len(text)

    def press(self, key: str, times: int = 1) -> None:
        for _ in range(times):
            self.page.keyboard.press(key, delay=A_KEY)
            self.keys += 1

    def reads(self) -> None:
        """A glance at what is shown, before it is saved."""
        self.page.wait_for_timeout(A_GLANCE)

    @property
    def took(self) -> float:
        return time.monotonic() - self.began


@pytest.fixture(params=list(Language))
def desk(request: pytest.FixtureRequest, app: FastAPI, browser_for: NewBrowser) -> Desk:
    return desk_of(app, browser_for(language=request.param))


@pytest.fixture
def typist(desk: Desk, browser: Browser) -> Iterator[Typist]:
    """Somebody at a phone's width, which the form must fit too. A script error or a blocked resource fails the test."""
    context = browser.new_context(viewport={"width": PHONE, "height": 844}, locale="fr-CA")
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    desk.sign_in(page)
    yield Typist(page)
    context.close()
    assert errors == []


@contextmanager
def _opened(desk: Desk, typist: Typist) -> Iterator[Page]:
    """The form, whole, and left before its server goes."""
    page = typist.page
    with desk.served():
        page.goto(f"{desk.url}/treatments/new")
        expect(page.locator("#q")).to_be_focused()
        expect(page.locator("#look-calendar li")).to_have_count(3)
        typist.began = time.monotonic()
        yield page
        page.goto("about:blank")


def _rows(desk: Desk, model: type) -> list:  # type: ignore[type-arg]
    with desk.member.database.read() as session:
        return list(session.scalars(select(model)))


def _is_recorded(desk: Desk, typist: Typist, name: str) -> None:
    expect(typist.page.locator("h1")).to_have_text(name)
    took = typist.took
    assert typist.page.url.endswith("?done=recorded")
    assert name.partition(" ")[0] not in typist.page.url
    logging.getLogger(__name__).warning("%s keys, %.1f s", typist.keys, took)


def test_a_known_patient(desk: Desk, typist: Typist) -> None:
    desk.member.add_treatment(desk.member.add_patient(given_name="Olivia", phone="514-555-0142"), at="09:00")
    desk.member.add_patient()
    with _opened(desk, typist) as page:
        assert page.input_value("#provider") == "Dre Beaulieu"
        typist.types("tremb mar")
        typist.press("Enter")
        expect(page.locator("#save")).to_be_focused()
        expect(page.locator("#look-said")).to_contain_text("Marie Tremblay")
        expect(page.locator("#consents")).to_be_hidden()
        expect(page.locator("#look-calendar blockquote[lang=fr]")).to_have_count(3)
        typist.reads()
        typist.press("Enter")
        _is_recorded(desk, typist, "Marie Tremblay")
    assert typist.keys == len("tremb mar") + 2
    assert typist.took < KNOWN_WITHIN
    assert len(_rows(desk, Treatment)) == 2
    assert len(_rows(desk, Provider)) == 1


def test_a_new_patient(desk: Desk, typist: Typist) -> None:
    with _opened(desk, typist) as page:
        typist.types("chloé gagnon 514 555 0199")
        typist.press("Enter")
        expect(page.locator("#language-fr")).to_be_focused()
        typed = [page.input_value(f"#{name}") for name in ("given_name", "family_name", "phone")]
        assert typed == ["Chloé", "Gagnon", "514 555 0199"]
        expect(page.locator(".wording:visible")).to_have_count(2)
        assert set(page.locator(".wording:visible").evaluate_all("all => all.map(one => one.lang)")) == {"fr"}
        typist.press("Tab")
        expect(page.locator("#consent_sms")).to_be_focused()
        typist.press("Space")
        expect(page.locator("#look-calendar blockquote[lang=fr]")).to_have_count(3)
        typist.press("Enter")
        _is_recorded(desk, typist, "Chloé Gagnon")
    assert typist.keys == len("chloé gagnon 514 555 0199") + 4
    assert typist.took < NEW_WITHIN
    (patient,), (consent,) = _rows(desk, Patient), _rows(desk, Consent)
    assert (patient.phone, consent.channel, consent.language) == ("+15145550199", Channel.SMS, Language.FR)
    assert len(_rows(desk, Message)) == 3


def test_enter_twice_chooses_and_saves_nothing(desk: Desk, typist: Typist) -> None:
    """Seen to fail without TOO_SOON in the script."""
    desk.member.add_patient()
    with _opened(desk, typist) as page:
        typist.types("tremb")
        expect(page.locator("#hits")).to_be_visible()
        page.keyboard.press("Enter")
        page.keyboard.press("Enter")
        expect(page.locator("#save")).to_be_focused()
        typist.reads()
        assert _rows(desk, Treatment) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE


def test_several_are_chosen_with_the_arrows_alone(desk: Desk, typist: Typist) -> None:
    """Seen to fail with a script whose Enter takes the first of several."""
    desk.member.add_patient(given_name="Marc", phone="514-555-0142")
    marie = desk.member.add_patient()
    with _opened(desk, typist) as page:
        box = page.locator("#q")
        typist.types("tremblay")
        expect(page.locator("#hits [data-hit]")).to_have_count(2)
        assert (box.get_attribute("role"), box.get_attribute("aria-expanded")) == ("combobox", "true")
        typist.press("Enter")
        expect(box).to_be_focused()
        assert page.locator("[name=patient_id]:checked").count() == 0
        typist.press("ArrowDown")
        marked = page.locator("#hits [aria-selected=true]")
        assert box.get_attribute("aria-activedescendant") == marked.get_attribute("id")
        expect(marked).to_contain_text("Marie")
        typist.press("Enter")
        expect(page.locator("[name=patient_id]:checked")).to_have_attribute("value", str(marie.id))
        expect(box).to_have_attribute("aria-expanded", "false")
        box.focus()
        typist.press("Backspace")
        expect(page.locator("[name=patient_id]:checked")).to_have_count(0)
        typist.press("Escape")
        expect(page.locator("#hits")).to_be_hidden()


def test_an_older_answer_never_replaces_a_newer_one(desk: Desk, typist: Typist) -> None:
    """Seen to fail with a script that shows whatever comes."""
    desk.member.add_patient()
    desk.member.add_patient(given_name="Olivia", family_name="Roy", phone="514-555-0142")
    waiting: list[Route] = []

    def hold(route: Route) -> None:
        waiting.append(route)

    with _opened(desk, typist) as page:
        page.route("**/treatments/new/patients", hold)
        typist.types("tremb")
        page.wait_for_timeout(300)
        page.keyboard.press("Control+A")
        typist.types("roy")
        page.wait_for_timeout(300)
        older, newer = waiting
        newer.continue_()
        expect(page.locator("#hits [data-hit]")).to_contain_text("Olivia Roy")
        older.continue_()
        page.wait_for_timeout(500)
        expect(page.locator("#hits [data-hit]")).to_contain_text("Olivia Roy")


def test_half_typed_the_last_calendar_stands(desk: Desk, typist: Typist) -> None:
    """Seen to fail with a script that shows an answer without a calendar as an empty one."""
    desk.member.add_patient()
    with _opened(desk, typist) as page:
        before = page.locator("#look-calendar").inner_text()
        page.locator("#treated_time").fill("")
        page.locator("#treated_on").fill("")
        expect(page.locator("#look.stale")).to_be_visible()
        assert page.locator("#look-calendar").inner_text() == before
        page.locator("#treated_on").fill("2026-03-09")
        expect(page.locator("#look:not(.stale)")).to_be_visible()
        assert page.locator("#look-calendar").inner_text() != before
