"""The SMTP mailbox, by the standard library's client."""

import smtplib
import socket
from email import policy
from email.message import EmailMessage

import pytest

from reminders.errors import SettingsError
from reminders.sandbox.app import create_sandbox_app
from reminders.sandbox.mailbox import read_email
from reminders.settings import Settings
from tests.reminders.sandbox.conftest import Clinic, Running, run_sandbox

_TO = "marie@patients.example"


def _email(number: int = 1) -> EmailMessage:
    message = EmailMessage(policy.SMTP.clone(max_line_length=900))
    message["Subject"] = "Après votre soin : jour 3"
    message["From"] = "Clinique Élan <clinic@clinic.example>"
    message["To"] = _TO
    message["Message-ID"] = f"<attempt-{number}@clinic.example>"
    message["List-Unsubscribe"] = "<mailto:no@clinic.example>, <https://clinic.example/u/" + "t" * 90 + ">"
    message.set_content("Bonjour Zoé,\nhydratez bien.\n" + "é" * 200)
    message.add_alternative("<p>Bonjour <b>Zoé</b></p>", subtype="html")
    return message


def _send(sandbox: Running, message: EmailMessage, to: list[str] | None = None) -> None:
    with smtplib.SMTP("127.0.0.1", sandbox.settings.sandbox_smtp_port, timeout=5) as client:
        client.send_message(message, to_addrs=to or [_TO])


def test_an_email_is_kept_decoded_with_its_headers_and_as_it_came(sandbox: Running) -> None:
    _send(sandbox, _email())
    (shown,) = sandbox.shown()
    assert shown["channel"] == "email"
    assert (shown["to"], shown["from"], shown["status"]) == (_TO, "clinic@clinic.example", "delivered")
    assert shown["subject"] == "Après votre soin : jour 3"
    assert shown["body"] == "Bonjour Zoé,\nhydratez bien.\n" + "é" * 200
    assert shown["message_id"] == "<attempt-1@clinic.example>"
    assert shown["list_unsubscribe"] == "https://clinic.example/u/" + "t" * 90
    raw = sandbox.http.get(f"/sandbox/messages/{shown['id']}/raw").text
    assert "List-Unsubscribe: <mailto:no@clinic.example>" in raw


def test_each_recipient_has_a_mailbox_and_texts_are_not_among_twilios(sandbox: Running) -> None:
    _send(sandbox, _email(), [_TO, "luc@patients.example"])
    assert [shown["to"] for shown in sandbox.shown()] == [_TO, "luc@patients.example"]
    assert sandbox.twilio.messages.list() == []
    with pytest.raises(Exception, match="not found"):
        sandbox.twilio.messages(sandbox.shown()[0]["id"]).fetch()


def test_refused_for_a_while_is_not_kept(sandbox: Running) -> None:
    sandbox.fault("smtp_4xx")
    with pytest.raises(smtplib.SMTPDataError) as caught:
        _send(sandbox, _email())
    assert (caught.value.smtp_code, sandbox.shown()) == (451, [])
    _send(sandbox, _email())
    assert len(sandbox.shown()) == 1


def test_refused_for_good_is_not_kept(sandbox: Running) -> None:
    sandbox.fault("smtp_5xx", code=552)
    with pytest.raises(smtplib.SMTPRecipientsRefused) as caught:
        _send(sandbox, _email())
    assert caught.value.recipients[_TO][0] == 552
    assert sandbox.shown() == []


def test_closed_after_data_is_kept_though_nobody_said_so(sandbox: Running) -> None:
    sandbox.fault("smtp_close_after_data")
    with pytest.raises(smtplib.SMTPServerDisconnected):
        _send(sandbox, _email())
    assert len(sandbox.shown()) == 1
    _send(sandbox, _email(2))
    assert [shown["message_id"] for shown in sandbox.shown()] == [f"<attempt-{n}@clinic.example>" for n in (1, 2)]


@pytest.mark.parametrize(
    ("raw", "body"),
    [
        (b"", ""),
        (b"Subject: x\r\n\r\nplain\r\n", "plain"),
        (b"Content-Type: text/plain; charset=klingon\r\n\r\ncaf\xe9", "café"),
        (b"Content-Type: text/html\r\n\r\n<p>only <b>html</b></p>", "only html"),
        (b"Content-Type: image/png\r\n\r\nxx", ""),
        (b"Content-Type: text/plain; charset=utf-8\r\n\r\n\xff", "\N{REPLACEMENT CHARACTER}"),
        (b"Subject: =?utf-8?q?=C3=28?=\r\nFrom: @@\r\nList-Unsubscribe: <javascript:alert(1)>\r\n\r\nx", "x"),
    ],
)
def test_odd_emails_are_read_as_well_as_can_be(raw: bytes, body: str) -> None:
    record = read_email(raw, _TO)
    assert (record.body, record.unsubscribe) == (body, "")


def test_a_taken_port_is_said_in_one_line(fresh: Settings, clinic: Clinic) -> None:
    with socket.create_server(("127.0.0.1", fresh.sandbox_smtp_port)), pytest.raises(SettingsError) as caught:
        create_sandbox_app(fresh)
    assert caught.value.problems == [f"REMINDERS_SANDBOX_SMTP_PORT: port {fresh.sandbox_smtp_port} is in use"]
    with run_sandbox(fresh, clinic) as second:  # The first try left nothing open behind it.
        assert second.shown() == []
