"""Every route asks who is there, but for those listed here on purpose."""

import inspect
import re
from collections.abc import Iterator
from uuid import uuid4

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.testclient import TestClient

from reminders.models.kinds import Role
from tests.web.conftest import Browser, NewBrowser

OPEN = {
    "/healthz",
    "/readyz",
    "/metrics",
    "/sign-in",
    "/sign-in/{token}",
    "/c/{token}",
    "/u/{token}",
    "/u/{token}/again",
}
"""Pages for anybody. Webhooks prove themselves by signature, the API by key: their own tests see to them."""

OTHERS = ("/api/", "/webhooks/", "/sandbox/", "/2010-04-01/")
OWN_FORMS = {"/sign-out", "/account", "/account/password", "/patients", "/inbox"}
"""What a viewer may send: it is about themselves, or searches."""

_BLANK = re.compile(r"\{(\w+)(?::\w+)?\}")


def staff_routes(app: FastAPI) -> Iterator[tuple[str, str]]:
    """Method and path of every page for staff."""
    for route in iter_route_contexts(app.routes):
        path, methods = route.path or "", route.methods or set()
        if path not in OPEN and not path.startswith(OTHERS):
            yield from ((method, path) for method in sorted(methods))


def filled(path: str) -> str:
    """A path with ids in its blanks."""
    return _BLANK.sub(lambda blank: "sms" if blank[1] == "channel" else str(uuid4()), path)


def test_there_are_routes_to_walk(app: FastAPI) -> None:
    found = set(staff_routes(app))
    assert {("GET", "/"), ("POST", "/treatments/new"), ("POST", "/tickets/{ticket_id}/close")} <= found
    assert len(found) >= 19


def test_every_page_sends_a_stranger_to_sign_in(app: FastAPI, stranger: TestClient) -> None:
    for method, path in staff_routes(app):
        answer = stranger.request(method, filled(path))
        assert (answer.status_code, answer.headers["location"].split("?")[0]) == (303, "/sign-in"), (method, path)


def test_a_made_up_cookie_is_a_stranger(app: FastAPI) -> None:
    client = TestClient(app, follow_redirects=False, cookies={"session": "A" * 43})
    assert client.get("/").headers["location"] == "/sign-in"


def test_every_form_needs_its_token(app: FastAPI, browser: Browser) -> None:
    for method, path in staff_routes(app):
        if method == "POST":
            assert browser.client.post(filled(path)).status_code == 403, path
            assert browser.client.post(filled(path), data={"csrf_token": "é" + browser.csrf_token}).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
    ],
)
def test_a_form_from_another_site_is_refused(browser: Browser, headers: dict[str, str]) -> None:
    answer = browser.client.post("/sign-out", data={"csrf_token": browser.csrf_token}, headers=headers)
    assert answer.status_code == 403
    assert browser.get("/").status_code == 200


def test_our_own_origin_is_accepted(browser: Browser) -> None:
    headers = {"origin": "http://testserver", "sec-fetch-site": "same-origin"}
    answer = browser.client.post("/sign-out", data={"csrf_token": browser.csrf_token}, headers=headers)
    assert answer.status_code == 303


def test_a_viewer_may_look_but_not_change(app: FastAPI, browser_for: NewBrowser) -> None:
    viewer = browser_for(role=Role.VIEWER)
    assert "treatments/new" not in viewer.get("/").text
    for method, path in staff_routes(app):
        if method == "POST" and path not in OWN_FORMS:
            assert viewer.post(filled(path)).status_code == 403, path


def test_after_signing_in_one_comes_back_to_the_page_asked_for(stranger: TestClient) -> None:
    answer = stranger.get(f"/patients/{uuid4()}")
    assert answer.headers["location"].startswith("/sign-in?next=%2Fpatients%2F")


def test_every_endpoint_is_a_plain_function(app: FastAPI) -> None:
    """The pool of threads serves them: an `async def` that asks the database would stop everybody."""
    routes = list(iter_route_contexts(app.routes))
    assert routes
    assert not [route.path for route in routes if inspect.iscoroutinefunction(route.endpoint)]
