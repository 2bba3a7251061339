"""A patient's picture in an e-mail, through the sandbox's SMTP and IMAP: kept once, after its words were understood;
staff see it. A signature's logo is no picture, and a hostile file stops nothing.

Meant to fail when: the picture was drawn before the words were understood; a logo counted; rows were written apart from
the reply; what broke off was not fetched again from the mailbox; a machine's pictures were kept.
"""

import re
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from reminders.care import attachments, mail_in, media_fetching
from reminders.care.media_fetching import fetch_waiting
from reminders.channels.mail_files import MOST_PICTURES
from reminders.database import Database
from reminders.models import Attachment, Reply, Ticket
from reminders.models.kinds import TicketKind
from tests.journeys.mailing import ANNE, MailPractice, open_mail_practice
from tests.promises.practice import NURSE
from tests.reminders import pictures

FEVER = {"en": "I have a fever of 39, look", "fr": "J'ai 39 de fièvre, regardez"}
ALT = {"en": "Picture 1 from the patient", "fr": "Image 1 de la personne"}
PHOTO = pictures.photo(orientation=6)


@pytest.fixture
def practice(database: Database, tmp_path: Path) -> Iterator[MailPractice]:
    with open_mail_practice(database, tmp_path) as opened:
        yield opened


def letter(practice: MailPractice, body: str, *files: tuple[bytes, dict[str, Any]], **headers: str) -> str:
    """What a mail program makes of words and pictures, in answer to the last e-mail that Anne got."""
    built = EmailMessage(policy=SMTP)
    built["From"], built["To"], built["Subject"] = ANNE, "clinic@clinic.example", "Re: hello"
    built["Message-ID"], built["In-Reply-To"] = f"<{len(body)}@phone>", practice.mails()[-1]["message_id"]
    for name, value in headers.items():
        built[name.replace("_", "-")] = value
    built.set_content(body)
    for data, more in files:
        built.add_attachment(data, **{"maintype": "image", "subtype": "jpeg", "filename": "IMG_1.jpg", **more})
    return built.as_bytes().decode()


def attached(practice: MailPractice) -> list[tuple[str, str]]:
    rows = practice.rows(select(Attachment).order_by(Attachment.created_at, Attachment.position))
    return [(row.state.value, row.reason) for row in rows]


def fetch(practice: MailPractice) -> None:
    """What beat wakes, once its time has come."""
    practice.world.pass_time(timedelta(minutes=2))
    fetch_waiting(practice.database, practice.settings)


def _broken(*_args: Any, **_more: Any) -> Any:
    raise ZeroDivisionError("a bug, on purpose")


