"""The settings: who sees and changes what; the clinic, its hours, its senders, its keys and the trail.

Seen to fail when: a viewer was shown a colleague's address; staff who are no owners could post; the key stood in the
list; a trail's page asked for each patient by itself; an action of care had no words.
"""

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest
from httpx import Response
from sqlalchemy import event, select, update

from reminders.care import audit
from reminders.care.actors import Actor
from reminders.care.staff.api_keys import find_api_key
from reminders.models import ApiKey, Audit, Clinic, Event, Message, Sender, Staff
from reminders.models.kinds import Channel, Language, Role
from reminders.web.i18n import catalogue
from reminders.web.navigation import SETTINGS
from tests.web.conftest import TODAY, Browser, NewBrowser

CLINIC = {
    "name": "Clinique Aurore",
    "short_name": "Aurore",
    "language": "en",
    "phone": "514 555-0199",
    "address": "2, rue B",
    "booking_url": "https://clinic.example/book",
}
HOURS = {"timezone": "America/Toronto", "opens": "09:00", "closes": "20:00", "province": "QC", "closed_weekdays": "7"}
PATHS = [place.path for place in SETTINGS]


def stored(browser: Browser) -> Clinic:
    with browser.database.read() as session:
        return session.get_one(Clinic, browser.clinic.id)


def trail_of(browser: Browser) -> list[str]:
    with browser.database.read() as session:
        return list(session.scalars(select(Audit.action).order_by(Audit.at, Audit.id)))


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("role", list(Role))
def test_every_page_opens_and_says_where_one_is(
    browser_for: NewBrowser, path: str, role: Role, language: Language
) -> None:
    browser = browser_for(role, language)
    shown = browser.get(path)
    assert shown.status_code == 200
    assert f'href="{path}" aria-current="page"' in shown.text
    for other in (*PATHS, "/sending", "/on-call", "/protocols"):
        assert f'href="{other}"' in shown.text


@pytest.mark.parametrize("path", ["/settings", "/settings/hours", "/settings/people", "/settings/keys"])
def test_staff_who_are_no_owners_change_nothing(browser_for: NewBrowser, path: str) -> None:
    nurse = browser_for(Role.STAFF)
    assert '<form method="post" action="/settings' not in nurse.get(path).text
    assert nurse.post(path, CLINIC | HOURS | {"email": "x@y.example"}).status_code == 403
    assert nurse.post("/settings/senders/email/test").status_code == 403
    assert nurse.get("/settings/trail.csv").status_code == 403


def test_a_viewer_sees_no_addresses_and_no_keys(browser_for: NewBrowser) -> None:
    viewer = browser_for(Role.VIEWER)
    with viewer.database.begin() as session:
        session.execute(update(Staff).values(phone="+15145550177"))
        session.add(ApiKey(clinic_id=viewer.clinic.id, name="Jane", key_hash="0", scopes=[], created_at=TODAY))
        address = session.scalars(select(Sender.address).where(Sender.channel == Channel.EMAIL)).one()
    pages = [viewer.get(path).text.partition("<main")[2] for path in (*PATHS, f"/settings/people/{viewer.staff.id}")]
    for hidden in (viewer.staff.email, "555-0177", "Jane", address):
        assert not [shown for shown in pages if hidden in shown], hidden


# The clinic.


def test_the_clinic_is_changed(browser: Browser) -> None:
    assert browser.post("/settings", CLINIC).headers["location"] == "/settings?done=saved"
    after = stored(browser)
    assert {name: str(getattr(after, name)) for name in CLINIC} == CLINIC
    assert trail_of(browser) == ["clinic.changed"]
    browser.post("/settings", CLINIC)
    assert trail_of(browser) == ["clinic.changed"], "nothing changed"


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("name", "", "Enter a name."),
        ("phone", "", "Enter the phone number that patients call."),
        ("phone", "12", "Nobody can have this phone number."),
        ("address", "", "each e-mail must name it"),
        ("booking_url", "javascript:alert(1)", "This is not a web address."),
        ("short_name", "x" * 41, "40 characters at most"),
        ("language", "de", "Choose English or French."),
    ],
)
def test_a_clinic_that_cannot_be_is_asked_again(browser: Browser, field: str, typed: str, said: str) -> None:
    answer = browser.post("/settings", CLINIC | {field: typed})
    assert (answer.status_code, said in unescape(answer.text)) == (422, True)
    assert stored(browser).name == "Clinique Lumière"


