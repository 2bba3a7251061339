"""Which channel a sender gets, and whose credentials."""

from dataclasses import replace
from pathlib import Path

import pytest

from reminders.channels.base import Channel, ChannelError, Fault
from reminders.channels.opening import SenderIdentity, open_channel, status_url
from reminders.channels.smtp_email import SmtpEmail
from reminders.channels.twilio_sms import TwilioAccount, TwilioSms
from reminders.models import kinds
from reminders.settings import SANDBOX_ACCOUNT, SANDBOX_MAIL_FROM, SANDBOX_NUMBER, Settings, load
from tests.reminders.channels.conftest import Sandbox
from tests.reminders.channels.messages import ATTEMPT, MAIL, TEXT, run

REAL = "AC" + "1" * 32
SMS = SenderIdentity(kinds.Channel.SMS, SANDBOX_ACCOUNT, SANDBOX_NUMBER, "", None)
EMAIL = SenderIdentity(kinds.Channel.EMAIL, "", SANDBOX_MAIL_FROM, "", None)


def live(tmp_path: Path) -> Settings:
    given = {
        "REMINDERS_DATA_DIR": str(tmp_path),
        "TWILIO_ACCOUNT_SID": REAL,
        "TWILIO_AUTH_TOKEN": "new,old",
        "TWILIO_FROM_NUMBER": "+15145550199",
        "SMTP_URL": "smtp://mail.example",
        "MAIL_FROM": "a@clinic.example",
    }
    return load(given, dotenv=tmp_path / "none")


def account(channel: Channel) -> TwilioAccount:
    assert isinstance(channel, TwilioSms)
    return channel._account


def test_without_credentials_everything_reaches_the_sandbox(sandbox: Sandbox) -> None:
    run(open_channel(SMS, sandbox.settings), lambda c: c.send(TEXT))
    run(open_channel(EMAIL, sandbox.settings), lambda c: c.send(MAIL))
    assert [shown["channel"] for shown in sandbox.shown()] == ["sms", "email"]
    assert account(open_channel(SMS, sandbox.settings)).token == sandbox.settings.sandbox_token


def test_with_credentials_the_newest_token_is_used(tmp_path: Path) -> None:
    opened = open_channel(replace(SMS, account=REAL, address="+15145550199"), live(tmp_path))
    assert account(opened) == TwilioAccount(REAL, "new", "https://api.twilio.com", "+15145550199", "")
    assert "new" not in repr(account(opened))


def test_a_sender_without_account_has_the_environments(tmp_path: Path) -> None:
    assert account(open_channel(replace(SMS, account=""), live(tmp_path))).account_sid == REAL


def test_a_service_is_no_number(tmp_path: Path) -> None:
    service = "MG" + "2" * 32
    for address in (service, "+15145550199"):
        opened = account(open_channel(replace(SMS, account=REAL, address=address, service=service), live(tmp_path)))
        assert opened.service_sid == service
        assert opened.from_number == ("" if address == service else address)


def test_a_sender_of_another_account_needs_its_own_token(tmp_path: Path) -> None:
    with pytest.raises(ChannelError) as caught:
        open_channel(SMS, live(tmp_path))
    assert caught.value.fault is Fault.SENDER
    other = replace(SMS, account="AC" + "9" * 32, credentials={"token": "theirs"})
    assert account(open_channel(other, live(tmp_path))).token == "theirs"
    assert "theirs" not in repr(other)


def test_e_mail_leaves_by_the_senders_server_or_ours(tmp_path: Path) -> None:
    ours = open_channel(EMAIL, live(tmp_path))
    theirs = open_channel(replace(EMAIL, credentials={"url": "smtp://theirs.example"}), live(tmp_path))
    assert isinstance(ours, SmtpEmail)
    assert isinstance(theirs, SmtpEmail)
    assert (ours._server.host, theirs._server.host) == ("mail.example", "theirs.example")


@pytest.mark.parametrize("missing", [("SMTP_URL", EMAIL), ("TWILIO_ACCOUNT_SID", SMS)])
def test_what_is_not_connected_leads_nowhere(tmp_path: Path, missing: tuple[str, SenderIdentity]) -> None:
    """Not to the sandbox, which is not there beside real credentials."""
    name, identity = missing
    given = {"SMTP_URL": "smtp://mail.example", "MAIL_FROM": "a@clinic.example", "REMINDERS_DATA_DIR": str(tmp_path)}
    given |= {"TWILIO_ACCOUNT_SID": REAL, "TWILIO_AUTH_TOKEN": "new", "TWILIO_FROM_NUMBER": "+15145550199"}
    kept = {key: value for key, value in given.items() if not key.startswith(name.split("_", maxsplit=1)[0])}
    settings = load(kept, dotenv=tmp_path / "none")
    assert not settings.sandboxed
    for one in (identity, replace(identity, account="", address="")):
        with pytest.raises(ChannelError) as caught:
            open_channel(one, settings)
        assert caught.value.fault is Fault.SENDER


def test_receipts_come_to_the_public_address(tmp_path: Path) -> None:
    assert status_url(live(tmp_path), ATTEMPT) == f"http://127.0.0.1:8000/webhooks/twilio/status/{ATTEMPT}"


@pytest.mark.parametrize("url", ["smtp://h:notaport", "smtp://h:99999", "smtp://[::1"])
def test_a_senders_own_url_that_cannot_be_read_is_the_senders_fault(tmp_path: Path, url: str) -> None:
    with pytest.raises(ChannelError) as caught:
        open_channel(replace(EMAIL, credentials={"url": url}), live(tmp_path))
    assert caught.value.fault is Fault.SENDER
    assert url not in str(caught.value)
