"""Mail that is meant to stop whoever reads it: it is read in a moment, or kept as it is, and what follows is read, too.

Seen to fail when: a sender's charset made half a character; the standard library's parser read the page; each line bore
all marks of a thousand quotations; a report that a person forwards counted as one.
"""

import time

import pytest

from reminders.channels.incoming_mail import read_mail
from reminders.channels.mail_html import html_text
from reminders.channels.mail_parts import decoded

SECONDS = 5.0
"""Minutes, where it fails; far below one where it works, on any machine."""


@pytest.mark.parametrize("charset", ["utf-7", "unicode_escape", "raw_unicode_escape", "punycode", "rot13", "x" * 500])
def test_a_charset_that_is_none(charset: str) -> None:
    head = f"From: a@example.org\r\nSubject: =?{charset}?q?+2AA-_\\ud800?=\r\n"
    raw = f"{head}Content-Type: text/plain; charset={charset}\r\n\r\n+2AA- \\ud800 fever".encode()
    mail = read_mail(raw)
    for text in (mail.text, mail.subject):
        assert text.encode("utf-8"), "what is kept can be stored"
    assert "fever" in mail.text


def test_charsets_that_mail_is_written_in() -> None:
    assert decoded("zażółć".encode("cp1250"), "Windows-1250") == "zażółć"
    assert decoded("熱".encode("iso2022_jp"), "ISO-2022-JP") == "熱"
    assert decoded("fièvre".encode(), "utf8") == "fièvre"


@pytest.mark.parametrize(
    "page",
    ["<a " * 200_000, "<!--" * 200_000, "<" * 500_000, f"<{'a' * 500_000}", "<blockquote>" * 50_000 + "x<br>" * 9],
)
def test_a_page_without_end(page: str) -> None:
    began = time.process_time()
    text = html_text(page)
    assert time.process_time() - began < SECONDS
    assert len(text) < 1_000_000


def test_quotations_within_quotations_are_marked_a_few_times() -> None:
    lines = html_text("<blockquote>" * 9000 + "old<br>" * 3).splitlines()
    assert set(lines) == {"> > > > > old"}


def test_a_person_who_forwards_a_report_is_read() -> None:
    report = "Content-Type: message/delivery-status\r\n\r\nAction: failed\r\nStatus: 5.1.1\r\n"
    returned = "Content-Type: text/rfc822-headers\r\n\r\nMessage-ID: <ours@clinic.example>\r\n"
    words = "Content-Type: text/plain\r\n\r\nMy face is swelling\r\n"
    parts = "".join(f"--b\r\n{part}\r\n" for part in (words, report, returned))
    head = "From: anne@example.org\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    assert read_mail(f"{head}{parts}--b--".encode()).bounce is None
    server = head.replace("multipart/mixed", "multipart/report")
    bounce = read_mail(f"{server}{parts}--b--".encode()).bounce
    assert bounce
    assert bounce.is_final
