"""The report, the unsubscribe page, the banner, the headers, and what machines watch."""

import re
from typing import Any

import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import delete, select, update
from starlette.testclient import TestClient

from reminders.database import Database
from reminders.delivery.links import unsubscribe_token
from reminders.models import Consent, Instance, Message, OptOut, Sender
from reminders.models.instance import CLOCK_OFFSET, LAST_SWEEP, now
from reminders.models.kinds import Channel, ConsentAction, Language
from reminders.settings import Settings
from reminders.web.app import create_app
from reminders.web.views import phone
from reminders.web.watch import Watch
from schedules.lifecycle import State
from tests.web.conftest import TODAY, Browser, NewBrowser

# --- the reply report


def test_the_report_is_of_the_last_thirty_days_unless_told(browser: Browser) -> None:
    shown = browser.get("/reports/replies").text
    assert "February 9, 2026 to March 10, 2026" in shown
    assert 'name="from"' in shown
    assert 'value="2026-02-09"' in shown


def test_the_report_counts(browser: Browser) -> None:
    browser.add_treatment(browser.add_patient(), day="2026-03-09")
    with browser.database.begin() as session:
        done = {"state": State.DELIVERED, "sent_at": TODAY, "delivered_at": TODAY}
        session.execute(update(Message).values(**done))
    shown = browser.get("/reports/replies?from=2026-03-10&to=2026-03-10").text
    assert "<dt>Reminders sent</dt><dd>3" in shown
    assert "3 of 3, few (n &lt; 20)" in shown, "of a few no share is told in per cent"
    assert "0 before (+3)" in shown
    assert "1 check-in sent in the period" in shown
    assert "<dd>3" not in browser.get("/reports/replies?from=2026-01-01&to=2026-03-09").text


# --- unsubscribing


@pytest.fixture
def link(browser: Browser) -> str:
    """The link in an e-mail to a patient."""
    patient = browser.add_patient(email="marie@example.com", phone="")
    browser.add_treatment(patient)
    return "/u/" + unsubscribe_token(browser.database.keyring, patient.id, Channel.EMAIL)


def consent(browser: Browser) -> ConsentAction:
    """The newest entry of the ledger."""
    with browser.database.read() as session:
        return session.scalars(select(Consent.action).order_by(Consent.at.desc()).limit(1)).one()


def test_opening_the_link_asks_first(browser: Browser, stranger: TestClient, link: str) -> None:
    for _ in range(3):
        answer = stranger.get(link)
        assert answer.status_code == 200
        assert "<button" in answer.text
    assert consent(browser) is ConsentAction.GRANTED


def test_the_button_unsubscribes_without_a_cookie(browser: Browser, stranger: TestClient, link: str) -> None:
    answer = stranger.post(link)
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert consent(browser) is ConsentAction.WITHDRAWN
    with browser.database.read() as session:
        assert set(session.scalars(select(Message.state))) == {State.CANCELLED}
        assert session.scalars(select(OptOut)).one().source == "page"


@pytest.mark.parametrize("as_multipart", [False, True])
def test_one_click(browser: Browser, stranger: TestClient, link: str, *, as_multipart: bool) -> None:
    """RFC 8058: no cookie, no redirect, from any origin, and both kinds of form."""
    headers = {"origin": "https://mail.example", "sec-fetch-site": "cross-site"}
    if as_multipart:
        answer = stranger.post(link, files={"List-Unsubscribe": (None, "One-Click")}, headers=headers)
    else:
        answer = stranger.post(link, data={"List-Unsubscribe": "One-Click"}, headers=headers)
    assert answer.status_code == 200
    with browser.database.read() as session:
        assert session.scalars(select(OptOut)).one().source == "email"


