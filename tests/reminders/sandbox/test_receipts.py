"""Receipts of texts: signed, in order, and wrong on request."""

from tests.reminders.sandbox.conftest import Running, eventually

_PATH = "/webhooks/twilio/status/0190-attempt"


def _statuses(sandbox: Running, wanted: int) -> list[str]:
    """The statuses that came within the time it takes, and a little longer to see one too many."""
    eventually(lambda: len(sandbox.clinic.at(_PATH)), lambda count: count > wanted, 0.8)
    return [form["MessageStatus"] for form in sandbox.clinic.at(_PATH)]


def _send(sandbox: Running) -> str:
    return str(sandbox.send(status_callback=sandbox.clinic.url + _PATH).sid)


def test_sent_then_delivered_signed_as_twilio_does(sandbox: Running) -> None:
    sid = _send(sandbox)
    assert _statuses(sandbox, 2) == ["sent", "delivered"]
    assert all(sandbox.signed(hook) for hook in sandbox.clinic.hooks)
    form = sandbox.clinic.at(_PATH)[0]
    assert form == {
        "MessageSid": sid,
        "SmsSid": sid,
        "MessageStatus": "sent",
        "SmsStatus": "sent",
        "To": "+15145550123",
        "From": "+15145550100",
        "AccountSid": form["AccountSid"],
        "ApiVersion": "2010-04-01",
    }


def test_a_receipt_that_was_changed_on_its_way_is_not_signed(sandbox: Running) -> None:
    _send(sandbox)
    _statuses(sandbox, 2)
    hook = sandbox.clinic.hooks[0]
    hook.form["MessageStatus"] = "failed"
    assert not sandbox.signed(hook)


def test_undelivered_carries_its_code(sandbox: Running) -> None:
    sandbox.fault("undelivered", code=30005)
    sid = _send(sandbox)
    assert _statuses(sandbox, 2) == ["sent", "undelivered"]
    assert sandbox.clinic.at(_PATH)[1]["ErrorCode"] == "30005"
    fetched = sandbox.twilio.messages(sid).fetch()
    assert (fetched.status, fetched.error_code) == ("undelivered", 30005)


def test_no_receipts_come_although_it_is_delivered(sandbox: Running) -> None:
    sandbox.fault("no_receipts")
    sid = _send(sandbox)
    assert _statuses(sandbox, 0) == []
    assert sandbox.twilio.messages(sid).fetch().status == "delivered"


def test_receipts_come_several_times(sandbox: Running) -> None:
    sandbox.fault("duplicate_receipts")
    _send(sandbox)
    assert _statuses(sandbox, 4) == ["sent", "delivered", "delivered", "delivered"]


def test_receipts_come_in_the_wrong_order(sandbox: Running) -> None:
    sandbox.fault("shuffle_receipts")
    sid = _send(sandbox)
    assert _statuses(sandbox, 2) == ["delivered", "sent"]
    assert sandbox.twilio.messages(sid).fetch().status == "delivered"


def test_a_webhook_that_fails_is_asked_once_more(sandbox: Running) -> None:
    sandbox.clinic.answers += [(500, ""), (503, "")]
    _send(sandbox)
    eventually(lambda: len(sandbox.clinic.at(_PATH)), lambda count: count >= 3)
    assert _statuses(sandbox, 3) == ["sent", "sent", "delivered"]


def test_a_webhook_that_is_not_there_does_not_hold_up_sending(sandbox: Running) -> None:
    sid = sandbox.send(status_callback="http://127.0.0.1:9/nobody").sid
    fetched = eventually(lambda: sandbox.twilio.messages(sid).fetch(), lambda m: m.status == "delivered", 0.5)
    assert fetched.status == "delivered"
    assert sandbox.send(status_callback="not a url").status == "queued"


def test_reset_drops_receipts_on_their_way(sandbox: Running) -> None:
    _send(sandbox)
    sandbox.http.post("/sandbox/reset").raise_for_status()
    assert "delivered" not in _statuses(sandbox, 2)
    assert sandbox.shown() == []