def test_a_name_that_makes_texts_too_long_is_said(browser: Browser) -> None:
    assert "microneedling" not in browser.get("/settings").text
    browser.post("/settings", CLINIC | {"short_name": "Clinique de l’Hôtel-Dieu"})
    assert 'href="/protocols/' in browser.get("/settings").text.partition("notice warn")[2]


# Hours.


def test_hours_are_changed_and_the_page_says_that_what_is_planned_follows(browser: Browser) -> None:
    shown = unescape(browser.get("/settings/hours").text)
    assert "Saint-Jean-Baptiste Day" in shown
    assert "New Year" in shown, "next year's"
    assert 'value="2026-01-01"' not in shown, "it is past"
    answer = browser.post("/settings/hours", HOURS | {"closed_dates": "2026-06-24", "opens": "10:00"})
    assert answer.headers["location"] == "/settings/hours?done=hours"
    assert (str(stored(browser).opens), stored(browser).closed_dates) == ("10:00:00", ["2026-06-24"])
    after = browser.get("/settings/hours").text
    assert "The hours have just been changed." in after
    assert re.search(r'value="2026-06-24" checked', after)
    with browser.database.begin() as session:
        session.execute(update(Event).values(handled_at=TODAY))
    assert "The hours have just been changed." not in browser.get("/settings/hours").text


def test_several_days_are_ticked_and_others_added(browser: Browser) -> None:
    body = "&".join(f"{name}={value}" for name, value in HOURS.items())
    body += "&closed_dates=2026-06-24&closed_dates=2026-07-01&first=2026-08-03&last=2026-08-04"
    sent = browser.client.post(
        "/settings/hours",
        content=f"csrf_token={browser.csrf_token}&{body}",
        headers={"content-type": "application/x-www-form-urlencoded"},
    )
    assert sent.status_code == 303
    assert stored(browser).closed_dates == ["2026-06-24", "2026-07-01", "2026-08-03", "2026-08-04"]
    shown = browser.get("/settings/hours").text
    assert shown.count("checked") == 5, "Sunday, two holidays and two days of the clinic's own"


def test_hours_that_cannot_be_are_asked_again_as_typed(browser: Browser) -> None:
    answer = browser.post("/settings/hours", HOURS | {"opens": "06:30", "closed_dates": "2026-06-24"})
    assert answer.status_code == 422
    assert "Choose a time from 8:00 to 21:00." in answer.text
    assert 'value="06:30"' in answer.text
    assert 'value="2026-06-24" checked' in answer.text
    assert stored(browser).closed_dates == []


def test_another_province_offers_its_own_holidays(browser: Browser) -> None:
    browser.post("/settings/hours", HOURS | {"province": "AB"})
    assert "Heritage Day" in browser.get("/settings/hours").text


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../etc"])
def test_a_zone_that_is_none_is_refused(browser: Browser, zone: str) -> None:
    assert browser.post("/settings/hours", HOURS | {"timezone": zone}).status_code == 422


# Senders.


def test_a_test_goes_to_who_asks_and_what_became_of_it_is_told(browser: Browser) -> None:
    assert browser.post("/settings/senders/sms/test").status_code == 422, "no phone on file"
    with browser.database.begin() as session:
        session.execute(update(Staff).values(phone="+15145550177"))
    for channel in ("sms", "email"):
        assert browser.post(f"/settings/senders/{channel}/test").headers["location"] == "/settings/senders?done=tested"
        browser.post(f"/settings/senders/{channel}/test")
    with browser.database.read() as session:
        found = session.scalars(select(Message).order_by(Message.created_at, Message.id)).all()
    assert sorted((m.channel, m.template, m.staff_id) for m in found) == sorted(
        (channel, "alert:sender", browser.staff.id) for channel in Channel
    ), "one a minute of each"
    assert browser.get("/settings/senders").text.count("Your test of") == 2
    assert trail_of(browser) == ["sender.tested", "sender.tested"]