def test_it_can_be_lifted_on_the_page_now_and_later(browser: Browser, stranger: TestClient, link: str) -> None:
    """By a button, never by opening the link; and only what was agreed to before comes back."""
    english = {"accept-language": "en"}
    for page in (stranger.post(link, headers=english), stranger.get(link, headers=english)):
        assert f'action="{link}/again"' in page.text
        assert "Receive the e-mails again" in page.text
    assert stranger.get(f"{link}/again").status_code == 405
    assert consent(browser) is ConsentAction.WITHDRAWN
    again = stranger.post(f"{link}/again", headers=english)
    assert (again.status_code, "You will get our e-mails again" in again.text) == (200, True)
    assert "set-cookie" not in again.headers
    assert consent(browser) is ConsentAction.GRANTED
    with browser.database.read() as session:
        assert session.scalars(select(OptOut)).one().lifted_at is not None
        assert State.PLANNED in set(session.scalars(select(Message.state)))
    assert "Stop these e-mails?" in stranger.get(link, headers=english).text


def test_lifting_what_was_not_stopped_changes_nothing(browser: Browser, stranger: TestClient, link: str) -> None:
    assert stranger.post(f"{link}/again").status_code == 200
    with browser.database.read() as session:
        assert len(session.scalars(select(Consent)).all()) == 1
    assert stranger.post(f"{link}x/again").status_code == 404


def test_saying_it_twice_is_harmless(browser: Browser, stranger: TestClient, link: str) -> None:
    assert [stranger.post(link).status_code for _ in range(3)] == [200, 200, 200]
    with browser.database.read() as session:
        assert len(session.scalars(select(OptOut)).all()) == 1
        assert len(session.scalars(select(Consent)).all()) == 2


def test_the_page_speaks_the_readers_language(stranger: TestClient, link: str) -> None:
    assert "Arrêter ces courriels?" in stranger.get(link).text
    english = stranger.get(link, headers={"accept-language": "en-CA,en;q=0.9"}).text
    assert "Stop these e-mails?" in english
    assert "Vos soins restent les mêmes" in english


@pytest.mark.parametrize("change", [lambda link: link[:-1], lambda link: link + "A", lambda _: "/u/nobody"])
def test_a_forged_link_is_nowhere(browser: Browser, stranger: TestClient, link: str, change: object) -> None:
    forged = change(link)  # type: ignore[operator]
    assert stranger.get(forged).status_code == 404
    assert stranger.post(forged).status_code == 404
    assert consent(browser) is ConsentAction.GRANTED


# --- the banner


def test_every_page_says_that_nothing_reaches_a_real_phone(browser: Browser, stranger: TestClient) -> None:
    for answer in (browser.get("/"), stranger.get("/sign-in"), browser.get("/nowhere")):
        assert 'class="banner"' in answer.text
    assert "Demo clock: Tuesday, March 10, 2026, 11:0" in browser.get("/").text


@pytest.mark.parametrize(
    ("connected", "said"),
    [
        ({"twilio_account_sid": "AC" + "0" * 32}, "E-mail"),
        ({"smtp_url": SecretStr("smtp://mail.example")}, "text messages"),
    ],
)
def test_the_banner_names_the_channel_that_is_not_connected(
    settings: Settings, database: Database, connected: dict[str, Any], said: str
) -> None:
    app = create_app(settings.model_copy(update=connected), database)
    with database.begin() as session:
        session.execute(delete(Instance).where(Instance.key == CLOCK_OFFSET))
    text = TestClient(app).get("/sign-in", headers={"Accept-Language": "en"}).text
    assert "Not connected:</strong> " + said.lower() in text
    assert "Sandbox" not in text


def test_no_banner_with_real_credentials_on_the_real_clock(
    browser: Browser, settings: Settings, database: Database
) -> None:
    real = {"twilio_account_sid": "AC" + "0" * 32, "smtp_url": type(settings.smtp_url)("smtp://mail.example")}
    app = create_app(settings.model_copy(update=real), database)
    with database.begin() as session:
        session.execute(delete(Instance).where(Instance.key == CLOCK_OFFSET))
    assert 'class="banner"' not in TestClient(app).get("/sign-in").text


# --- headers and files


