"""A patient texts a picture, through the sandbox carrier over real HTTP: it is kept by Basic auth and a redirect as at
Twilio, and staff see it.

Seen to fail when: the credentials went along to the store; the redirect was not followed; the picture's ticket was left
out; the fever in the words was read later than the picture was fetched.
"""

import base64
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from reminders.care.media_fetching import fetch_waiting
from reminders.database import Database
from reminders.delivery.context import Delivery
from reminders.models import Attachment, Patient, Ticket
from reminders.models.kinds import AttachmentState, TicketKind
from reminders.sandbox.carrier import open_carrier
from reminders.sandbox.routes import router
from reminders.settings import Settings, load
from reminders.web.app import create_app
from tests.promises.practice import MARIE, Practice
from tests.promises.world import open_world
from tests.reminders import pictures
from tests.reminders.delivery.fakes import Provider
from tests.reminders.sandbox.conftest import free_port, serving

PHOTO = pictures.photo(orientation=6)


@dataclass
class Phone:
    """Marie's phone at the sandbox carrier, and the clinic that it writes to."""

    practice: Practice
    http: httpx.Client

    def send(self, *data: bytes, body: str = "", kind: str = "image/jpeg") -> None:
        """A text with pictures."""
        media = [{"data": base64.b64encode(one).decode(), "content_type": kind} for one in data]
        self.bring({"body": body, "media": media})

    def bring(self, text: dict[str, Any]) -> None:
        """A text as the sandbox takes it."""
        taken = self.http.post("/sandbox/replies", json={"from": MARIE} | text)
        assert taken.json()["status"] == 200, taken.text

    def fetch(self) -> None:
        """What beat wakes."""
        fetch_waiting(self.practice.database, self.practice.settings)

    def attached(self) -> list[tuple[str, str]]:
        """What became of each."""
        rows = self.practice.rows(select(Attachment).order_by(Attachment.created_at, Attachment.position))
        return [(row.state.value, row.reason) for row in rows]


@pytest.fixture
def phone(database: Database, settings: Settings) -> Iterator[Phone]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    given = {"REMINDERS_DATA_DIR": str(settings.data_dir), "REMINDERS_PUBLIC_URL": url, "TWILIO_API_URL": url}
    here = load(given, dotenv=settings.data_dir / "none")
    world = open_world(database, here)
    with closing(open_carrier(here)) as carrier:
        app = create_app(here, database, [router(here, carrier)])
        with serving(app, port), httpx.Client(base_url=url) as http, closing(Delivery(database, here)) as delivery:
            yield Phone(Practice(world, here, Provider(), delivery, app), http)


def asked(phone: Phone, language: str) -> Patient:
    """Marie has her check-in."""
    marie = phone.practice.world.patient(phone=MARIE, language=language)
    phone.practice.world.treat(marie)
    phone.practice.sweep()
    assert [one["to"] for one in phone.http.get("/sandbox/messages").json()] == [MARIE]
    return marie


@pytest.mark.parametrize(
    ("language", "body", "alt"),
    [
        ("en", "I have a fever, look", "Picture 1 from the patient"),
        ("fr", "J'ai de la fièvre, regardez", "Image 1 de la personne"),
    ],
)
def test_with_a_fever(phone: Phone, language: str, body: str, alt: str) -> None:
    marie = asked(phone, language)
    nurse = phone.practice.nurse(language=language)
    phone.send(PHOTO, body=body)
    # The alarm does not wait for the picture.
    assert phone.practice.tickets() == [TicketKind.RED_FLAG]
    assert phone.attached() == [("waiting", "")]
    staff = phone.practice.browser(nurse)
    assert 'src="/attachments/' not in staff.get(f"/patients/{marie.id}").text
    phone.fetch()
    assert phone.attached() == [("kept", "")]
    shown = staff.get(f"/patients/{marie.id}").text
    assert f'alt="{alt}' in shown
    # It stands in the timeline and under the treatment's course.
    (address,) = set(re.findall(r'<img src="(/attachments/[^"]+)"', shown))
    picture = staff.get(address)
    assert picture.headers["content-type"] == "image/jpeg"
    assert pictures.MARK not in picture.content
    assert address in staff.get("/").text


@pytest.mark.parametrize("language", ["en", "fr"])
def test_alone(phone: Phone, language: str) -> None:
    asked(phone, language)
    phone.send(PHOTO, pictures.photo(kind="PNG"), kind="image/png")
    phone.fetch()
    (ticket,) = phone.practice.rows(select(Ticket))
    assert (ticket.kind, ticket.reason) == (TicketKind.UNCLEAR, "attachment")
    assert phone.attached() == [("kept", "")] * 2
    today = phone.practice.browser(phone.practice.hire(language=language)).get("/").text
    assert today.count('href="/attachments/') == 2


@pytest.mark.parametrize(
    ("fault", "then"),
    [
        ("media_404", ("waiting", "gone")),
        ("media_elsewhere", ("refused", "redirect")),
        ("media_cut", ("refused", "broken")),
    ],
)
def test_when_the_carrier_does_wrong(phone: Phone, fault: str, then: tuple[str, str]) -> None:
    asked(phone, "en")
    phone.http.post("/sandbox/faults", json={"kind": fault}).raise_for_status()
    phone.send(PHOTO)
    phone.fetch()
    assert phone.attached() == [then]
    phone.practice.world.pass_time(timedelta(minutes=2))
    phone.fetch()
    assert phone.attached() == [("kept", "") if then[0] == "waiting" else then]


@pytest.mark.parametrize(
    "url", ["http://169.254.169.254/latest/meta-data", "https://api.twilio.com@evil.example/x", "", "nothing"]
)
def test_an_address_that_is_nobodys(phone: Phone, url: str) -> None:
    asked(phone, "en")
    phone.bring({"media": [{"url": url}]})
    phone.fetch()
    assert phone.attached() == [("refused", "address")]


def test_from_the_phones_page(phone: Phone) -> None:
    asked(phone, "en")
    found = re.search(r"/sandbox/phone/\w+", phone.http.get("/sandbox/").text)
    assert found
    page = phone.http.get(found[0]).text
    assert 'type="file" name="picture"' in page
    large = PHOTO + b"\0" * (3 * 1024 * 1024)
    sent = phone.http.post(
        f"{found[0]}/reply", data={"body": "look"}, files={"picture": ("a.jpg", large, "image/jpeg")}
    )
    assert sent.status_code == 303
    phone.fetch()
    assert phone.attached() == [("kept", "")]
    (address,) = re.findall(r'<img src="(/sandbox/store/[^"]+)"', phone.http.get(found[0]).text)
    assert phone.http.get(address).content == large
    assert phone.http.get(address, auth=("AC", "token")).status_code == 400
    assert phone.practice.rows(select(Attachment.state)) == [AttachmentState.KEPT]
    too_large = {"picture": ("a.jpg", b"\0" * (6 * 1024 * 1024), "image/jpeg")}
    assert phone.http.post(f"{found[0]}/reply", files=too_large).status_code == 422
