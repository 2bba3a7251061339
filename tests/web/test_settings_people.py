"""The clinic's people, as an owner looks after them: nobody locks themselves out, and whoever leaves is out at once.

Seen to fail when: an owner could demote themselves; two owners who disabled each other at one moment both did; a new
link left the old one working; whoever was disabled stayed on call.
"""

import re
import threading
import uuid
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import Response
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from reminders.care import staff as care_staff
from reminders.care.actors import Actor
from reminders.care.alerts import staff_of
from reminders.care.staff import people
from reminders.models import Audit, Staff
from reminders.models.kinds import Language, Role
from tests.web.conftest import TODAY, Browser, NewBrowser, csrf_of

NORA = {
    "name": "Nora Diallo",
    "email": "nora@clinic.example",
    "role": "staff",
    "language": "fr",
    "phone": "514 555-0178",
    "on_call": "yes",
}
_HEAD_START = 0.4
"""Seconds for which the first keeps its transaction open, so that the second meets it there."""


def link_of(answer: Response) -> str:
    found = re.search(r'id="secret"[^>]*value="[^"]*(/sign-in/[^"]+)"', answer.text)
    assert found, answer.text
    return unescape(found[1])


def invited(browser: Browser, **given: str) -> tuple[Staff, str]:
    """Somebody new, and their link."""
    answer = browser.post("/settings/people", NORA | given)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    return found(browser, (NORA | given)["name"]), link_of(answer)


def found(browser: Browser, name: str) -> Staff:
    with browser.database.read(clinic=browser.clinic.id) as session:
        return next(one for one in session.scalars(select(Staff)) if one.name == name)


def come_in(app: FastAPI, link: str) -> TestClient:
    """A browser that follows a link; signed in if it still works."""
    client = TestClient(app, follow_redirects=False)
    client.post(link, data={"csrf_token": csrf_of(client.get(link).text)})
    return client


def is_in(client: TestClient) -> bool:
    return bool(client.get("/").status_code == 200)


def trail_of(browser: Browser) -> list[tuple[str, Any]]:
    with browser.database.read() as session:
        noted = session.execute(select(Audit.action, Audit.subject_id).order_by(Audit.at, Audit.id))
        return [(action, subject) for action, subject in noted]


def test_a_colleague_is_invited_comes_in_and_is_out_at_once(app: FastAPI, browser: Browser) -> None:
    nora, link = invited(browser)
    assert (nora.role, nora.language, nora.phone, nora.on_call) == (Role.STAFF, Language.FR, "+15145550178", True)
    assert "invited, link valid until" in browser.get("/settings/people").text
    assert link.rpartition("/")[2] not in browser.get("/settings/people").text
    client = come_in(app, link)
    assert is_in(client)
    assert not is_in(come_in(app, link)), "it works once"
    assert "invited, link" not in browser.get("/settings/people").text
    assert browser.post(f"/settings/people/{nora.id}/disable").headers["location"] == "/settings/people?done=disabled"
    assert not is_in(client)
    assert "disabled since" in browser.get("/settings/people").text
    with browser.database.read() as session:
        assert {one.id for one in staff_of(session, browser.clinic.id)} == {browser.staff.id}
    browser.post(f"/settings/people/{nora.id}/disable")
    browser.post(f"/settings/people/{nora.id}/enable")
    assert not is_in(client), "sessions of before stay over"
    assert not found(browser, "Nora Diallo").on_call
    deeds = ["staff.invited", "staff.disabled", "staff.enabled"]
    assert trail_of(browser) == [(deed, nora.id) for deed in deeds]


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("name", "", "Enter a name."),
        ("email", "nobody", "This cannot be an e-mail address."),
        ("role", "boss", "Choose a role."),
        ("language", "de", "Choose English or French."),
        ("phone", "1", "Nobody can have this phone number."),
    ],
)
def test_whoever_cannot_be_invited_is_asked_again(browser: Browser, field: str, typed: str, said: str) -> None:
    answer = browser.post("/settings/people", NORA | {field: typed})
    assert (answer.status_code, said in unescape(answer.text)) == (422, True)
    assert answer.text.count('<div class="who">') == 1


def test_one_address_signs_in_to_one_clinic(browser: Browser) -> None:
    invited(browser)
    answer = browser.post("/settings/people", NORA)
    assert (answer.status_code, "signs in already" in answer.text) == (422, True)


def test_a_new_link_ends_those_before(app: FastAPI, browser: Browser) -> None:
    nora, first = invited(browser)
    second = link_of(browser.post(f"/settings/people/{nora.id}/link"))
    assert not is_in(come_in(app, first))
    assert is_in(come_in(app, second))
    browser.post(f"/settings/people/{nora.id}/disable")
    refused = browser.post(f"/settings/people/{nora.id}/link")
    assert (refused.status_code, "Let them in again first" in refused.text) == (422, True)