def test_no_other_channel_is_known(browser: Browser) -> None:
    assert browser.post("/settings/senders/fax/test").status_code in {404, 422}


def test_where_a_sender_comes_from_is_said(browser: Browser) -> None:
    assert browser.get("/settings/senders").text.count("This comes from the sandbox") == 2
    with browser.database.begin() as session:
        session.execute(update(Sender).where(Sender.channel == Channel.SMS).values(credentials={"token": "x"}))
    shown = browser.get("/settings/senders").text
    assert shown.count("This comes from the sandbox") == 1
    assert shown.count("the clinic’s own") == 1


# Keys.


def _secret(answer: Response) -> str:
    found = re.search(r'id="secret"[^>]*value="([^"]+)"', answer.text)
    assert found, answer.text
    return unescape(found[1])


def test_a_key_is_shown_once_works_and_is_revoked(browser: Browser) -> None:
    made = browser.post("/settings/keys", {"name": "Jane", "lasts": "quarter"})
    assert (made.status_code, made.headers["cache-control"]) == (200, "no-store")
    key = _secret(made)
    assert key not in browser.get("/settings/keys").text
    asked = {"Authorization": f"Bearer {key}"}
    assert browser.client.get("/api/v1/patients", headers=asked).status_code == 200
    assert "Last used" in browser.get("/settings/keys").text
    with browser.database.read() as session:
        row = session.scalars(select(ApiKey)).one()
        assert row.expires_at is not None
        assert abs(row.expires_at - TODAY - timedelta(days=90)) < timedelta(minutes=5)
        assert find_api_key(session, key, row.expires_at) is None
    assert browser.post(f"/settings/keys/{row.id}/revoke").status_code == 303
    assert browser.client.get("/api/v1/patients", headers=asked).status_code == 401
    browser.post(f"/settings/keys/{row.id}/revoke")
    assert trail_of(browser) == ["api_key.made", "api_key.revoked"]
    assert "revoked on" in browser.get("/settings/keys").text


@pytest.mark.parametrize("fields", [{"name": ""}, {"name": "x" * 121}, {"name": "Jane", "lasts": "century"}])
def test_a_key_that_cannot_be_is_refused(browser: Browser, fields: dict[str, str]) -> None:
    assert browser.post("/settings/keys", fields).status_code == 422
    with browser.database.read() as session:
        assert session.scalars(select(ApiKey)).all() == []


# The trail.


def note(browser: Browser, count: int, action: str = "ticket.closed") -> None:
    with browser.database.begin() as session:
        actor = Actor(browser.clinic.id, "form", browser.staff.id)
        for n in range(count):
            at = TODAY - timedelta(minutes=n)
            audit.note(session, actor, action, action.partition(".")[0], None, at, {"outcome": "called"})


def rows_of(shown: str) -> int:
    return shown.count('<tr><td class="soft">')


def test_the_trail_goes_back_page_by_page(browser: Browser) -> None:
    note(browser, 120)
    shown, seen = browser.get("/settings/trail"), []
    for _ in range(5):
        seen.append(rows_of(shown.text))
        older = re.search(r'href="([^"]+before=[^"]+)"', shown.text)
        if not older:
            break
        shown = browser.get(unescape(older[1]))
    assert seen == [50, 50, 20]


