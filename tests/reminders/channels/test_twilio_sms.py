"""Texts through the real SDK to the sandbox carrier."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from reminders.channels.base import Accepted, ChannelError, Fault, Listed
from reminders.channels.twilio_sms import TwilioAccount, TwilioSms
from reminders.settings import SANDBOX_ACCOUNT, SANDBOX_NUMBER
from schedules.lifecycle import State
from tests.reminders.channels.conftest import Sandbox, wait_for
from tests.reminders.channels.messages import ATTEMPT, BODY, NUMBER, TEXT, failure, run


def channel(sandbox: Sandbox, timeout: float = 5, **account: str) -> TwilioSms:
    fields = {
        "account_sid": SANDBOX_ACCOUNT,
        "token": sandbox.settings.sandbox_token,
        "api_url": sandbox.settings.twilio_api_url,
        "from_number": SANDBOX_NUMBER,
        "service_sid": "",
    }
    url = sandbox.settings.public_url
    return TwilioSms(TwilioAccount(**(fields | account)), lambda attempt: f"{url}/status/{attempt}", timeout, 10)


def test_a_text_arrives_and_its_receipts_name_the_attempt(sandbox: Sandbox) -> None:
    accepted = run(channel(sandbox), lambda c: c.send(TEXT))
    [shown] = sandbox.shown()
    assert accepted == Accepted(shown["id"], State.SENT)
    assert (shown["to"], shown["from"], shown["body"]) == (NUMBER, SANDBOX_NUMBER, BODY)
    wait_for(lambda: any(form["MessageStatus"] == "delivered" for _, form in sandbox.hooks))
    assert {path for path, _ in sandbox.hooks} == {f"/status/{ATTEMPT}"}
    assert {form["MessageSid"] for _, form in sandbox.hooks} == {accepted.provider_id}


def test_every_character_arrives(sandbox: Sandbox) -> None:
    body = "Ç'est près de l'œil & à 100 % + 😀\n= «oui»?"
    run(channel(sandbox), lambda c: c.send(replace(TEXT, body=body)))
    assert sandbox.shown()[0]["body"] == body


def test_a_messaging_service_sends(sandbox: Sandbox) -> None:
    service = "MG" + "1" * 32
    by_service = channel(sandbox, from_number="", service_sid=service)
    accepted = run(by_service, lambda c: c.send(TEXT))
    assert accepted.state is State.SENT
    found = run(by_service, lambda c: c.fetch(accepted.provider_id))
    assert found is not None
    assert found.sender in {SANDBOX_NUMBER, service}


def test_what_was_sent_is_found(sandbox: Sandbox) -> None:
    before = datetime.now(UTC) - timedelta(seconds=2)

    async def use(twilio: Any) -> tuple[Sequence[Listed], Listed | None]:
        accepted = await twilio.send(TEXT)
        await twilio.send(replace(TEXT, to="+15145550124"))
        return await twilio.find(NUMBER), await twilio.fetch(accepted.provider_id)

    [listed], fetched = run(channel(sandbox), use)
    assert fetched is not None
    assert (listed.to, listed.body, listed.sender) == (NUMBER, BODY, SANDBOX_NUMBER)
    assert listed.provider_id == fetched.provider_id
    assert listed.created_at is not None
    assert before <= listed.created_at <= datetime.now(UTC)
    assert listed.error_code == ""


def test_an_undelivered_text_is_found_with_its_code(sandbox: Sandbox) -> None:
    sandbox.fault("undelivered", code=30005)
    accepted = run(channel(sandbox), lambda c: c.send(TEXT))

    wait_for(lambda: any(form["MessageStatus"] == "undelivered" for _, form in sandbox.hooks))
    found = run(channel(sandbox), lambda c: c.fetch(accepted.provider_id))
    assert found is not None
    assert (found.state, found.error_code) == (State.UNDELIVERED, "30005")


@pytest.mark.parametrize("provider_id", ["SM" + "0" * 32, "", "../Calls", "SM1?x"])
def test_what_twilio_does_not_have_is_none(sandbox: Sandbox, provider_id: str) -> None:
    assert run(channel(sandbox), lambda c: c.fetch(provider_id)) is None


@pytest.mark.parametrize(
    ("order", "fault", "code", "arrives"),
    [
        ({"kind": "error_500"}, Fault.UNKNOWN, "20500", 0),
        ({"kind": "error_500_after_accepting"}, Fault.UNKNOWN, "20500", 1),
        ({"kind": "drop"}, Fault.UNKNOWN, "connection", 0),
        ({"kind": "drop_after_accepting"}, Fault.UNKNOWN, "connection", 1),
        ({"kind": "wrong_json"}, Fault.UNKNOWN, "unreadable", 1),
        ({"kind": "hang", "seconds": 2}, Fault.UNKNOWN, "timeout", 1),
        ({"kind": "throttle_429"}, Fault.RETRY, "20429", 0),
        ({"kind": "error_code", "code": 63038, "status": 429}, Fault.SENDER, "63038", 0),
        ({"kind": "error_code", "code": 21610}, Fault.OPTED_OUT, "21610", 0),
        ({"kind": "error_code", "code": 21614}, Fault.PERMANENT, "21614", 0),
        ({"kind": "error_code", "code": 30007}, Fault.SENDER, "30007", 0),
        ({"kind": "error_code", "code": 20003, "status": 401}, Fault.SENDER, "20003", 0),
        ({"kind": "error_code", "code": 20403, "status": 403}, Fault.SENDER, "20403", 0),
    ],
)
def test_each_failure_says_what_may_follow_and_is_not_repeated(
    sandbox: Sandbox, order: dict[str, Any], fault: Fault, code: str, arrives: int
) -> None:
    sandbox.fault(**order)
    error = failure(channel(sandbox, timeout=1), TEXT)
    assert (error.fault, error.code) == (fault, code)
    assert len(sandbox.shown()) == arrives


def test_a_throttling_carrier_says_how_long_to_wait(sandbox: Sandbox) -> None:
    sandbox.fault("throttle_429", seconds=7)
    assert failure(channel(sandbox), TEXT).retry_after == timedelta(seconds=7)
    sandbox.fault("error_code", code=63038, status=429)
    assert failure(channel(sandbox), TEXT).retry_after == timedelta(hours=1)


def test_a_wrong_token_is_the_senders_fault(sandbox: Sandbox) -> None:
    error = failure(channel(sandbox, token="wrong"), TEXT)
    assert (error.fault, error.code, error.permanent) == (Fault.SENDER, "20003", False)


def test_a_failed_look_up_is_an_error_not_an_empty_list(sandbox: Sandbox) -> None:
    sandbox.fault("lookup_500", times=2)
    for look in (lambda c: c.find(NUMBER), lambda c: c.fetch("SM" + "0" * 32)):
        with pytest.raises(ChannelError):
            run(channel(sandbox), look)


def test_one_channel_serves_several_event_loops(sandbox: Sandbox) -> None:
    twilio = channel(sandbox)
    for _ in range(3):
        run(twilio, lambda c: c.send(TEXT))
    # Also when the loop before it left without closing.
    asyncio.run(twilio.send(TEXT))
    run(twilio, lambda c: c.send(TEXT))
    assert len(sandbox.shown()) == 5


def test_many_at_once(sandbox: Sandbox) -> None:
    texts = [replace(TEXT, attempt_id=UUID(int=n), body=f"text {n}") for n in range(40)]

    async def use(twilio: Any) -> list[Accepted]:
        return list(await asyncio.gather(*(twilio.send(text) for text in texts)))

    accepted = run(channel(sandbox), use)
    assert len({one.provider_id for one in accepted}) == len(texts)
    assert {shown["body"] for shown in sandbox.shown()} == {text.body for text in texts}
