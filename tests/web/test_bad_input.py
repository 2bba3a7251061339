"""Whatever is posted: a 4xx, a message beside the field in the reader's language, and all that was typed kept."""

import re
from html import unescape

import pytest
from fastapi import FastAPI
from httpx import Response
from sqlalchemy import func, select
from starlette.testclient import TestClient

from reminders.models import Patient, Treatment
from reminders.models.kinds import Language
from reminders.web.access import Reader
from reminders.web.i18n import catalogue
from tests.web.conftest import Browser, NewBrowser
from tests.web.test_access import filled, staff_routes

GOOD = {
    "action": "preview",
    "patient_id": "new",
    "given_name": "Ada",
    "family_name": "Roy-Côté",
    "language": "en",
    "phone": "514 555-0134",
    "email": "ada@example.com",
    "protocol_key": "microneedling",
    "treated_on": "2026-03-10",
    "treated_time": "10:30",
    "provider": "Dre Beaulieu",
    "consent_sms": "yes",
    "details.device": "Pen 3",
}

WRONG = [
    ("phone", "12", "phone_impossible", {}),
    ("phone", "514-555-0134 ext 5", "phone_impossible", {}),
    ("email", "ada@", "email_impossible", {}),
    ("email", "a b@example.com", "email_impossible", {}),
    ("given_name", "Ada\x07", "control_characters", {}),
    ("given_name", "A" * 81, "too_long", {"limit": "80"}),
    ("given_name", "1234", "name_unreadable", {}),
    ("birth_date", "2027-01-01", "birth_date_in_future", {}),
    ("birth_date", "1726-03-10", "birth_date_far_past", {}),
    ("language", "de", "language_unknown", {}),
    ("treated_on", "1726-03-10", "date_far_past", {"days": "365"}),
    ("treated_on", "2326-03-10", "treatment_in_future", {}),
    ("treated_on", "2026-03-11", "treatment_in_future", {}),
    ("treated_on", "2026-02-30", "date_unreadable", {}),
    ("treated_on", "0000-00-00", "date_unreadable", {}),
    ("treated_on", "", "date_missing", {}),
    ("treated_time", "25:99", "time_unreadable", {}),
    ("protocol_key", "nothing", "protocol_unknown", {}),
    ("details.device", "x" * 121, "too_long", {"limit": "120"}),
]


def beside(answer: Response, field: str) -> str:
    """The message beside a field, tied to its input."""
    found = re.search(rf'id="{re.escape(field)}-error">(.*?)</p>', answer.text, re.DOTALL)
    assert found, f"nothing beside {field}"
    assert f'href="#{field}"' in answer.text, "not in the summary"
    return unescape(re.sub(r"<[^>]+>", "", found[1])).strip()


def typed(answer: Response, field: str) -> str:
    """What an input holds."""
    found = re.search(rf'<input[^>]*name="{re.escape(field)}"[^>]*value="([^"]*)"', answer.text)
    assert found, f"no input {field}"
    return unescape(found[1])


@pytest.mark.parametrize(("field", "value", "key", "params"), WRONG)
@pytest.mark.parametrize("language", list(Language))
def test_what_is_wrong_is_said_beside_its_field(
    browser_for: NewBrowser, language: Language, field: str, value: str, key: str, params: dict[str, str]
) -> None:
    browser = browser_for(language=language)
    for action in ("preview", "save"):
        answer = browser.post("/treatments/new", GOOD | {field: value, "action": action})
        assert answer.status_code == 422
        assert beside(answer, field).endswith(catalogue(language).text(f"problem.{key}", **params))
        assert typed(answer, "family_name") == "Roy-Côté"
        assert typed(answer, "provider") == "Dre Beaulieu"
        assert re.search(r'<input[^>]*name="consent_sms"[^>]*checked', answer.text)
        if field not in {"language", "protocol_key"}:
            assert typed(answer, field) == value
    with browser.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Patient)) == 0


def test_a_time_that_the_clocks_skipped(browser: Browser) -> None:
    answer = browser.post("/treatments/new", GOOD | {"treated_on": "2026-03-08", "treated_time": "02:30"})
    assert answer.status_code == 422
    assert "skipped" in beside(answer, "treated_time")


def test_all_that_is_wrong_is_said_at_once(browser: Browser) -> None:
    answer = browser.post("/treatments/new", GOOD | {"phone": "12", "email": "no", "treated_on": "2326-01-01"})
    assert {bool(beside(answer, field)) for field in ("phone", "email", "treated_on")} == {True}


@pytest.mark.parametrize("patient_id", ["", "nobody", "01a20376-5817-7e3b-ab83", "None"])
def test_a_patient_must_be_chosen(browser: Browser, patient_id: str) -> None:
    answer = browser.post("/treatments/new", GOOD | {"patient_id": patient_id})
    assert answer.status_code == 422
    assert "Find and choose" in beside(answer, "patient_id")


def test_consent_without_an_address(browser: Browser) -> None:
    answer = browser.post("/treatments/new", GOOD | {"phone": "", "consent_sms": "yes"})
    assert answer.status_code == 422
    assert "no address" in beside(answer, "consent_sms")


def test_a_bad_date_for_a_move_keeps_what_was_typed(browser: Browser) -> None:
    treatment = browser.add_treatment(browser.add_patient())
    wrong = {"treated_on": "2326-03-10", "treated_time": "10:00"}
    answer = browser.post(f"/treatments/{treatment.id}/move", wrong)
    assert answer.status_code == 422
    assert "future" in beside(answer, "treated_on")
    assert typed(answer, "treated_on") == "2326-03-10"