def test_entries_of_one_moment_are_neither_lost_nor_doubled(browser: Browser) -> None:
    with browser.database.begin() as session:
        for n in range(75):
            actor = Actor(browser.clinic.id, "form", browser.staff.id)
            audit.note(session, actor, f"ticket.n{n:02}", "ticket", None, TODAY)
    first = browser.get("/settings/trail").text
    older = re.search(r'href="([^"]+before=[^"]+)"', first)
    assert older
    found = re.findall(r"ticket\.n\d\d", first + browser.get(unescape(older[1])).text)
    assert (len(found), len(set(found))) == (75, 75)


def test_the_trail_is_filtered_by_person_kind_and_day(browser: Browser) -> None:
    note(browser, 3)
    note(browser, 2, "patient.seen")
    with browser.database.begin() as session:
        session.execute(update(Audit).where(Audit.action == "patient.seen").values(staff_id=None))
    assert rows_of(browser.get(f"/settings/trail?person={browser.staff.id}").text) == 3
    assert rows_of(browser.get("/settings/trail?kind=patients").text) == 2
    assert rows_of(browser.get("/settings/trail?day=2026-03-10").text) == 5
    assert rows_of(browser.get("/settings/trail?day=2026-03-09").text) == 0
    assert rows_of(browser.get("/settings/trail?person=x&kind=y&day=0001-01-01&before=z").text) == 5


@pytest.mark.parametrize("language", list(Language))
def test_the_trail_says_in_words_what_was_done_to_whom(browser_for: NewBrowser, language: Language) -> None:
    browser, texts = browser_for(language=language), catalogue(language)
    patient = browser.add_patient()
    browser.get(f"/patients/{patient.id}")
    browser.post("/settings/hours", HOURS | {"closed_dates": "2026-06-24", "closes": "18:00"})
    shown = unescape(browser.get("/settings/trail").text)
    assert texts.text("deed.patient.seen") in shown
    assert f'<a href="/patients/{patient.id}">Marie Tremblay</a>' in shown
    assert texts.text("deed.clinic.hours_changed") in shown
    assert texts.text("field_name.closes") + " 18:00" in shown
    assert ("June 24, 2026" if language is Language.EN else "24 juin 2026") in shown
    note(browser, 1, "ticket.juggled")
    assert "ticket.juggled" in browser.get("/settings/trail").text, "an action without words stands as it is"


def test_the_file_names_no_patient_and_computes_nothing(browser: Browser) -> None:
    patient = browser.add_patient()
    browser.get(f"/patients/{patient.id}")
    with browser.database.begin() as session:
        session.merge(browser.staff, load=False).name = "=1+1"
    answer = browser.get("/settings/trail.csv?kind=patients")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "Marie" not in answer.text
    assert str(patient.id) in answer.text
    assert '"\'=1+1"' in answer.text
    assert trail_of(browser)[-1] == "audit.exported"


@pytest.fixture
def statements(browser: Browser) -> Iterator[list[str]]:
    """What the database is asked, from now on."""
    asked: list[str] = []

    def note_it(*given: object) -> None:
        asked.append(str(given[2]))

    event.listen(browser.database.engine, "before_cursor_execute", note_it)
    yield asked
    event.remove(browser.database.engine, "before_cursor_execute", note_it)


def test_a_page_of_the_trail_asks_as_much_however_long_it_is(browser: Browser, statements: list[str]) -> None:
    counts = []
    for n in range(3):
        for one in range(4):
            patient = browser.add_patient(phone=f"514-555-01{n * 10 + one + 10}")
            browser.get(f"/patients/{patient.id}")
        statements.clear()
        browser.get("/settings/trail")
        counts.append(len(statements))
    assert len(set(counts)) == 1, counts


def test_every_action_that_care_notes_has_words() -> None:
    folder = Path(__file__).parents[2] / "reminders" / "care"
    found = {
        action
        for path in folder.rglob("*.py")
        for action in re.findall(r'"([a-z_]+\.[a-z_]+)", \(?"[a-z_]+"', path.read_text(encoding="utf-8"))
    }
    assert {"staff.disabled", "clinic.hours_changed", "treatment.recorded", "reply.assigned"} <= found
    assert not {action for action in found if not catalogue(Language.EN).has(f"deed.{action}")}
