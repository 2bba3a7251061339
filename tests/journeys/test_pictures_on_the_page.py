"""A patient shows pictures on the check-in's page; staff see them, drawn anew; a bad one costs nothing else.

Seen to fail when: a picture that could not be read, or was too large, lost the answer; files went through a file on
disk; what a double press brings was kept twice; nothing bounded how many one link keeps; a link that leads nowhere had
its form read; another page took files; a picture with an answer that needs nobody reached nobody.
"""

import asyncio
import re
import tempfile
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

import pytest
from httpx import Response
from sqlalchemy import select
from starlette.exceptions import HTTPException
from starlette.requests import Request

from reminders.care.attachments import MOST_BYTES
from reminders.database import Database
from reminders.models import Attachment, Audit, CheckIn, Reply, Ticket
from reminders.models.kinds import TicketKind
from reminders.settings import Settings
from reminders.web import guards, multipart
from tests.journeys.answering import WELL, WORSE, Page, ask
from tests.promises.practice import Practice, open_practice
from tests.promises.world import open_world
from tests.reminders import pictures

PHOTO = pictures.photo()
_SHOWN = re.compile(r'<img src="(/attachments/[^"]+)" alt="([^"]+)"')

_BOUNDARY = "----WebKitFormBoundaryx"
_KIND = f"multipart/form-data; boundary={_BOUNDARY}"


@pytest.fixture
def practice(database: Database, settings: Settings) -> Iterator[Practice]:
    with open_practice(open_world(database, settings), settings) as opened:
        yield opened


@pytest.fixture
def sheet(practice: Practice) -> Page:
    return ask(practice, language="en")


def form(data: tuple[bytes, ...], fields: Mapping[str, object], name: str = "IMG_1.jpg") -> bytes:
    """The page's form as a browser sends it: a field for a file that nobody chose comes too, without a name."""
    parts = [(f'form-data; name="{field}"', str(value).encode()) for field, value in fields.items()]
    for one in data + (b"",) * (3 - len(data)):
        named = f'form-data; name="pictures"; filename="{name if one else ""}"\r\nContent-Type: image/jpeg'
        parts.append((named, one))
    written = b"".join(
        f"--{_BOUNDARY}\r\nContent-Disposition: {head}\r\n\r\n".encode() + body + b"\r\n" for head, body in parts
    )
    return written + f"--{_BOUNDARY}--\r\n".encode()


def send(sheet: Page, *data: bytes, **fields: object) -> str:
    """Fill it in with pictures and send it; what it says then."""
    answered = post(sheet, *data, **fields)
    assert answered.status_code == 200, answered.text
    return answered.text


def post(sheet: Page, *data: bytes, **fields: object) -> Response:
    body = form(data, {"nonce": sheet.nonce(), **fields})
    answered: Response = sheet.client.post(sheet.path, content=body, headers={"content-type": _KIND})
    return answered


def said(practice: Practice) -> list[tuple[str, str]]:
    rows = practice.rows(select(Attachment).order_by(Attachment.created_at, Attachment.position))
    return [(row.state.value, row.reason) for row in rows]