def test_cancelling_needs_a_reason(browser: Browser) -> None:
    treatment = browser.add_treatment(browser.add_patient())
    for reason in ("", "x" * 201, "a\x07b"):
        answer = browser.post(f"/treatments/{treatment.id}/cancel", {"reason": reason})
        assert answer.status_code == 422
        assert beside(answer, "reason")


def test_a_bad_edit_keeps_what_was_typed(browser: Browser) -> None:
    patient = browser.add_patient()
    typed_in = {"given_name": "Marie", "phone": "12", "timezone": "Mars/Base"}
    answer = browser.post(f"/patients/{patient.id}/edit", typed_in)
    assert answer.status_code == 422
    assert "Nobody can have" in beside(answer, "phone")
    assert "no such time zone" in beside(answer, "timezone")
    assert typed(answer, "phone") == "12"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=yesterday&to=2026-03-10", "from"),
        ("from=2026-03-10&to=2026-03-01", "to"),
        ("from=2020-01-01&to=2026-03-01", "to"),
        ("from=0001-01-01&to=9999-12-31", "from"),
        ("from=2026-01-01&to=", "to"),
    ],
)
def test_a_period_that_cannot_be(browser: Browser, query: str, field: str) -> None:
    answer = browser.get(f"/reports/replies?{query}")
    assert answer.status_code == 422
    assert beside(answer, field)


def test_ten_megabytes(app: FastAPI, browser: Browser) -> None:
    body = b"given_name=" + b"x" * 10_000_000
    headers = {"content-type": "application/x-www-form-urlencoded"}
    for method, path in staff_routes(app):
        if method == "POST":
            answer = browser.client.post(filled(path), content=body, headers=headers)
            assert answer.status_code == 413, path
    assert "larger than 1 MB" in answer.text


def test_ten_megabytes_that_do_not_say_so(browser: Browser) -> None:
    chunks = (b"x" * 100_000 for _ in range(100))
    answer = browser.client.post(
        "/sign-out", content=chunks, headers={"content-type": "application/x-www-form-urlencoded"}
    )
    assert answer.status_code == 413


@pytest.mark.parametrize("body", [b"csrf_token=%FF%FE", b"given_name=\xff\xfe", b"given_name=%ED%A0%80", b"q=a%00b"])
def test_a_form_that_is_not_text(app: FastAPI, browser: Browser, body: bytes) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    for method, path in staff_routes(app):
        if method == "POST":
            answer = browser.client.post(filled(path), content=body, headers=headers)
            assert answer.status_code == 400, path
    assert "cannot be read" in answer.text


def test_too_many_fields(browser: Browser) -> None:
    assert browser.post("/treatments/new", {f"field{n}": "x" for n in range(300)}).status_code == 400


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=x", "text/plain"])
def test_another_kind_of_body(browser: Browser, kind: str) -> None:
    answer = browser.client.post("/treatments/new", content=b"{}", headers={"content-type": kind})
    assert answer.status_code == 415


@pytest.mark.parametrize("path", ["/patients?q=%FF", "/patients?q=a%00b", "/patients/%FF", "/sign-in/%FF", "/u/%FF%FE"])
def test_an_address_that_is_not_text(browser: Browser, path: str) -> None:
    assert browser.get(path).status_code == 400


@pytest.mark.parametrize(
    "path", ["/nowhere", "/patients/nobody", "/treatments/1/move", "/u/nobody", "/static/none.css"]
)
def test_nothing_there(browser: Browser, path: str) -> None:
    assert browser.get(path).status_code == 404


def test_a_method_that_does_not_work_here(browser: Browser) -> None:
    answer = browser.client.put("/patients")
    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]


def test_error_pages_speak_the_readers_language(browser_for: NewBrowser, stranger: TestClient) -> None:
    assert "Page introuvable" in browser_for(language=Language.FR).get("/nowhere").text
    assert "Page not found" in stranger.get("/nowhere", headers={"accept-language": "en-CA"}).text
    assert "Page introuvable" in stranger.get("/nowhere", headers={"accept-language": "fr-CA"}).text


def test_an_exception_becomes_a_page_without_its_text(app: FastAPI, browser: Browser) -> None:
    def broken(member: Reader) -> None:
        raise RuntimeError("Marie Tremblay 514-555-0134")

    app.add_api_route("/broken", broken)
    app.add_api_route("/api/broken", broken)
    answer = browser.get("/broken")
    assert answer.status_code == 500
    assert "Tremblay" not in answer.text
    assert "Reference" in answer.text
    assert answer.headers["content-security-policy"]
    assert browser.get("/api/broken").headers["content-type"] == "application/problem+json"


def test_a_database_that_is_away_is_a_page(app: FastAPI, browser: Browser) -> None:
    class Away:
        def read(self, clinic: object = None) -> None:
            raise ConnectionError

    real, app.state.database = app.state.database, Away()
    answer = browser.get("/")
    app.state.database = real
    assert answer.status_code == 500


def test_programs_get_problems(stranger: TestClient) -> None:
    answer = stranger.get("/api/v9/nothing")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert answer.json()["status"] == 404


def test_script_in_a_name_is_only_text(browser: Browser) -> None:
    patient = browser.add_patient(given_name="<script>alert(1)</script>", family_name='"><img src=x>')
    browser.add_treatment(patient)
    for path in ("/patients", f"/patients/{patient.id}", f"/patients/{patient.id}/edit"):
        answer = browser.get(path)
        assert "<script" not in answer.text
        assert "<img" not in answer.text
    with browser.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Treatment)) == 1
