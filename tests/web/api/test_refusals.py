"""Every wrong request: its status, and problem+json in the caller's language. Never a 5xx."""

import json
import uuid
from typing import Any

from reminders.models.kinds import Language
from reminders.web.i18n import catalogue
from tests.web.api.conftest import PATIENT, System

_AT = "2026-03-10T10:00:00-04:00"
_TREATMENT = {"treated_at": _AT, "protocol": "microneedling"}
_NEW = _TREATMENT | {"patient": PATIENT}


def _without(body: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in body.items() if key != name}


# fmt: off
FIELDS: list[tuple[str, str, Any, str, str]] = [
    ("POST", "/patients", {}, "given_name", "name_missing"),
    ("POST", "/patients", None, "", "field_missing"),
    ("POST", "/patients", [], "", "not_an_object"),
    ("POST", "/patients", "Marie", "", "not_an_object"),
    ("POST", "/patients", PATIENT | {"phone": "12"}, "phone", "phone_impossible"),
    ("POST", "/patients", PATIENT | {"phone": 5145550142}, "phone", "not_text"),
    ("POST", "/patients", PATIENT | {"email": "marie@"}, "email", "email_impossible"),
    ("POST", "/patients", PATIENT | {"given_name": "x" * 81}, "given_name", "too_long"),
    ("POST", "/patients", PATIENT | {"given_name": "a\0b"}, "given_name", "control_characters"),
    ("POST", "/patients", PATIENT | {"given_name": "a\nb"}, "given_name", "control_characters"),
    ("POST", "/patients", PATIENT | {"given_name": "\ud800"}, "given_name", "control_characters"),
    ("POST", "/patients", PATIENT | {"given_name": "12"}, "given_name", "name_unreadable"),
    ("POST", "/patients", PATIENT | {"language": "de"}, "language", "choice_unknown"),
    ("POST", "/patients", PATIENT | {"timezone": "Mars/Olympus"}, "timezone", "timezone_unknown"),
    ("POST", "/patients", PATIENT | {"birth_date": "1990-13-01"}, "birth_date", "birth_date_unreadable"),
    ("POST", "/patients", PATIENT | {"birth_date": "2030-01-01"}, "birth_date", "birth_date_in_future"),
    ("POST", "/patients", PATIENT | {"birth_date": "1690-01-01"}, "birth_date", "birth_date_far_past"),
    ("POST", "/patients", PATIENT | {"consents": ["pigeon"]}, "consents.0", "choice_unknown"),
    ("POST", "/patients", PATIENT | {"consents": "sms"}, "consents", "not_a_list"),
    ("POST", "/patients", PATIENT | {"consents": ["sms"] * 9}, "consents", "too_many"),
    ("POST", "/patients", _without(PATIENT, "email"), "consents", "consent_without_address"),
    ("POST", "/patients", PATIENT | {"confirm_duplicate": "yes"}, "confirm_duplicate", "not_true_or_false"),
    ("POST", "/patients", PATIENT | {"fone": "1"}, "fone", "field_unknown"),
    ("POST", "/patients", PATIENT | {"\n": "1"}, "?", "field_unknown"),
    ("POST", "/patients", PATIENT | {"\ud800": "1"}, "", "control_characters"),
    ("POST", "/treatments", _TREATMENT, "patient_id", "one_patient_needed"),
    ("POST", "/treatments", _NEW | {"patient_id": str(uuid.uuid4())}, "patient_id", "one_patient_needed"),
    ("POST", "/treatments", _NEW | {"patient_id": "7"}, "patient_id", "id_unreadable"),
    ("POST", "/treatments", _NEW | {"patient": PATIENT | {"phone": "12"}}, "patient.phone", "phone_impossible"),
    ("POST", "/treatments", _NEW | {"patient": PATIENT | {"given_name": 1}}, "patient.given_name", "not_text"),
    ("POST", "/treatments", _without(_NEW, "protocol"), "protocol", "field_missing"),
    ("POST", "/treatments", _NEW | {"protocol": "laser"}, "protocol", "protocol_unknown"),
    ("POST", "/treatments", _NEW | {"protocol": " "}, "protocol", "protocol_missing"),
    ("POST", "/treatments", _without(_NEW, "treated_at"), "treated_at", "treated_missing"),
    ("POST", "/treatments", _NEW | {"treated_on": "2026-03-10"}, "treated_at", "treated_twice"),
    ("POST", "/treatments", _NEW | {"treated_at": "2026-03-10T10:00:00"}, "treated_at", "offset_missing"),
    ("POST", "/treatments", _NEW | {"treated_at": "yesterday"}, "treated_at", "moment_unreadable"),
    ("POST", "/treatments", _NEW | {"treated_at": "2026-03-11T10:00:00-04:00"}, "treated_at", "treatment_in_future"),
    ("POST", "/treatments", _NEW | {"treated_at": "2326-03-10T10:00:00-04:00"}, "treated_at", "treatment_in_future"),
    ("POST", "/treatments", _NEW | {"treated_at": "9999-12-31T23:59:59-23:59"}, "treated_at", "treatment_in_future"),
    ("POST", "/treatments", _NEW | {"treated_at": "0001-01-01T00:00:00+23:59"}, "treated_at", "date_far_past"),
    ("POST", "/treatments", _NEW | {"treated_at": "1726-03-10T10:00:00-04:00"}, "treated_at", "date_far_past"),
    ("POST", "/treatments", _NEW | {"treated_at": None, "treated_on": "10/03/2026"}, "treated_on", "date_unreadable"),
    ("POST", "/treatments", _NEW | {"treated_at": None, "treated_on": "2026-03-09T10:00"}, "treated_on",
     "date_unreadable"),
    ("POST", "/treatments", _NEW | {"treated_at": None, "treated_on": "2026-03-08", "treated_time": "02:30"},
     "treated_time", "time_nonexistent"),
    ("POST", "/treatments", _NEW | {"treated_at": None, "treated_on": "2026-03-08", "treated_time": "25:00"},
     "treated_time", "time_unreadable"),
    ("POST", "/treatments", _NEW | {"details": {"mood": "good"}}, "details.mood", "field_unknown"),
    ("POST", "/treatments/preview", _NEW | {"protocol": "laser"}, "protocol", "protocol_unknown"),
    ("POST", "/treatments/preview", _NEW | {"patient": {"given_name": ""}}, "patient.given_name", "name_missing"),
    ("GET", "/patients?limit=0", None, "limit", "number_outside"),
    ("GET", "/patients?limit=101", None, "limit", "number_outside"),
    ("GET", "/patients?limit=ten", None, "limit", "not_a_number"),
    ("GET", "/patients?limit=" + "9" * 5000, None, "limit", "not_a_number"),
    ("GET", "/patients?page=2", None, "page", "field_unknown"),
    ("GET", "/patients?cursor=x", None, "cursor", "cursor_unreadable"),
    ("GET", "/patients?cursor=%C3%A9", None, "cursor", "cursor_unreadable"),
    ("GET", "/treatments?patient_id=7", None, "patient_id", "id_unreadable"),
    ("GET", "/reminders?state=lost", None, "state", "choice_unknown"),
    ("GET", "/tickets?state=lost", None, "state", "choice_unknown"),
    ("GET", "/reports/replies", None, "from", "field_missing"),
    ("GET", "/reports/replies?from=today&to=2026-03-31", None, "from", "date_unreadable"),
    ("GET", "/reports/replies?from=2026-03-31&to=2026-03-01", None, "to", "period_backwards"),
    ("GET", "/reports/replies?from=2024-03-31&to=2026-03-01", None, "to", "period_too_long"),
    ("GET", "/reports/replies?from=0001-01-01&to=9999-12-31", None, "from", "date_outside"),
]
# fmt: on