@pytest.mark.parametrize(("language", "alt"), [("en", "Picture 2 from the patient"), ("fr", "Image 2 de la personne")])
def test_two_pictures_with_an_answer(practice: Practice, language: str, alt: str) -> None:
    sheet = ask(practice, language=language)
    shown = sheet.open()
    assert 'enctype="multipart/form-data"' in shown
    assert shown.count('type="file" name="pictures"') == 3
    done = send(sheet, PHOTO, b"", pictures.HEIC, **WORSE)
    assert sheet.says("done_persisting") in done
    assert sheet.texts.count("check_in_page.pictures_kept", 2) in done
    assert sheet.says("pictures_refused") not in done
    assert said(practice) == [("kept", "")] * 2
    assert len(practice.rows(select(CheckIn))) == 1
    assert practice.tickets() == [TicketKind.CONSULT]
    nurse = practice.hire(language=language)
    staff = practice.browser(nurse)
    (reply,) = practice.rows(select(Reply))
    for path in (f"/patients/{sheet.patient.id}", f"/replies/{reply.id}/answer"):
        found = _SHOWN.findall(staff.get(path).text)
        assert len({place for place, _ in found}) == 2, "by its day, and beside the words"
        assert found[1][1].startswith(alt)
    assert found[0][0] in staff.get("/").text
    picture = staff.get(found[0][0])
    assert picture.content.startswith(b"\xff\xd8\xff")
    assert pictures.MARK not in picture.content
    headers = picture.headers
    assert (headers["content-type"], headers["cache-control"]) == ("image/jpeg", "private, no-store")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert headers["content-disposition"] == f'inline; filename="{found[0][0].rsplit("/", 1)[1]}.jpg"'
    (seen,) = practice.rows(select(Audit).where(Audit.action == "attachment.seen"))
    assert (seen.staff_id, f"/attachments/{seen.subject_id}") == (nurse.id, found[0][0])


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (PHOTO[:2000], "broken"),
        (pictures.HTML, "kind"),
        (pictures.SVG, "kind"),
        (pictures.bomb(), "too_large"),
        (PHOTO + b"\0" * MOST_BYTES, "too_large"),
    ],
)
def test_a_bad_one_costs_nothing_else(practice: Practice, language: str, bad: bytes, reason: str) -> None:
    sheet = ask(practice, language=language)
    done = send(sheet, b"", bad, PHOTO, **WORSE, words="It itches")
    assert sheet.says("done_persisting") in done
    assert sheet.says("pictures_refused") in done
    named = sheet.says("picture", number="2") + sheet.says("colon")
    assert f"{named} {sheet.texts.text(f'check_in_picture.{reason}')}" in done
    assert sheet.texts.count("check_in_page.pictures_kept", 1) in done
    assert said(practice) == [("refused", reason), ("kept", "")]
    assert "It itches" in practice.rows(select(Reply))[0].body
    told = practice.browser(practice.hire()).get(f"/patients/{sheet.patient.id}").text
    assert "Attachment 1 cannot be shown." in told


def test_an_empty_file_is_told_from_none(practice: Practice, sheet: Page) -> None:
    given = [("pictures", ("empty.jpg", b"", "image/jpeg"))]
    done = sheet.client.post(sheet.path, data={"nonce": sheet.nonce(), **WELL}, files=given).text
    assert "the file is empty." in done
    assert said(practice) == [("refused", "empty")]


def test_a_picture_with_an_answer_that_needs_nobody_reaches_staff(practice: Practice, sheet: Page) -> None:
    send(sheet, PHOTO, **WELL)
    (ticket,) = practice.rows(select(Ticket))
    assert (ticket.kind, ticket.reason) == (TicketKind.UNCLEAR, "attachment")
    assert len(practice.rows(select(CheckIn))) == 1


def test_a_picture_alone_is_an_answer(practice: Practice, sheet: Page) -> None:
    assert sheet.says("done_other") in send(sheet, PHOTO)
    assert [ticket.reason for ticket in practice.rows(select(Ticket))] == ["attachment"]
    assert said(practice) == [("kept", "")]


def test_without_pictures_nothing_hangs_on_it(practice: Practice, sheet: Page) -> None:
    send(sheet, **WELL)
    assert said(practice) == []
    assert practice.tickets() == []
    assert practice.rows(select(Reply.media)) == [None]


def test_pressing_twice_keeps_them_once(practice: Practice, sheet: Page) -> None:
    body = form((PHOTO,), {"nonce": sheet.nonce(), **WORSE})
    for _ in range(2):
        assert sheet.client.post(sheet.path, content=body, headers={"content-type": _KIND}).status_code == 200
    assert said(practice) == [("kept", "")]


def test_a_link_keeps_so_many_and_no_more(practice: Practice, sheet: Page) -> None:
    for _ in range(3):
        send(sheet, PHOTO, PHOTO, PHOTO, **WORSE)
    done = send(sheet, PHOTO, **WORSE)
    assert "we have as many pictures as we can take" in done
    assert "Thank you" in done
    assert said(practice) == [("kept", "")] * 9 + [("refused", "too_many")]


