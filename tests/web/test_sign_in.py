"""Coming in by password and by one-time link, and going out."""

from datetime import datetime, timedelta

import pytest
from httpx import Response
from sqlalchemy import select, update
from starlette.testclient import TestClient

from reminders.care import staff
from reminders.database import Database
from reminders.models import Instance, Staff, StaffSession
from reminders.models.instance import CLOCK_OFFSET
from reminders.settings import Settings
from reminders.web.access import local_path
from reminders.web.app import create_app
from tests.web.conftest import TODAY, Browser, csrf_of

PASSWORD = "correct horse battery"


def with_password(browser: Browser) -> str:
    """Give the browser's member a password; their e-mail address."""
    with browser.database.begin() as session:
        member = session.get_one(Staff, browser.staff.id)
        staff.set_password(session, member, PASSWORD, TODAY)
        return member.email


def sign_in(client: TestClient, email: str, password: str, **more: str) -> Response:
    """Fill in the form of the sign-in page."""
    token = csrf_of(client.get("/sign-in").text)
    answer: Response = client.post("/sign-in", data={"csrf_token": token, "email": email, "password": password, **more})
    return answer


def new_link(browser: Browser) -> str:
    """A one-time link for the browser's member."""
    with browser.database.begin() as session:
        return "/sign-in/" + staff.new_link(session, session.get_one(Staff, browser.staff.id), TODAY)


def test_a_password_opens_a_session(browser: Browser, stranger: TestClient) -> None:
    email = with_password(browser)
    answer = sign_in(stranger, email.upper(), PASSWORD)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert "Camille Roy" in stranger.get("/").text


def test_the_cookie_is_out_of_reach(browser: Browser, stranger: TestClient) -> None:
    answer = sign_in(stranger, with_password(browser), PASSWORD)
    cookie = next(line for line in answer.headers.get_list("set-cookie") if line.startswith("session="))
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()
    assert "Secure" not in cookie


def test_the_cookie_goes_by_https_alone_where_there_is_https(
    browser: Browser, settings: Settings, database: Database
) -> None:
    secure = settings.model_copy(update={"public_url": "https://clinic.example"})
    client = TestClient(create_app(secure, database), base_url="https://clinic.example", follow_redirects=False)
    answer = sign_in(client, with_password(browser), PASSWORD)
    assert all("Secure" in line for line in answer.headers.get_list("set-cookie") if line.startswith("session="))
    assert answer.headers["strict-transport-security"].startswith("max-age=")


@pytest.mark.parametrize("email", ["", "nobody@clinic.example", "known"])
def test_a_refusal_says_nothing(browser: Browser, stranger: TestClient, email: str) -> None:
    known = with_password(browser)
    answer = sign_in(stranger, known if email == "known" else email, "wrong")
    assert answer.status_code == 422
    assert "do not match" in answer.text or "ne correspondent pas" in answer.text
    assert "session=" not in answer.headers.get("set-cookie", "")


def test_five_wrong_passwords_lock_for_a_while(browser: Browser, stranger: TestClient) -> None:
    email = with_password(browser)
    for _ in range(5):
        sign_in(stranger, email, "wrong")
    assert sign_in(stranger, email, PASSWORD).status_code == 422


def test_the_form_needs_its_token(browser: Browser, stranger: TestClient) -> None:
    email = with_password(browser)
    answer = stranger.post("/sign-in", data={"email": email, "password": PASSWORD})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        ("/patients", "/patients"),
        ("/patients?q=a", "/patients?q=a"),
        ("https://evil.example/", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/\t/evil.example", "/%09/evil.example"),
        ("", "/"),
        ("/x\r\nSet-Cookie: a=b", "/x%0D%0ASet-Cookie%3A%20a=b"),
    ],
)
def test_nobody_is_sent_to_another_site(asked: str, path: str) -> None:
    assert local_path(asked) == path


def test_after_signing_in_one_is_where_one_wanted_to_be(browser: Browser, stranger: TestClient) -> None:
    answer = sign_in(stranger, with_password(browser), PASSWORD, next="/reports/replies")
    assert answer.headers["location"] == "/reports/replies"


def test_opening_a_link_does_not_use_it_up(browser: Browser, stranger: TestClient) -> None:
    link = new_link(browser)
    for _ in range(3):
        assert stranger.get(link).status_code == 200
    answer = stranger.post(link, data={"csrf_token": csrf_of(stranger.get(link).text)})
    assert (answer.status_code, answer.headers["location"]) == (303, "/account/password")


def test_a_link_works_once(browser: Browser, stranger: TestClient) -> None:
    link = new_link(browser)
    fields = {"csrf_token": csrf_of(stranger.get(link).text)}
    stranger.post(link, data=fields)
    stranger.cookies.clear()
    fields = {"csrf_token": csrf_of(stranger.get(link).text)}
    answer = stranger.post(link, data=fields)
    assert answer.status_code == 410
    assert "session=" not in answer.headers.get("set-cookie", "")


def test_an_old_or_invented_link_does_not_work(browser: Browser, stranger: TestClient) -> None:
    link = new_link(browser)
    with browser.database.begin() as session:
        later = float(session.get_one(Instance, CLOCK_OFFSET).value) + timedelta(days=8).total_seconds()
        session.execute(update(Instance).where(Instance.key == CLOCK_OFFSET).values(value=str(later)))
    for path in (link, "/sign-in/invented"):
        fields = {"csrf_token": csrf_of(stranger.get(path).text)}
        assert stranger.post(path, data=fields).status_code == 410


def test_a_first_password(browser: Browser) -> None:
    answer = browser.post("/account/password", {"password": PASSWORD, "repeated": PASSWORD})
    assert answer.status_code == 303
    assert browser.get("/").status_code == 200
    with browser.database.read() as session:
        assert session.scalars(select(Staff)).one().password_hash


@pytest.mark.parametrize(
    ("current", "password", "repeated", "words"),
    [
        ("wrong", "another good one", "another good one", "not your current password"),
        (PASSWORD, "short", "short", "too short"),
        (PASSWORD, "another good one", "another good two", "not the same"),
        (PASSWORD, "a" * 12, "a" * 12, "over and over"),
    ],
)
def test_a_password_that_will_not_do(browser: Browser, current: str, password: str, repeated: str, words: str) -> None:
    first = browser.post("/account/password", {"password": PASSWORD, "repeated": PASSWORD})
    assert first.status_code == 303
    browser.csrf_token = csrf_of(browser.get("/account/password").text)
    answer = browser.post("/account/password", {"current": current, "password": password, "repeated": repeated})
    assert answer.status_code == 422
    assert words in answer.text
    assert f'value="{password}"' not in answer.text


def test_signing_out_ends_the_session_on_the_server(browser: Browser) -> None:
    token = browser.client.cookies["session"]
    assert browser.post("/sign-out").headers["location"] == "/sign-in"
    browser.client.cookies.set("session", token)
    assert browser.get("/").status_code == 303


def _last_seen(browser: Browser) -> datetime:
    with browser.database.read() as session:
        return session.scalars(select(StaffSession.last_seen_at)).one()


def test_a_look_that_the_page_takes_by_itself_keeps_no_session_alive(browser: Browser) -> None:
    """Seen to fail with every request counted as a sign of somebody there."""
    long_ago = TODAY - timedelta(hours=11)
    with browser.database.begin() as session:
        session.execute(update(StaffSession).values(last_seen_at=long_ago))
    assert browser.client.get("/", headers={"X-Live": "1"}).status_code == 200
    assert _last_seen(browser) == long_ago
    assert browser.get("/").status_code == 200
    assert _last_seen(browser) > long_ago