def test_a_wrong_field_is_named_in_both_languages(system: System) -> None:
    """422, with the field, the key, and a sentence from the catalogue of the language asked for."""
    for wrong in FIELDS:
        for language in Language:
            _check_field(system, wrong, language)


def _check_field(system: System, wrong: tuple[str, str, Any, str, str], language: Language) -> None:
    method, path, body, field, key = wrong
    content = None if method == "GET" else _json(body)
    accepted = f"{language}-CA,{language};q=0.9"
    answer = system.call(method, path, content=content, headers=JSON, language=accepted)
    _is_problem(answer, 422, language)
    found = {error["field"]: error for error in answer.json()["errors"]}
    assert field in found, (wrong, found)
    assert found[field]["key"] == key, wrong
    text = catalogue(language).texts[f"problem.{key}"]
    assert found[field]["message"].startswith(text.partition("{")[0])
    assert "{" not in found[field]["message"], wrong


def _json(body: Any) -> bytes:

    return b"" if body is None else json.dumps(body).encode()


def _is_problem(answer: Any, status: int, language: Language) -> None:
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["content-language"] == language.value
    said = answer.json()
    assert (said["type"], said["status"]) == ("about:blank", status)
    assert said["title"] == catalogue(language).texts[f"api_error.{status}.title"]
    assert said["detail"] == catalogue(language).texts[f"api_error.{status}.detail"]


JSON = {"Content-Type": "application/json"}
_DEEP = b"[" * 100_000 + b"]" * 100_000


