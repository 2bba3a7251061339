"""A clinic with everything that stands around it: patients' phones, the carrier's webhooks, staff at their browsers."""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from httpx import Response
from sqlalchemy import Select, select
from starlette.testclient import TestClient
from twilio.request_validator import RequestValidator

from reminders.care import staff
from reminders.care.events import handle_events
from reminders.care.replies import understand_pending
from reminders.channels.base import Outgoing
from reminders.database import Database
from reminders.delivery.context import Delivery, Pace
from reminders.delivery.sweep import SweepReport, send_due
from reminders.ids import new_id
from reminders.models import Attempt, Clinic, Message, Staff, Ticket
from reminders.models.kinds import Role, TicketKind
from reminders.settings import SANDBOX_ACCOUNT, SANDBOX_NUMBER, Settings
from reminders.web.app import create_app
from tests.promises.world import World
from tests.reminders.delivery.fakes import Provider
from tests.web.conftest import Browser

MARIE = "+15145550112"
NURSE = "+15145550113"


@dataclass
class Practice:
    """The application in this process, on a database, with hand-made phones in place of a carrier."""

    world: World
    settings: Settings
    phones: Provider
    delivery: Delivery
    app: FastAPI

    @property
    def database(self) -> Database:
        """The database that all of it works on."""
        return self.world.database

    @property
    def clinic(self) -> Clinic:
        """The clinic."""
        return self.world.clinic

    def sweep(self) -> SweepReport:
        """What beat wakes: send what is due, then handle what that reported."""
        report = send_due(self.delivery)
        handle_events(self.database)
        return report

    def got(self, to: str | None = None) -> list[str]:
        """What a phone or mailbox (or all of them) received, oldest first."""
        return [one.body for one in self.received(to)]

    def received(self, to: str | None = None) -> list[Outgoing]:
        """The same, whole."""
        return [one for one in self.phones.taken if to in (None, one.to)]

    def webhook(self, path: str, fields: dict[str, str]) -> Response:
        """The carrier calls us, signed; an exception of ours becomes a 500, as it would outside."""
        signed = {"AccountSid": SANDBOX_ACCOUNT, **fields}
        url = self.settings.public_url + url_path(path)
        signature = RequestValidator(self.settings.sandbox_token).compute_signature(url, signed)
        client = TestClient(self.app, raise_server_exceptions=False)
        answer: Response = client.post(url_path(path), data=signed, headers={"X-Twilio-Signature": signature})
        return answer

    def text(self, body: str, sender: str = MARIE, **more: str) -> Response:
        """A text from a phone."""
        fields = {
            "MessageSid": f"SM{new_id().hex}",
            "From": sender,
            "To": SANDBOX_NUMBER,
            "Body": body,
            "NumMedia": "0",
        }
        return self.webhook("inbound", fields | more)

    def call(self, sender: str = MARIE) -> Response:
        """A voice call from a phone."""
        return self.webhook("voice", {"CallSid": f"CA{new_id().hex}", "From": sender, "To": SANDBOX_NUMBER})

    def receipt(self, attempt: Attempt, status: str, code: str = "") -> Response:
        """The carrier says what became of an attempt."""
        fields = {"MessageSid": attempt.provider_id or "SM0", "MessageStatus": status, "ErrorCode": code}
        return self.webhook(f"status/{attempt.id}", fields)

    def understand_pending(self) -> int:
        """The task that reads what was kept and not understood."""
        return understand_pending(self.database)

    def rows(self, query: Select[Any]) -> Sequence[Any]:
        """What a query finds, first column only."""
        with self.database.read() as session:
            return session.scalars(query).all()

    def message(self, message_id: uuid.UUID) -> Message:
        """A message as it stands now."""
        found: Message = self.rows(select(Message).where(Message.id == message_id))[0]
        return found

    def tickets(self) -> list[TicketKind]:
        """The kinds of all tickets, most urgent first."""
        return list(self.rows(select(Ticket.kind).order_by(Ticket.priority, Ticket.id)))

    def hire(self, role: Role = Role.STAFF, clinic: Clinic | None = None, **given: Any) -> Staff:
        """Somebody who works at the clinic (or at another)."""
        where, email = clinic or self.clinic, given.pop("email", f"{new_id().hex}@clinic.example")
        name, language = given.pop("name", "Camille Roy"), given.pop("language", "en")
        with self.database.begin() as session:
            staff.invite(session, where.id, staff.NewStaff(name, email, role.value, language), self.world.now)
            person = session.scalars(select(Staff).order_by(Staff.id.desc()).limit(1)).one()
            for field, value in given.items():
                setattr(person, field, value)
        return person

    def nurse(self, **given: Any) -> Staff:
        """A nurse on call, who is alerted by text."""
        return self.hire(on_call=True, phone=NURSE, **given)

    def browser(self, person: Staff, clinic: Clinic | None = None) -> Browser:
        """A signed-in browser of somebody's."""
        with self.database.begin() as session:
            opened = staff.open_session(session, session.merge(person, load=False), self.world.now)
        client = TestClient(self.app, follow_redirects=False, cookies={"session": opened.token})
        return Browser(client, opened.csrf_token, clinic or self.clinic, person, self.database)


def url_path(webhook: str) -> str:
    """Where the carrier brings something."""
    return f"/webhooks/twilio/{webhook}"


@contextmanager
def open_practice(world: World, settings: Settings) -> Iterator[Practice]:
    """The practice around a clinic; its delivery is closed at the end."""
    phones = Provider()
    delivery = Delivery(world.database, settings, phones, Pace(time_out=2))
    yield Practice(world, settings, phones, delivery, create_app(settings, world.database))
    delivery.close()
