"""What answers a patient's e-mail stands in the same conversation of their mail program.

Meant to fail when: the headers were left out; a header of the patient's went on as it was.
"""

import re
from collections.abc import Iterator
from email import message_from_string
from email.message import Message
from pathlib import Path

import pytest

from reminders.database import Database
from tests.journeys.mailing import MailPractice, open_mail_practice


@pytest.fixture
def practice(database: Database, tmp_path: Path) -> Iterator[MailPractice]:
    with open_mail_practice(database, tmp_path) as opened:
        yield opened


def newest(practice: MailPractice) -> "Message[str, str]":
    """The last e-mail that Anne got, with all its headers."""
    (found,) = [one for one in practice.carrier.store.all() if one.sid == practice.mails()[-1]["id"]]
    return message_from_string(found.raw)


def mail(*ids: str, body: str = "Can I swim?") -> str:
    lines = ["From: p1@example.org", "To: clinic@clinic.example", "Message-ID: <own@phone>", *ids, "", body]
    return "\r\n".join(lines)


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("body", ["3", "I have a fever of 39", "STOP", "Can I swim?"])
def test_each_answer_stays_in_the_thread(practice: MailPractice, language: str, body: str) -> None:
    practice.ask(language)
    asked = newest(practice)["Message-ID"]
    assert newest(practice)["In-Reply-To"] is None
    practice.write(body)
    (came,) = [one for one in practice.carrier.store.all() if one.direction == "inbound"]
    answer = newest(practice)
    assert answer["In-Reply-To"] == came.message_id
    assert answer["References"].split() == [asked, came.message_id]
    assert answer["Message-ID"] not in {asked, came.message_id}


@pytest.mark.parametrize(
    "hostile",
    [
        "In-Reply-To: <a@b\u2028Bcc:x@y>",
        "In-Reply-To: =?utf-8?q?=3Ca=40b=3E=0D=0ABcc=3A_x=40y?=",
        "References: <a\x00b@c> <é@b> <no-domain> <a@b\x0bBcc:x@y>",
        "References: <" + "a" * 240 + "@b>",
    ],
)
def test_no_header_of_theirs_adds_one_of_ours(practice: MailPractice, hostile: str) -> None:
    practice.ask()
    practice.write(raw=mail(hostile, f"References: {newest(practice)['Message-ID']}"))
    answer = newest(practice)
    assert answer["Bcc"] is None
    assert answer["In-Reply-To"] == "<own@phone>"
    assert set(answer["References"].split()) <= {"<own@phone>", newest(practice)["References"].split()[0]}
    assert all(line.isascii() and len(line) < 998 for line in answer.as_string().splitlines())


def test_a_long_thread_is_cut_at_its_beginning(practice: MailPractice) -> None:
    practice.ask()
    ours = newest(practice)["Message-ID"]
    practice.write(raw=mail("References: " + " ".join(f"<{n}@x>" for n in range(30)) + f" {ours}"))
    found = newest(practice)["References"].split()
    assert found[-2:] == [ours, "<own@phone>"]
    assert len(found) == 10


@pytest.mark.parametrize("language", ["en", "fr"])
def test_what_staff_write_from_the_inbox_stays_in_the_thread(practice: MailPractice, language: str) -> None:
    """Meant to fail when: the inbox answered by another channel, or beside the conversation; it stayed unread."""
    anne = practice.ask(language)
    practice.write("Can I swim?")
    (came,) = [one for one in practice.carrier.store.all() if one.direction == "inbound"]
    browser = practice.browser(practice.hire(language=language))
    assert "Can I swim?" in browser.get("/inbox?unread=yes&channel=email").text
    reply_id = re.findall(r'name="reply" value="([^"]+)"', browser.get(f"/inbox/patients/{anne.id}").text)[-1]
    answer = {"text": "From Friday on.", "nonce": "n1", "reply": reply_id}
    browser.post(f"/inbox/patients/{anne.id}", answer)
    practice.sweep()
    assert "From Friday on." in practice.mails()[-1]["body"]
    assert newest(practice)["In-Reply-To"] == came.message_id
    assert "Can I swim?" not in browser.get("/inbox?unread=yes").text
    browser.post(f"/patients/{anne.id}/write", {"text": "Another thing.", "nonce": "n2", "channel": "email"})
    practice.sweep()
    assert "Another thing." in practice.mails()[-1]["body"]
    assert newest(practice)["In-Reply-To"] is None
