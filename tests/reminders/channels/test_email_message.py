"""An e-mail read back as a mail program reads it."""

from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reminders.channels.base import ChannelError, Fault, Outgoing
from reminders.channels.email_message import build, html
from tests.reminders.channels.messages import ADDRESS, ATTEMPT, MAIL, mail

OWN = "suivi@clinic.example"
UNSUBSCRIBE = {
    "List-Unsubscribe": "<https://reminders.example/u/" + "a1b2c3d4" * 20 + ">, <mailto:stop@clinic.example>",
    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
}
HEADERS = ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version"]


def sent(message: Outgoing, mail_from: str = OWN) -> tuple[bytes, EmailMessage]:
    raw = build(message, mail_from).as_bytes()
    return raw, message_from_bytes(raw, policy=default)


def plain(parsed: EmailMessage) -> str:
    part = parsed.get_body(("plain",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def test_headers() -> None:
    _, parsed = sent(MAIL)
    assert parsed["From"] == f"Clinique Westmount <{OWN}>"
    assert parsed["To"] == ADDRESS
    assert parsed["Subject"] == MAIL.subject
    assert parsed["Message-ID"] == f"<{ATTEMPT}@clinic.example>"
    assert parsed["Auto-Submitted"] == "auto-generated"
    assert parsed["Content-Language"] == "fr"
    assert parsed["Date"].datetime.tzinfo is not None
    assert sorted(parsed.keys()) == sorted([*HEADERS, "Content-Language", "Content-Type"])
    assert parsed.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in parsed.iter_parts()] == ["text/plain", "text/html"]


@pytest.mark.parametrize(
    ("given", "mail_from", "shown"),
    [
        ({"From": "Clinique Étoile, Peau & Cie"}, OWN, "Clinique Étoile, Peau & Cie"),
        ({"From": f"Clinique <{OWN}>"}, OWN, "Clinique"),
        ({"From": "Clinique <someone@else.example>"}, OWN, "Clinique"),
        ({}, f"By default <{OWN}>", "By default"),
        ({}, OWN, ""),
    ],
)
def test_the_clinic_is_named_and_the_address_is_its_own(given: dict[str, str], mail_from: str, shown: str) -> None:
    _, parsed = sent(mail(headers=given), mail_from)
    [address] = parsed["From"].addresses
    assert (address.display_name, address.addr_spec) == (shown, OWN)


def test_a_message_id_is_made_of_the_attempt_when_none_was_given() -> None:
    assert sent(mail(headers={}))[1]["Message-ID"] == f"<{ATTEMPT}@clinic.example>"
    assert sent(mail(headers={}))[1]["Message-ID"] == sent(mail(headers={}))[1]["Message-ID"]


def test_one_click_unsubscribe_stays_on_one_line() -> None:
    raw, _ = sent(mail(headers=UNSUBSCRIBE))
    lines = raw.split(b"\r\n")
    for name, value in UNSUBSCRIBE.items():
        assert f"{name}: {value}".encode() in lines


@settings(deadline=None)
@given(st.text(), st.text(), st.text())
def test_nothing_that_people_wrote_can_add_a_header_or_recipient(subject: str, name: str, value: str) -> None:
    raw, parsed = sent(mail(subject=subject, headers={"From": name, "X-Note": value, "List-Help": value}))
    assert sorted(parsed.keys()) == sorted([*HEADERS, "X-Note", "List-Help", "Content-Type"])
    assert len(parsed.get_all("To", [])) == len(parsed.get_all("From", [])) == 1
    assert parsed["To"] == ADDRESS
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))


@pytest.mark.parametrize("break_", ["\r\n", "\n", "\r", "\x0b", "\x0c", "\x85", "\u2028", "\x00"])
def test_line_breaks_in_headers_become_spaces(break_: str) -> None:
    hostile = f"Hello{break_}Bcc: thief@evil.example"
    raw, parsed = sent(mail(subject=hostile, headers={"From": hostile, "Message-ID": f"<a@b>{break_}Bcc: x@y"}))
    assert parsed["Subject"] == "Hello Bcc: thief@evil.example"
    assert parsed["Bcc"] is None
    assert b"\r\nBcc" not in raw
    assert "\r" not in raw.decode().replace("\r\n", "")


