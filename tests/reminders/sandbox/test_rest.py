"""The carrier's REST, by the real Twilio client."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.rest import Client

from reminders.settings import SANDBOX_ACCOUNT
from tests.reminders.sandbox.conftest import PATIENT, LocalClient, Running, eventually


def test_create_answers_queued_and_the_text_is_delivered_soon(sandbox: Running) -> None:
    message = sandbox.send(body="Bonjour Zoé")
    assert (message.status, message.to, message.from_, message.body) == (
        "queued",
        PATIENT,
        "+15145550100",
        "Bonjour Zoé",
    )
    assert message.date_sent is None
    fetched = eventually(lambda: sandbox.twilio.messages(message.sid).fetch(), lambda m: m.status == "delivered", 2)
    assert fetched.status == "delivered"
    assert abs(datetime.now(UTC) - fetched.date_sent) < timedelta(seconds=5)


def test_through_a_messaging_service_the_sender_comes_later(sandbox: Running) -> None:
    message = sandbox.send(from_=None, messaging_service_sid="MG" + "b" * 32)
    assert (message.status, message.from_, message.num_segments) == ("accepted", None, "0")
    fetched = eventually(lambda: sandbox.twilio.messages(message.sid).fetch(), lambda m: m.status == "delivered")
    assert (fetched.from_, fetched.num_segments) == ("+15145550100", "1")


@pytest.mark.parametrize(
    ("body", "segments"),
    [("a" * 160, "1"), ("a" * 161, "2"), ("é" * 160, "1"), ("ê" * 70, "1"), ("ê" * 71, "2"), ("€" * 81, "2")],
)
def test_segments_are_counted(sandbox: Running, body: str, segments: str) -> None:
    assert sandbox.send(body=body).num_segments == segments


@pytest.mark.parametrize(
    ("call", "code"),
    [
        ({"to": "+1514555"}, 21211),
        ({"to": "5145550123"}, 21211),
        ({"to": "+15005550001"}, 21211),
        ({"to": "+15005550009"}, 21614),
        ({"to": "+15005550004"}, 21610),
        ({"to": ""}, 21604),
        ({"body": " "}, 21602),
        ({"body": "x" * 1601}, 21617),
        ({"from_": None}, 21603),
        ({"from_": "clinic"}, 21212),
    ],
)
def test_a_wrong_call_is_refused_with_twilios_code_and_keeps_nothing(
    sandbox: Running, call: dict[str, Any], code: int
) -> None:
    with pytest.raises(TwilioRestException) as caught:
        sandbox.send(**call)
    assert (caught.value.status, caught.value.code) == (400, code)
    assert sandbox.shown() == []


@pytest.mark.parametrize(("account", "token"), [(SANDBOX_ACCOUNT, "wrong"), ("AC" + "0" * 32, None)])
def test_a_stranger_is_turned_away(sandbox: Running, account: str, token: str | None) -> None:
    own_token = token or sandbox.settings.sandbox_token
    stranger = Client(account, own_token, http_client=LocalClient(sandbox.settings.twilio_api_url))
    calls: list[Callable[[], object]] = [
        lambda: stranger.messages.create(to=PATIENT, from_="+15145550100", body="hi"),
        lambda: stranger.messages.list(limit=1),
        lambda: stranger.messages("SM" + "0" * 32).fetch(),
    ]
    for call in calls:
        with pytest.raises(TwilioException, match="Authenticate"):
            call()
    assert sandbox.shown() == []


def test_our_token_opens_no_other_account(sandbox: Running) -> None:
    auth = (SANDBOX_ACCOUNT, sandbox.settings.sandbox_token)
    answer = sandbox.http.get(f"/2010-04-01/Accounts/AC{'0' * 32}/Messages.json", auth=auth)
    assert (answer.status_code, answer.json()["code"]) == (401, 20003)


@pytest.mark.parametrize("header", ["", "Basic", "Basic !!!", "Basic w6k6", "Bearer x"])
def test_a_broken_authorization_header_is_401_never_500(sandbox: Running, header: str) -> None:
    answer = sandbox.http.get(
        f"/2010-04-01/Accounts/{SANDBOX_ACCOUNT}/Messages.json", headers={"Authorization": header}
    )
    assert (answer.status_code, answer.json()["code"]) == (401, 20003)


def test_fetching_what_is_not_there_is_20404(sandbox: Running) -> None:
    with pytest.raises(TwilioRestException) as caught:
        sandbox.twilio.messages("SM" + "0" * 32).fetch()
    assert (caught.value.status, caught.value.code) == (404, 20404)


def test_the_list_is_newest_first_and_pages_to_its_end(sandbox: Running) -> None:
    sids = [sandbox.send(body=str(n)).sid for n in range(7)]
    assert [m.sid for m in sandbox.twilio.messages.list(page_size=3)] == sids[::-1]
    page = sandbox.twilio.messages.page(page_size=3)
    later = page.next_page()
    assert [m.body for m in later] == ["3", "2", "1"]
    assert [m.body for m in later.previous_page()] == ["6", "5", "4"]
    assert later.next_page().next_page() is None


def test_a_text_that_arrives_while_paging_shifts_nothing(sandbox: Running) -> None:
    for n in range(4):
        sandbox.send(body=str(n))
    page = sandbox.twilio.messages.page(page_size=2)
    assert [m.body for m in page] == ["3", "2"]
    sandbox.send(body="new")
    assert [m.body for m in page.next_page()] == ["1", "0"]


def test_the_list_filters_by_number_and_day(sandbox: Running) -> None:
    sandbox.send(body="one")
    other = sandbox.send(to="+15145550124", body="two", from_="+15145550101")
    eventually(lambda: sandbox.twilio.messages(other.sid).fetch(), lambda m: m.date_sent is not None)
    listing = sandbox.twilio.messages.list
    today = datetime.now(UTC).date()
    assert [m.body for m in listing(to="+15145550124")] == ["two"]
    assert [m.body for m in listing(from_="+15145550100")] == ["one"]
    assert [m.body for m in listing(to=PATIENT, from_="+15145550101")] == []
    assert [m.body for m in listing(date_sent=today)] == ["two", "one"]
    assert listing(date_sent=date(2020, 1, 1)) == []
    assert listing(date_sent_after=today + timedelta(days=1)) == []
    assert len(listing(date_sent_before=today)) == 2


def test_wrong_paging_is_a_400(sandbox: Running) -> None:
    auth = (SANDBOX_ACCOUNT, sandbox.settings.sandbox_token)
    for query in ("PageSize=x", "Page=x", "PageToken=PAx"):
        answer = sandbox.http.get(f"/2010-04-01/Accounts/{SANDBOX_ACCOUNT}/Messages.json?{query}", auth=auth)
        assert (answer.status_code, answer.json()["status"]) == (400, 400)