LOGO = (pictures.photo((400, 300), kind="PNG"), {"subtype": "png", "disposition": "inline", "cid": "<logo@x>"})
BANNER = (pictures.photo((1800, 120)) + b"\0" * 30_000, {"disposition": "inline", "cid": "<banner@x>"})


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_picture_with_a_fever_is_kept_after_the_alarm_and_staff_see_it(
    practice: MailPractice, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    practice.nurse()
    patient = practice.ask(language)
    alarmed: list[list[TicketKind]] = []
    look = attachments.look

    def looked(*given: Any) -> Any:
        alarmed.append(practice.tickets())
        return look(*given)

    monkeypatch.setattr(media_fetching, "look", looked)
    practice.write(raw=letter(practice, FEVER[language], (PHOTO, {}), LOGO))
    assert alarmed == [[TicketKind.RED_FLAG]]
    assert attached(practice) == [("kept", "")]
    assert practice.got(NURSE)
    staff = practice.browser(practice.hire(language=language))
    page = staff.get(f"/patients/{patient.id}").text
    assert ALT[language] in page
    found = re.search(r'src="(/attachments/[^"]+)"', page)
    assert found
    shown = staff.get(found[1])
    assert shown.content.startswith(b"\xff\xd8\xff")
    assert pictures.MARK not in shown.content
    assert PHOTO not in shown.content


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("how", [{}, {"disposition": "inline"}, {"disposition": "inline", "cid": "<p@x>"}])
def test_a_picture_alone_opens_a_ticket_and_stands_in_the_thread(
    practice: MailPractice, language: str, how: dict[str, str]
) -> None:
    patient = practice.ask(language)
    practice.write(raw=letter(practice, "", (PHOTO + b"\0" * 30_000, how)))
    assert practice.rows(select(Ticket.reason)) == ["attachment"]
    assert attached(practice) == [("kept", "")]
    staff = practice.browser(practice.hire(language=language))
    assert ALT[language] in staff.get(f"/patients/{patient.id}").text


@pytest.mark.parametrize("kind", ["png", "webp", "heic"])
def test_what_phones_make_is_kept(practice: MailPractice, kind: str) -> None:
    practice.ask()
    data = pictures.HEIC if kind == "heic" else pictures.photo(kind=kind.upper())
    practice.write(raw=letter(practice, "look", (data, {"subtype": kind})))
    assert attached(practice) == [("kept", "")]


def test_a_signatures_logos_open_nothing(practice: MailPractice) -> None:
    practice.ask()
    practice.write(raw=letter(practice, "2", LOGO, BANNER))
    assert not attached(practice)
    assert not practice.tickets()
    assert practice.rows(select(Reply.media)) == [None]


def test_hostile_files_stop_nothing(practice: MailPractice) -> None:
    practice.ask()
    pdf = (b"%PDF-1.4", {"maintype": "application", "subtype": "pdf"})
    files = [(pictures.bomb(), {}), (pictures.HTML, {}), (pictures.polyglot(), {}), pdf, (PHOTO[:900], {}), (PHOTO, {})]
    practice.write(raw=letter(practice, "look", *files, (PHOTO, {})))
    expected = [("refused", "too_large"), ("refused", "kind"), ("kept", ""), ("refused", "kind"), ("refused", "broken")]
    assert attached(practice) == [*expected, ("kept", ""), ("refused", "too_many")]
    staff = practice.browser(practice.hire())
    (patient_id,) = practice.rows(select(Reply.patient_id))
    assert "too many pictures" in staff.get(f"/patients/{patient_id}").text
    assert len(files) > MOST_PICTURES


def test_what_breaks_off_is_fetched_from_the_mailbox(practice: MailPractice, monkeypatch: pytest.MonkeyPatch) -> None:
    practice.ask()
    monkeypatch.setattr(mail_in, "draw", _broken)
    practice.write(raw=letter(practice, "look", (PHOTO, {}), LOGO, (PHOTO + b"2", {})))
    assert attached(practice) == [("waiting", "")] * 2
    monkeypatch.undo()
    fetch(practice)
    assert attached(practice) == [("kept", "")] * 2
    fetch(practice)
    practice.world.pass_time(timedelta(hours=1))
    assert practice.look() == 0
    assert attached(practice) == [("kept", "")] * 2
    assert practice.rows(select(Attachment.source_url)) == [None, None]


def test_what_breaks_before_it_is_kept_is_kept_once(practice: MailPractice, monkeypatch: pytest.MonkeyPatch) -> None:
    practice.ask()
    monkeypatch.setattr(mail_in, "hang_on", _broken)
    practice.put(raw=letter(practice, "look", (PHOTO, {})))
    practice.look()
    assert practice.rows(select(Reply)) == attached(practice) == []
    monkeypatch.undo()
    practice.world.pass_time(timedelta(minutes=2))
    assert practice.look() == 1
    assert len(practice.rows(select(Reply))) == 1
    assert attached(practice) == [("kept", "")]


def test_a_machines_pictures_are_not_looked_at(practice: MailPractice) -> None:
    practice.ask()
    practice.write(raw=letter(practice, "I am away", (PHOTO, {}), Auto_Submitted="auto-replied"))
    assert not attached(practice)
    assert not practice.tickets()