UNREADABLE: list[tuple[int, str, str, dict[str, Any]]] = [
    (400, "POST", "/patients", {"content": b"{", "headers": JSON}),
    (400, "POST", "/patients", {"content": b'{"given_name": "\xe9"}', "headers": JSON}),
    (400, "POST", "/patients", {"content": '{"given_name": "Marie"}'.encode("utf-16"), "headers": JSON}),
    (400, "POST", "/patients", {"content": b'{"given_name": "A", "given_name": "B"}', "headers": JSON}),
    (400, "POST", "/patients", {"content": b'{"given_name": NaN}', "headers": JSON}),
    (400, "POST", "/patients", {"content": b'{"phone": ' + b"9" * 5000 + b"}", "headers": JSON}),
    (400, "POST", "/patients", {"content": _DEEP, "headers": JSON}),
    (400, "GET", "/patients?search=%ff", {}),
    (400, "GET", "/patients?search=%00", {}),
    (400, "GET", "/patients/%ff", {}),
    (404, "GET", "/nothing", {}),
    (404, "GET", "/patients/7", {}),
    (404, "GET", f"/patients/{uuid.uuid4()}", {}),
    (400, "GET", "/patients/%00", {}),
    (404, "POST", f"/tickets/{uuid.uuid4()}/acknowledge", {}),
    (405, "DELETE", "/patients", {}),
    (413, "POST", "/patients", {"content": b"[" + b" " * 10_000_000 + b"]", "headers": JSON}),
    (413, "POST", f"/tickets/{uuid.uuid4()}/acknowledge", {"content": b" " * 10_000_000}),
    (415, "POST", "/patients", {"content": b"given_name=Marie"}),
    (415, "POST", "/patients", {"data": {"given_name": "Marie"}}),
    (415, "POST", "/patients", {"content": b"{}", "headers": {"Content-Type": "text/plain"}}),
    (415, "PATCH", f"/patients/{uuid.uuid4()}", {"content": b"{}"}),
]


def test_what_cannot_be_read_or_found(system: System) -> None:
    """400, 404, 405, 413, 415: problem+json as well."""
    for status, method, path, more in UNREADABLE:
        for language in Language:
            answer = system.call(method, path, language=language.value, **more)
            assert answer.status_code == status, (status, method, path)
            _is_problem(answer, status, language)


def test_what_is_there_already_is_named(system: System) -> None:
    """409 with a link to it, until the caller confirms."""
    patient = system.patient()
    done = system.treatment(patient["id"], external_id="T-1")
    link = f"/api/v1/treatments/{done['id']}"
    again = _TREATMENT | {"patient_id": patient["id"]}
    for body in (again, again | {"treated_at": "2026-03-01T10:00:00-05:00", "external_id": "T-1"}):
        answer = system.post("/treatments", body, language="fr")
        assert answer.status_code == 409
        _is_problem(answer, 409, Language.FR)
        assert answer.json()["existing"] == link
    assert system.post("/treatments", again | {"confirm_duplicate": True}).status_code == 201
    owner = f"/api/v1/patients/{patient['id']}"
    stolen = {"given_name": "Luc", "family_name": "Roy", "external_id": "P-1042"}
    for path, body in (
        ("/patients", stolen),
        ("/patients", PATIENT | {"external_id": None}),
        ("/treatments", _TREATMENT | {"patient": stolen}),
    ):
        answer = system.post(path, body)
        assert (answer.status_code, answer.json()["existing"]) == (409, owner)
    twin = system.post("/patients", PATIENT | {"external_id": None, "confirm_duplicate": True})
    assert twin.status_code == 201
    taken = system.patch(f"/patients/{twin.json()['id']}", {"external_id": "P-1042"})
    assert (taken.status_code, taken.json()["existing"]) == (409, owner)


def test_a_move_to_a_day_that_is_taken(system: System) -> None:
    """409 on PATCH, too; and cancelling and moving at once is refused."""
    patient = system.patient()
    first = system.treatment(patient["id"])
    second = system.treatment(patient["id"], treated_at="2026-03-09T10:00:00-04:00")
    path = f"/treatments/{second['id']}"
    answer = system.patch(path, {"treated_on": "2026-03-10", "treated_time": "09:00"})
    assert (answer.status_code, answer.json()["existing"]) == (409, f"/api/v1/treatments/{first['id']}")
    for body, key in (
        ({"state": "cancelled", "treated_on": "2026-03-08"}, "cancel_or_move"),
        ({"reason": "why"}, "field_missing"),
        ({}, "treated_missing"),
        ({"state": "paused"}, "choice_unknown"),
        ({"state": "active"}, "not_superseded"),
        ({"state": "active", "reason": "why"}, "cancel_or_move"),
    ):
        answer = system.patch(path, body)
        assert (answer.status_code, answer.json()["errors"][0]["key"]) == (422, key)


def test_a_consent_needs_its_address(system: System) -> None:
    """422 on the channel."""
    patient = system.patient(email=None, consents=[])
    answer = system.post(f"/patients/{patient['id']}/consents", {"channel": "email", "granted": True})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["key"] == "consent_without_address"
    assert answer.json()["errors"][0]["field"] == "channel"
