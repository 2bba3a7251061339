"""The carrier's answers, held against Twilio's public OpenAPI document."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from openapi_core import OpenAPI
from openapi_core.testing import MockRequest, MockResponse

from reminders.settings import SANDBOX_ACCOUNT
from tests.reminders.sandbox.conftest import PATIENT, Running, eventually

_DOCUMENT = Path(__file__).parents[4] / "shared" / "data" / "twilio_messages_openapi.json"
_BASE = f"/2010-04-01/Accounts/{SANDBOX_ACCOUNT}/Messages"

pytestmark = pytest.mark.skipif(
    not _DOCUMENT.is_file(), reason="Twilio's OpenAPI document (not ours to copy) is not beside this checkout"
)


@pytest.fixture(scope="module")
def document() -> OpenAPI:
    """Twilio's document."""
    return OpenAPI.from_dict(json.loads(_DOCUMENT.read_text(encoding="utf-8")))


def _call(sandbox: Running, method: str, path: str, **more: Any) -> httpx.Response:
    auth = (SANDBOX_ACCOUNT, sandbox.settings.sandbox_token)
    return sandbox.http.request(method, path, auth=auth, **more)


def _validate(document: OpenAPI, method: str, path: str, answer: httpx.Response) -> None:
    request = MockRequest("https://api.twilio.com", method, path, args=dict(answer.request.url.params))
    response = MockResponse(answer.content, answer.status_code, content_type="application/json")
    document.validate_response(request, response)


@pytest.mark.parametrize(
    "sender", [{"From": "+15145550100"}, {"MessagingServiceSid": "MG" + "b" * 32}], ids=["number", "service"]
)
def test_create_fetch_and_list_validate(sandbox: Running, document: OpenAPI, sender: dict[str, str]) -> None:
    created = _call(sandbox, "post", f"{_BASE}.json", data={"To": PATIENT, "Body": "Bonjour"} | sender)
    assert created.status_code == 201
    _validate(document, "post", f"{_BASE}.json", created)
    path = created.json()["uri"]
    fetched = eventually(lambda: _call(sandbox, "get", path), lambda answer: answer.json()["status"] == "delivered")
    _validate(document, "get", path, fetched)
    _call(sandbox, "post", f"{_BASE}.json", data={"To": PATIENT, "Body": "encore"} | sender)
    for page in ("PageSize=1", "PageSize=1&Page=1"):
        listed = _call(sandbox, "get", f"{_BASE}.json?{page}")
        assert len(listed.json()["messages"]) == 1
        _validate(document, "get", f"{_BASE}.json", listed)


def test_answers_name_every_field_that_the_document_names(sandbox: Running) -> None:
    schemas = json.loads(_DOCUMENT.read_text(encoding="utf-8"))["components"]["schemas"]
    created = _call(sandbox, "post", f"{_BASE}.json", data={"To": PATIENT, "Body": "x", "From": "+15145550100"})
    assert created.json().keys() == schemas["api.v2010.account.message"]["properties"].keys()


def test_a_failed_and_an_inbound_text_validate(sandbox: Running, document: OpenAPI) -> None:
    sandbox.fault("undelivered")
    sid = sandbox.send().sid
    path = f"{_BASE}/{sid}.json"
    failed = eventually(lambda: _call(sandbox, "get", path), lambda answer: answer.json()["status"] == "undelivered")
    _validate(document, "get", path, failed)
    inbound = sandbox.http.post("/sandbox/replies", json={"from": PATIENT, "body": "3"}).json()["sid"]
    path = f"{_BASE}/{inbound}.json"
    _validate(document, "get", path, _call(sandbox, "get", path))


def test_the_validation_would_notice_a_wrong_answer(sandbox: Running, document: OpenAPI) -> None:
    answer = _call(sandbox, "post", f"{_BASE}.json", data={"To": PATIENT, "Body": "x", "From": "+15145550100"})
    wrong = httpx.Response(201, json=answer.json() | {"status": "on its way"}, request=answer.request)
    with pytest.raises(Exception, match=r"(?i)invalid"):
        _validate(document, "post", f"{_BASE}.json", wrong)
