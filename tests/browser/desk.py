"""The staff's pages on real HTTP, in the test's own process: what is on file changes while a page is open."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from fastapi import FastAPI
from playwright.sync_api import Browser, ConsoleMessage, Page
from sqlalchemy import select

from reminders.care.ticket_keys import key_for
from reminders.care.tickets import NewTicket, open_ticket
from reminders.ids import new_id
from reminders.models import Patient, Reply, Sender, Ticket
from reminders.models.kinds import Channel, ReplyKind, TicketKind
from tests import services
from tests.reminders.sandbox.conftest import serving
from tests.web.conftest import TODAY
from tests.web.conftest import Browser as Member

URL = "http://127.0.0.1"
_AWAY = "ERR_CONNECTION"


@dataclass
class Desk:
    """A member of staff's clinic, served at `url` as long as `served` holds."""

    app: FastAPI
    member: Member
    port: int

    @property
    def url(self) -> str:
        return f"{URL}:{self.port}"

    @contextmanager
    def served(self) -> Iterator[None]:
        with serving(self.app, self.port):
            yield

    def sign_in(self, page: Page) -> None:
        token = self.member.client.cookies["session"]
        page.context.add_cookies([{"name": "session", "value": token, "url": self.url}])

    def sign_out(self) -> None:
        self.member.post("/sign-out")

    def say(self, patient: Patient, body: str, kind: TicketKind, minutes: int = 5, mail: str = "") -> Ticket:
        """A patient's words, and the ticket that they open; with `mail` an e-mail that quotes it."""
        at = TODAY - timedelta(minutes=minutes)
        with self.member.database.begin() as session:
            channel = Channel.EMAIL if mail else Channel.SMS
            sender = session.scalars(select(Sender).where(Sender.channel == channel).limit(1)).one()
            reply = Reply(
                clinic_id=patient.clinic_id, sender_id=sender.id, patient_id=patient.id, channel=channel,
                kind=ReplyKind.EMAIL if mail else ReplyKind.TEXT, provider_id=str(new_id()),
                sender_address="+14385550177", from_index=str(new_id()), body=body + mail,
                received_at=at, read_at=at, labels=["other"],
            )  # fmt: skip
            session.add(reply)
            session.flush()
            new = NewTicket(patient.clinic_id, kind, key_for(kind, reply.id), patient.id, reply_id=reply.id)
            return open_ticket(session, new, at)


@contextmanager
def at_desk(desk: Desk, browser: Browser, width: int, may_be_away: bool = False) -> Iterator[Page]:
    """A page of a signed-in member's. A script error fails the test, and so does what the policy blocks; with
    `may_be_away` a server that is gone does not."""
    context = browser.new_context(viewport={"width": width, "height": 900})
    page = context.new_page()
    errors: list[str] = []

    def told(message: ConsoleMessage) -> None:
        if message.type == "error" and not (may_be_away and _AWAY in message.text):
            errors.append(message.text)

    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", told)
    desk.sign_in(page)
    yield page
    context.close()
    assert errors == []


def desk_of(app: FastAPI, member: Member) -> Desk:
    """A desk on a loopback port of its own."""
    return Desk(app, member, services.free_port())