def test_headers_of_every_page(browser: Browser, stranger: TestClient) -> None:
    for answer in (browser.get("/"), stranger.get("/sign-in"), stranger.get("/"), browser.get("/nowhere")):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["cache-control"] == "no-store"
        assert "strict-transport-security" not in answer.headers


def test_pages_need_no_inline_style_or_script(app: FastAPI, browser: Browser) -> None:
    patient = browser.add_patient()
    browser.add_treatment(patient)
    for path in (
        "/",
        "/treatments/new",
        f"/patients/{patient.id}",
        "/reports/replies",
        "/sending",
        "/account/password",
    ):
        shown = browser.get(path).text
        assert "<style" not in shown
        assert " style=" not in shown
        assert not re.search(r"<script(?! src=)", shown)
        assert " onclick=" not in shown


def test_the_stylesheet_is_kept_by_browsers_until_it_changes(browser: Browser) -> None:
    shown = browser.get("/").text
    path = shown.split('<link rel="stylesheet" href="')[1].split('"')[0]
    answer = browser.get(path)
    assert answer.status_code == 200
    assert "immutable" in answer.headers["cache-control"]


@pytest.mark.parametrize("language", list(Language))
def test_every_input_has_a_label(browser_for: NewBrowser, language: Language) -> None:
    browser = browser_for(language=language)
    patient = browser.add_patient()
    treatment = browser.add_treatment(patient)
    paths = ("/treatments/new", f"/patients/{patient.id}/edit", f"/treatments/{treatment.id}/move", "/reports/replies")
    for path in paths:
        shown = browser.get(path).text
        assert f'<html lang="{language}-CA">' in shown
        for name in ("given_name", "treated_on", "from"):
            assert (f'id="{name}"' in shown) == (f'for="{name}"' in shown)


# --- what machines watch


def test_alive(stranger: TestClient) -> None:
    assert stranger.get("/healthz").json() == {"alive": True}


def test_ready_only_while_somebody_sweeps(app: FastAPI, stranger: TestClient, database: Database) -> None:
    assert stranger.get("/readyz").status_code == 503
    with database.begin() as session:
        session.add(Instance(key=LAST_SWEEP, value=now(session).isoformat()))
    app.state.watch = Watch()
    answer = stranger.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, dict.fromkeys(("database", "schema", "sweep", "in_time"), True))
    with database.begin() as session:
        session.execute(update(Instance).where(Instance.key == LAST_SWEEP).values(value="2026-03-10T10:00:00+00:00"))
    app.state.watch = Watch()
    assert stranger.get("/readyz").json()["sweep"] is False


def test_metrics_are_numbers_about_nobody(browser: Browser, stranger: TestClient) -> None:
    browser.add_treatment(browser.add_patient(), day="2026-03-09")
    with browser.database.begin() as session:
        session.execute(update(Message).values(due_at=TODAY.replace(hour=14)))
        session.execute(update(Sender).values(next_free_at=TODAY.replace(hour=13)))
        session.add(Instance(key=LAST_SWEEP, value=now(session).isoformat()))
    shown = stranger.get("/metrics").text
    numbers = dict(line.split() for line in shown.splitlines() if not line.startswith("#"))
    assert 3600 <= float(numbers["reminders_oldest_overdue_seconds"]) < 3900
    assert float(numbers["reminders_unknown_messages"]) == 0
    assert 0 <= float(numbers["reminders_last_sweep_age_seconds"]) < 300
    assert float(numbers["reminders_oldest_held_seconds"]) == 0
    assert {
        float(numbers[f"reminders_{name}"]) for name in ("senders_paused", "clinics_on_hold", "everything_on_hold")
    } == {0}
    assert "Tremblay" not in shown


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+15145550134", "514 555-0134"),
        ("+33123456789", "+33 1 23 45 67 89"),
        ("nobody@example.com", "nobody@example.com"),
        ("+1", "+1"),
        (None, ""),
    ],
)
def test_a_number_as_people_read_it(number: str | None, shown: str) -> None:
    assert phone(number) == shown