def test_a_link_of_whoever_is_disabled_lets_nobody_in(app: FastAPI, browser: Browser) -> None:
    nora, link = invited(browser)
    browser.post(f"/settings/people/{nora.id}/disable")
    browser.post(f"/settings/people/{nora.id}/enable")
    assert not is_in(come_in(app, link)), "not even once they may come in again"


def test_sessions_are_ended_everywhere(app: FastAPI, browser: Browser) -> None:
    nora, link = invited(browser)
    client = come_in(app, link)
    browser.post(f"/settings/people/{nora.id}/sign-out")
    assert not is_in(client)
    assert is_in(come_in(app, link_of(browser.post(f"/settings/people/{nora.id}/link")))), "they may come again"


def test_what_somebody_may_do_holds_from_the_next_page(app: FastAPI, browser: Browser) -> None:
    nora, link = invited(browser)
    client = come_in(app, link)
    fields = NORA | {"role": "viewer", "phone": ""}
    fields.pop("on_call")
    assert browser.post(f"/settings/people/{nora.id}", fields).status_code == 303
    assert 'href="/treatments/new"' not in client.get("/").text
    after = found(browser, "Nora Diallo")
    assert (after.role, after.phone, after.on_call) == (Role.VIEWER, None, False)
    with browser.database.read() as session:
        detail = session.scalars(select(Audit.detail).where(Audit.action == "staff.changed")).one()
    assert detail == {"source": "form", "fields": ["on_call", "phone", "role"], "role": "viewer"}
    browser.post(f"/settings/people/{nora.id}", fields)
    assert [action for action, _ in trail_of(browser)].count("staff.changed") == 1


def test_nobody_demotes_disables_or_signs_out_themselves(browser: Browser) -> None:
    own = f"/settings/people/{browser.staff.id}"
    fields = NORA | {"name": "Camille Roy"}
    demoted = browser.post(own, fields)
    assert (demoted.status_code, "cannot change your own role" in demoted.text) == (422, True)
    for deed in ("disable", "sign-out"):
        assert browser.post(f"{own}/{deed}").status_code == 422
    assert browser.get("/settings/people").status_code == 200
    assert browser.post(own, fields | {"role": "owner", "name": "Camille R."}).status_code == 303
    assert found(browser, "Camille R.").role is Role.OWNER
    assert "/disable" not in browser.get(own).text


def second_owner(browser: Browser) -> Staff:
    return invited(browser, role="owner")[0]


_Deed = Callable[[Session, Actor, uuid.UUID], None]


def _disable(session: Session, actor: Actor, whom: uuid.UUID) -> None:
    people.disable(session, actor, whom, TODAY)


def _demote(session: Session, actor: Actor, whom: uuid.UUID) -> None:
    typed = care_staff.NewStaff("Somebody", "x@clinic.example", "viewer")
    people.change(session, actor, whom, typed, TODAY)


@pytest.mark.parametrize("first", [_disable, _demote])
@pytest.mark.parametrize("second", [_disable, _demote])
def test_two_owners_who_put_each_other_out_at_one_moment_leave_one(
    browser: Browser, first: _Deed, second: _Deed
) -> None:
    nora, acted, errors = second_owner(browser), threading.Event(), []
    ours, hers = (Actor(browser.clinic.id, "form", one.id) for one in (browser.staff, nora))

    def later() -> None:
        acted.wait(10)
        try:
            with browser.database.begin(clinic=browser.clinic.id) as session:
                second(session, hers, browser.staff.id)
        except Exception as error:
            errors.append(str(error))

    thread = threading.Thread(target=later)
    thread.start()
    with browser.database.begin(clinic=browser.clinic.id) as session:
        first(session, ours, nora.id)
        session.flush()
        acted.set()
        thread.join(_HEAD_START)
    thread.join(30)
    assert errors == ["person: not_owner"]
    with browser.database.read() as session:
        left = session.scalars(select(Staff.id).where(Staff.role == Role.OWNER, Staff.disabled_at.is_(None))).all()
    assert left == [browser.staff.id]


def test_people_are_listed_by_name_with_how_far_they_have_come(browser_for: NewBrowser) -> None:
    browser = browser_for()
    for n in range(3):
        invited(browser, name=f"Nora {n}", email=f"nora{n}@clinic.example")
    with browser.database.read(clinic=browser.clinic.id) as session:
        listed = people.people(session, browser.clinic.id, TODAY)
    assert [one.staff.name for one in listed] == ["Camille Roy", "Nora 0", "Nora 1", "Nora 2"]
    assert [one.has_come_in for one in listed] == [True, False, False, False]
