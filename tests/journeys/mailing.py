"""A clinic whose e-mails go to the sandbox's mailboxes by SMTP, and whose own mailbox is read from there by IMAP."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.testclient import TestClient

from reminders.care.mail_in import read_mailboxes
from reminders.channels.base import Channel
from reminders.channels.opening import SenderIdentity, open_channel
from reminders.database import Database
from reminders.delivery.context import Delivery, Opener, Pace
from reminders.models import Patient, kinds
from reminders.sandbox.carrier import Carrier, open_carrier
from reminders.sandbox.mail_servers import MailServers
from reminders.sandbox.routes import router
from reminders.settings import Settings, load
from reminders.web.app import create_app
from tests import services
from tests.promises.practice import Practice
from tests.promises.world import address, open_world
from tests.reminders.delivery.fakes import Provider

ANNE = address(1)


@dataclass
class MailPractice(Practice):
    """Texts, which only alerts go by here, stay with hand-made phones."""

    carrier: Carrier
    sandbox: TestClient

    def ask(self, language: str = "en", days_ago: int = 7, email: str = ANNE) -> Patient:
        """Somebody treated so many days ago gets what is due by e-mail."""
        patient = self.world.patient(email=email, language=language)
        self.world.treat(patient, days_ago)
        self.sweep()
        assert self.mails(email)
        return patient

    def mails(self, to: str = ANNE) -> list[dict[str, Any]]:
        """What a mailbox got, oldest first."""
        return [one for one in self.sandbox.get("/sandbox/messages").json() if one["to"] == to]

    def write(self, body: str = "", sender: str = ANNE, **more: Any) -> int:
        """An e-mail comes for the clinic, which looks into its mailbox, then sends what follows; how many it read."""
        self.put(body, sender, **more)
        return self.look()

    def put(self, body: str = "", sender: str = ANNE, **more: Any) -> None:
        """An e-mail comes for the clinic."""
        self.sandbox.post("/sandbox/replies", json={"from": sender, "body": body, **more}).raise_for_status()

    def look(self) -> int:
        """The clinic looks into its mailbox, then sends what follows."""
        came = read_mailboxes(self.database, self.settings)
        self.sweep()
        return came


@contextmanager
def open_mail_practice(database: Database, folder: Path, **given: str) -> Iterator[MailPractice]:
    """With its two mail servers on ports of their own."""
    ports = {f"REMINDERS_SANDBOX_{name}_PORT": str(services.free_port()) for name in ("SMTP", "IMAP")}
    settings = load({"REMINDERS_DATA_DIR": str(folder), **ports, **given}, dotenv=folder / "none")
    with closing(open_carrier(settings)) as carrier, closing(MailServers(settings, carrier)) as servers:
        servers.start()
        app = FastAPI()
        app.include_router(router(settings, carrier))
        world, phones = open_world(database, settings), Provider()
        delivery = Delivery(database, settings, _opener(phones), Pace(time_out=5))
        web = create_app(settings, database)
        yield MailPractice(world, settings, phones, delivery, web, carrier, TestClient(app))
        delivery.close()


def _opener(phones: Provider) -> Opener:
    def open_one(identity: SenderIdentity, settings: Settings) -> Channel:
        return (open_channel if identity.channel is kinds.Channel.EMAIL else phones)(identity, settings)

    return open_one