def test_more_than_the_page_asks_for(practice: Practice, sheet: Page) -> None:
    send(sheet, *[PHOTO] * 5, **WORSE)
    assert said(practice) == [("kept", "")] * 3 + [("refused", "too_many")] * 2


def test_what_was_typed_stays_and_the_browser_is_not_blamed(practice: Practice, sheet: Page) -> None:
    refused = post(sheet, PHOTO, **WORSE, words="a" * 2001)
    assert refused.status_code == 422
    assert "a" * 2001 in refused.text
    assert sheet.says("pictures_again") in refused.text
    assert said(practice) == []
    assert sheet.says("pictures_again") not in post(sheet, severity="2").text


def test_nothing_touches_a_disk(practice: Practice, sheet: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> NoReturn:
        raise AssertionError("a file was opened")

    for name in ("SpooledTemporaryFile", "TemporaryFile", "NamedTemporaryFile", "mkstemp"):
        monkeypatch.setattr(tempfile, name, refuse)
    monkeypatch.setattr("starlette.formparsers.SpooledTemporaryFile", refuse)
    send(sheet, PHOTO + b"\0" * (MOST_BYTES - len(PHOTO)), PHOTO, **WORSE)
    assert said(practice) == [("kept", "")] * 2


def test_a_link_that_leads_nowhere_has_nothing_read(
    practice: Practice, sheet: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> NoReturn:
        raise AssertionError("it was read")

    monkeypatch.setattr("reminders.web.multipart.MultipartParser", refuse)
    answered = sheet.client.post("/c/" + "A" * 40, content=form((PHOTO,), {}), headers={"content-type": _KIND})
    assert answered.status_code == 404
    assert post(sheet, PHOTO).status_code == 500


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=x", b"no boundary"),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="words"\r\n\r\ncut off'),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="w"\r\n\r\n\xff\r\n--x--\r\n',
        ),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="w"\r\n\r\n\0\r\n--x--\r\n'),
        ("multipart/form-data; boundary=x", b"--x\r\n" + b"A" * 9000 + b": b\r\n\r\n\r\n--x--\r\n"),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n' * 200),
    ],
    ids=range(7),
)
def test_what_is_no_form_is_refused(practice: Practice, sheet: Page, kind: str, body: bytes) -> None:
    assert sheet.client.post(sheet.path, content=body, headers={"content-type": kind}).status_code == 400
    assert practice.rows(select(Reply)) == []


def test_words_without_end_are_refused(practice: Practice, sheet: Page) -> None:
    assert post(sheet, PHOTO, words="a" * 300_000).status_code == 413
    assert practice.rows(select(Reply)) == []


def test_the_larger_limit_is_this_forms_alone(practice: Practice, sheet: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    much = b"a" * (guards.MOST_BYTES + 1)
    staff = practice.browser(practice.hire())
    assert sheet.client.post(sheet.path, content=much).status_code == 413
    assert staff.client.post("/patients", files={"x": ("x", much)}).status_code == 415
    headers = {"content-type": "multipart/form-data; boundary=x"}
    assert staff.client.post("/webhooks/twilio/inbound", content=much, headers=headers).status_code == 413
    monkeypatch.setattr(guards, "MOST_WITH_PICTURES", 2 * guards.MOST_BYTES)
    assert post(sheet, much, **WORSE).status_code == 200
    assert post(sheet, much, much, **WORSE).status_code == 413


def test_an_upload_that_broke_off_gives_up_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """A phone that lost its network says nothing of it. Seen to fail when the form was waited for without an end."""
    monkeypatch.setattr(multipart, "LONGEST_SILENCE", 0.05)
    pieces = [{"type": "http.request", "body": form((PHOTO,), {})[:500], "more_body": True}]

    async def receive() -> Any:
        return pieces.pop() if pieces else await asyncio.sleep(60)

    scope = {"type": "http", "method": "POST", "path": "/c/x", "headers": [(b"content-type", _KIND.encode())]}
    with pytest.raises(HTTPException) as caught:
        asyncio.run(multipart.received(Request(scope, receive), multipart.Limits(3, MOST_BYTES)))
    assert caught.value.status_code == 408
