"""Patients' texts: brought to the clinic signed, with keywords as Twilio treats them."""

import re
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException

from tests.reminders.sandbox.conftest import PATIENT, Running

_CLINIC = "+15145550100"
_PATH = "/webhooks/twilio/inbound"


def _reply(sandbox: Running, body: str, **more: Any) -> dict[str, Any]:
    answer = sandbox.http.post("/sandbox/replies", json={"from": PATIENT, "to": _CLINIC, "body": body, **more})
    answer.raise_for_status()
    shown: dict[str, Any] = answer.json()
    return shown


def test_a_reply_reaches_the_webhook_signed_blank_values_and_all(sandbox: Running) -> None:
    answer = _reply(sandbox, "3 ça brûle\nencore")
    (hook,) = sandbox.clinic.hooks
    assert sandbox.signed(hook)
    assert hook.path == _PATH
    assert hook.form["FromCity"] == ""
    assert hook.form["MessageSid"] == hook.form["SmsSid"] == answer["sid"]
    assert (hook.form["From"], hook.form["To"], hook.form["Body"]) == (PATIENT, _CLINIC, "3 ça brûle\nencore")
    assert (hook.form["NumMedia"], hook.form["NumSegments"], answer["status"]) == ("0", "1", 200)
    assert "OptOutType" not in hook.form


def test_media_opt_out_type_and_repeats(sandbox: Running) -> None:
    media = [{"url": "https://media.example/1", "content_type": "image/png"}]
    answer = _reply(sandbox, "STOP", media=media, opt_out_type="STOP", repeat=3)
    forms = sandbox.clinic.at(_PATH)
    assert len({form["MessageSid"] for form in forms}) == 1
    assert answer["statuses"] == [200, 200, 200]
    assert (forms[0]["NumMedia"], forms[0]["MediaUrl0"]) == ("1", "https://media.example/1")
    assert (forms[0]["MediaContentType0"], forms[0]["OptOutType"]) == ("image/png", "STOP")


def test_the_same_sid_again_is_one_text_on_the_phone(sandbox: Running) -> None:
    sid = "SM" + "c" * 32
    for _ in range(2):
        _reply(sandbox, "3", sid=sid)
    assert len(sandbox.clinic.hooks) == 2
    (link,) = re.findall(r'href="(/sandbox/phone/[0-9a-f]+)"', sandbox.http.get("/sandbox/").text)
    assert sandbox.http.get(link).text.count('class="bubble"') == 1


@pytest.mark.parametrize("answer", [(403, ""), (404, "not here")])
def test_what_the_webhook_answered_is_told(sandbox: Running, answer: tuple[int, str]) -> None:
    sandbox.clinic.answers.append(answer)
    assert _reply(sandbox, "3")["status"] == answer[0]
    (kept,) = sandbox.http.get("/sandbox/messages?everything=1").json()
    assert kept["error_code"] == 11200


def test_an_answer_in_twiml_appears_on_the_phone(sandbox: Running) -> None:
    sandbox.clinic.answers.append((200, "<Response><Message><Body>Merci &amp; à bientôt</Body></Message></Response>"))
    assert _reply(sandbox, "1")["answers"] == ["Merci & à bientôt"]
    (shown,) = sandbox.shown()
    assert (shown["to"], shown["from"], shown["status"]) == (PATIENT, _CLINIC, "delivered")


def test_stop_blocks_nothing_while_the_clinic_handles_it(sandbox: Running) -> None:
    _reply(sandbox, "STOP")
    assert sandbox.send(body="You are unsubscribed").status == "queued"


def test_stop_blocks_when_the_carrier_handles_it_and_start_undoes(sandbox: Running) -> None:
    sandbox.fault("carrier_handles_stop")
    _reply(sandbox, " stop ")
    assert len(sandbox.clinic.at(_PATH)) == 1
    for _ in range(2):
        with pytest.raises(TwilioRestException) as caught:
            sandbox.send()
        assert (caught.value.status, caught.value.code) == (400, 21610)
    assert sandbox.send(from_="+15145550101").status == "queued"
    _reply(sandbox, "Start")
    assert sandbox.send().status == "queued"


@pytest.mark.parametrize("body", ["ARRET", "ARRÊT", "please stop", "STOP."])
def test_what_twilio_does_not_know_as_a_keyword_is_ours_to_handle(sandbox: Running, body: str) -> None:
    sandbox.fault("carrier_handles_stop")
    _reply(sandbox, body)
    assert sandbox.send().status == "queued"


@pytest.mark.parametrize(
    "wrong",
    [
        {"from": "5145550123", "body": "3"},
        {"body": "3"},
        {"from": PATIENT, "body": 3},
        {"from": PATIENT, "sid": "x"},
        {"from": PATIENT, "repeat": 0},
        {"from": PATIENT, "body": "3", "stray": 1},
        [],
    ],
)
def test_a_wrong_reply_is_a_422(sandbox: Running, wrong: object) -> None:
    assert sandbox.http.post("/sandbox/replies", json=wrong).status_code == 422
    assert sandbox.clinic.hooks == []


@pytest.mark.parametrize(
    "raw", [b"{", b"\xff\xfe", b'{"from": "\\ud800"}', b'{"from": "+15145550123", "body": "\\ud800"}']
)
def test_broken_json_is_never_a_500(sandbox: Running, raw: bytes) -> None:
    answer = sandbox.http.post("/sandbox/replies", content=raw, headers={"Content-Type": "application/json"})
    assert 400 <= answer.status_code < 500


def test_a_browser_may_not_act_for_another_site(sandbox: Running) -> None:
    answer = sandbox.http.post("/sandbox/reset", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
