"""Each fault does what its name says, as often as asked, and no longer."""

import socket
import time

import pytest
import requests
from twilio.base.exceptions import TwilioRestException

from reminders.settings import Settings
from tests.reminders.sandbox.conftest import PATIENT, Clinic, Running, eventually, run_sandbox


@pytest.mark.parametrize(("kind", "accepted"), [("error_500", 0), ("error_500_after_accepting", 1)])
def test_a_500_tells_nothing_about_acceptance(sandbox: Running, kind: str, accepted: int) -> None:
    sandbox.fault(kind)
    with pytest.raises(TwilioRestException) as caught:
        sandbox.send()
    assert caught.value.status == 500
    assert len(sandbox.twilio.messages.list(to=PATIENT)) == accepted


@pytest.mark.parametrize(("kind", "accepted"), [("drop", 0), ("drop_after_accepting", 1)])
def test_a_broken_connection_tells_nothing_either(sandbox: Running, kind: str, accepted: int) -> None:
    sandbox.fault(kind)
    with pytest.raises(requests.exceptions.RequestException):
        sandbox.send()
    assert len(sandbox.twilio.messages.list(to=PATIENT)) == accepted


def test_hang_holds_the_answer_of_an_accepted_text(sandbox: Running) -> None:
    sandbox.fault("hang", seconds=1.5)
    sandbox.twilio.http_client.timeout = 0.3
    with pytest.raises(requests.exceptions.ReadTimeout):
        sandbox.send()
    assert len(sandbox.twilio.messages.list(to=PATIENT)) == 1


def test_hang_before_accepting_lists_the_text_late(sandbox: Running) -> None:
    sandbox.fault("hang_before_accepting", seconds=0.8)
    sandbox.twilio.http_client.timeout = 0.3
    with pytest.raises(requests.exceptions.ReadTimeout):
        sandbox.send()
    sandbox.twilio.http_client.timeout = 5
    assert sandbox.twilio.messages.list(to=PATIENT) == []
    listed = eventually(lambda: sandbox.twilio.messages.list(to=PATIENT), bool, 3)
    assert len(listed) == 1


def test_throttled_is_429_with_retry_after_and_not_accepted(sandbox: Running) -> None:
    sandbox.fault("throttle_429", seconds=7)
    with pytest.raises(TwilioRestException) as caught:
        sandbox.send()
    assert (caught.value.status, caught.value.code) == (429, 20429)
    assert sandbox.shown() == []


def test_wrong_json_after_accepting(sandbox: Running) -> None:
    sandbox.fault("wrong_json")
    with pytest.raises(ValueError, match="Expecting value"):
        sandbox.send()
    assert len(sandbox.shown()) == 1


def test_any_error_code_with_any_status(sandbox: Running) -> None:
    sandbox.fault("error_code", code=63038, status=429)
    with pytest.raises(TwilioRestException) as caught:
        sandbox.send()
    assert (caught.value.status, caught.value.code) == (429, 63038)


def test_lookups_fail_on_request(sandbox: Running) -> None:
    sid = sandbox.send().sid
    sandbox.fault("lookup_500", times=2)
    with pytest.raises(TwilioRestException):
        sandbox.twilio.messages(sid).fetch()
    with pytest.raises(Exception, match="Unable to fetch page"):
        sandbox.twilio.messages.list(to=PATIENT)
    assert sandbox.twilio.messages(sid).fetch().sid == sid


def test_faults_count_down_one_after_the_other_and_can_be_cleared(sandbox: Running) -> None:
    sandbox.fault("error_code", code=30001, status=400, times=2)
    sandbox.fault("error_500", times=9)
    codes = []
    for _ in range(3):
        with pytest.raises(TwilioRestException) as caught:
            sandbox.send()
        codes.append(caught.value.code)
    assert codes == [30001, 30001, 20500]
    sandbox.http.delete("/sandbox/faults").raise_for_status()
    assert sandbox.send().status == "queued"


def test_webhooks_that_hang_hold_up_neither_sending_nor_stopping(fresh: Settings, clinic: Clinic) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, run_sandbox(fresh, clinic) as sandbox:
        began = time.monotonic()
        for _ in range(20):
            sandbox.send(status_callback=f"http://127.0.0.1:{silent.getsockname()[1]}/hangs")
        assert time.monotonic() - began < 2
        began = time.monotonic()
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("wrong", [{"kind": "nonsense"}, {}, {"kind": "drop", "times": 0}, {"kind": "drop", "x": 1}])
def test_an_unknown_fault_is_refused(sandbox: Running, wrong: dict[str, object]) -> None:
    assert sandbox.http.post("/sandbox/faults", json=wrong).status_code == 422
