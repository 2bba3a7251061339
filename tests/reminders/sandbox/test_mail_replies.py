"""A patient answers an e-mail in the sandbox's mailbox: it lies in the clinic's, as a mail program would send it."""

from email.message import EmailMessage

import pytest

from reminders.channels.imap_mail import ImapMailbox
from reminders.channels.incoming_mail import IncomingMail, read_mail
from reminders.clock import host_now
from tests.reminders.sandbox.conftest import Running
from tests.reminders.sandbox.test_mailbox import _send

ANNE = "anne@patients.example"


def came(sandbox: Running) -> list[IncomingMail]:
    """What lies in the clinic's mailbox."""
    with ImapMailbox(sandbox.settings.effective_imap_url) as mailbox:
        return [read_mail(one.raw) for one in mailbox.since(None, host_now().date())]


def asked(sandbox: Running, answers_to: str = "") -> None:
    message = EmailMessage()
    message["Subject"] = "Suivi du jour 7, été"
    message["From"] = "Clinique Élan <clinic@clinic.example>"
    message["To"] = ANNE
    message["Message-ID"] = "<m1@clinic.example>"
    if answers_to:
        message["Reply-To"] = answers_to
    message.set_content("Comment va votre peau?\n")
    _send(sandbox, message, [ANNE])


def reply(sandbox: Running, **given: object) -> int:
    return sandbox.http.post("/sandbox/replies", json={"from": ANNE, **given}).status_code


@pytest.mark.parametrize(
    ("answers_to", "goes_to"), [("clinic+t@clinic.example", "clinic+t@clinic.example"), ("", "clinic@clinic.example")]
)
def test_an_answer_goes_where_a_mail_program_sends_it(sandbox: Running, answers_to: str, goes_to: str) -> None:
    asked(sandbox, answers_to)
    assert reply(sandbox, body="3, ça empire") == 200
    (mail,) = came(sandbox)
    assert (mail.sender, mail.recipients, mail.answers) == (ANNE, (goes_to,), ("m1@clinic.example",))
    assert mail.subject == "Re: Suivi du jour 7, été"
    assert mail.text.startswith("3, ça empire\n\nOn ")
    assert mail.text.endswith("> Comment va votre peau?")


def test_the_page_answers_too(sandbox: Running) -> None:
    asked(sandbox)
    (line,) = [part for part in sandbox.http.get("/sandbox/").text.split('"') if part.startswith("/sandbox/phone/")]
    assert 'name="body"' in sandbox.http.get(line).text
    assert sandbox.http.post(f"{line}/reply", data={"body": "2"}).status_code == 303
    assert [mail.answers for mail in came(sandbox)] == [("m1@clinic.example",)]
    assert sandbox.http.get(line).text.count("bubble") == 2
    assert "Re: Suivi du jour 7, été" in sandbox.http.get(line).text
    assert [one["direction"] for one in sandbox.shown()] == ["outbound-api"]


def test_a_mail_of_ones_own_a_bounce_and_any_other(sandbox: Running) -> None:
    asked(sandbox)
    assert reply(sandbox, body="Bonjour", answers=False, subject="Question") == 200
    assert reply(sandbox, bounce="5.1.1") == 200
    assert reply(sandbox, raw="From: x@y\r\n\r\nzz") == 200
    assert reply(sandbox, body="absent", headers={"Auto-Submitted": "auto-replied"}) == 200
    own, bounced, whole, away = came(sandbox)
    assert (own.subject, own.answers, own.recipients) == ("Question", (), ("clinic@clinic.example",))
    assert bounced.bounce
    assert (bounced.bounce.status, bounced.bounce.about) == ("5.1.1", ("m1@clinic.example",))
    assert (whole.sender, whole.text) == ("x@y", "zz")
    assert away.automatic


@pytest.mark.parametrize("wrong", [{"from": "nobody"}, {"bounce": "no"}, {"body": 3}, {"other": 1}])
def test_what_no_mail_is_like_is_refused(sandbox: Running, wrong: dict[str, object]) -> None:
    assert sandbox.http.post("/sandbox/replies", json={"from": ANNE, "body": "x", **wrong}).status_code == 422
    assert came(sandbox) == []