@pytest.mark.parametrize(
    "address",
    [
        "",
        "zoe",
        "a@b@c",
        "a@b, c@d",
        "a@b\r\nBcc: c@d",
        "a@b\n",
        "<a@b>",
        "Zoé <a@b>",
        "zoé@b.example",
        "a b@c",
        "@b",
        "a@",
    ],
)
def test_what_is_not_one_plain_address_is_refused(address: str) -> None:
    with pytest.raises(ChannelError) as caught:
        build(mail(to=address), OWN)
    assert (caught.value.fault, caught.value.code) == (Fault.PERMANENT, "address")
    assert not address or address not in str(caught.value)


def test_a_sender_without_an_address_is_the_senders_fault() -> None:
    with pytest.raises(ChannelError) as caught:
        build(MAIL, "Clinique Westmount")
    assert caught.value.fault is Fault.SENDER


@pytest.mark.parametrize(
    "name", ["X\r\nBcc", "X-A\nBcc", "X-A: y", "", "Content-Type", "Bcc", "Cc", "To", "Sender", "Subject", "X-É"]
)
def test_a_header_that_is_not_the_callers_to_set_is_our_own_mistake(name: str) -> None:
    with pytest.raises(ValueError, match="not a header"):
        build(mail(headers={name: "thief@evil.example"}), OWN)


def test_answers_may_go_to_another_address_that_must_be_one() -> None:
    assert sent(mail(headers={"Reply-To": "suivi+abc@clinic.example"}))[1]["Reply-To"] == "suivi+abc@clinic.example"
    with pytest.raises(ChannelError):
        build(mail(headers={"Reply-To": "<"}), OWN)


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=("Cs", "Cc")) | st.sampled_from("\n.=")))
def test_the_plain_text_comes_back_as_it_was(body: str) -> None:
    raw, parsed = sent(mail(body=body))
    assert plain(parsed).rstrip("\n") == body.rstrip("\n")
    assert raw.isascii()
    content = raw.partition(b"\r\n\r\n")[2]
    assert all(len(line) <= 76 for line in content.split(b"\r\n"))


@settings(deadline=None)
@given(st.text(st.sampled_from("<>&\"'{}a \n")))
def test_the_html_holds_the_text_and_no_markup_of_it(body: str) -> None:
    page = html(mail(body=body, subject=body))
    inside = page.partition('<div style="max-width:36em;margin:0 auto">')[2].partition("</div>")[0]
    for tag in ("<p>", "</p>", "<br>"):
        inside = inside.replace(tag, "")
    assert "<" not in inside
    assert ">" not in inside
    assert '"' not in inside


def test_links_can_be_clicked_and_end_before_the_full_stop() -> None:
    page = html(mail(body='See https://clinic.example/book?a=1&b=2. Or "http://x.example/y".\nBye'))
    assert '<a href="https://clinic.example/book?a=1&amp;b=2">https://clinic.example/book?a=1&amp;b=2</a>.' in page
    assert '<a href="http://x.example/y">http://x.example/y</a>&quot;.<br>\nBye' in page


@pytest.mark.parametrize("body", ["javascript:alert(1)", "data:text/html,x", "https://", "www.x.example"])
def test_nothing_else_becomes_a_link(body: str) -> None:
    assert "<a " not in html(mail(body=body))


def test_the_html_says_its_language_and_loads_nothing() -> None:
    page = html(replace(MAIL, body="Bonjour\n\nMerci"))
    assert '<html lang="fr">' in page
    assert "<p>Bonjour</p>\n<p>Merci</p>" in page
    loads: list[Any] = [word for word in ("<img", "<link", "<script", "url(", "@import") if word in page]
    assert loads == []
