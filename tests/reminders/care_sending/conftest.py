"""A clinic whose texts go to a hand-made provider, and a carrier that says what became of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from reminders.care import patients
from reminders.care.actors import Actor
from reminders.care.events import handle_events
from reminders.database import Database
from reminders.delivery.context import Delivery, Pace
from reminders.delivery.receipts import ReceiptIn, record
from reminders.delivery.sweep import SweepReport, send_due
from reminders.models import Attempt, Clinic, Message, Patient, Ticket
from reminders.models.kinds import Channel, TicketKind
from reminders.settings import Settings
from schedules.lifecycle import State
from tests.promises.world import TUESDAY, World, open_world
from tests.reminders.delivery.fakes import Provider, delivery

PHONE, OTHER_PHONE, EMAIL = "+15145550112", "+15145550177", "marie@example.org"

PERSON = patients.PatientInput(given_name="Marie", family_name="Tremblay", language="en", phone=PHONE, email=EMAIL)


@dataclass
class Desk:
    """A clinic, one patient whose check-in is due now, and the carrier."""

    world: World
    provider: Provider
    delivery: Delivery

    @property
    def database(self) -> Database:
        """The database that all of it works on."""
        return self.world.database

    @property
    def clinic(self) -> Clinic:
        """The clinic."""
        return self.world.clinic

    def owe(self, *, phone: str = PHONE, email: str = EMAIL) -> Patient:
        """A patient whose check-in is due now."""
        patient = self.world.patient(phone, email)
        self.world.treat(patient)
        return patient

    def sweep(self) -> SweepReport:
        """Send what is due, then handle what delivery has reported."""
        report = send_due(self.delivery)
        handle_events(self.database)
        return report

    def says(self, status: str, code: str = "", *, of: int = -1, handled: bool = True) -> None:
        """The carrier reports on a text (the newest, or the one of this number), and the event is handled."""
        with self.database.begin() as session:
            sms = (Message.id == Attempt.message_id, Message.channel == Channel.SMS)
            attempt = session.scalars(select(Attempt).join(Message, sms[0]).where(sms[1]).order_by(Attempt.id)).all()[
                of
            ]
            receipt = ReceiptIn(attempt.id, attempt.provider_id or "SM0", status, code)
            assert record(session, receipt, self.world.now)
        if handled:
            handle_events(self.database)

    def correct_number(self, patient: Patient, phone: str = OTHER_PHONE) -> None:
        """Somebody puts the number right."""
        with self.database.begin() as session:
            kept = patients.get(session, self.clinic.id, patient.id)
            given = patients.clean(replace(PERSON, phone=phone), self.clinic)
            patients.change(session, Actor(self.clinic.id, "form"), self.clinic, kept, given, self.world.now)

    def messages(self, *states: State) -> list[tuple[str, str, str]]:
        """Channel, state and reason of all messages (or those in `states`), oldest first."""
        rows = self.rows()
        return [(row.channel.value, row.state.value, row.reason) for row in rows if not states or row.state in states]

    def rows(self) -> Sequence[Message]:
        """All messages, oldest first."""
        with self.database.read() as session:
            return session.scalars(select(Message).order_by(Message.created_at, Message.id)).all()

    def planned(self) -> list[str]:
        """The channels of what is still to go."""
        return [channel for channel, *_ in self.messages(State.PLANNED, State.CLAIMED)]

    def tickets(self) -> list[tuple[TicketKind, str]]:
        """Kind and reason of all tickets, oldest first."""
        with self.database.read() as session:
            rows = session.execute(select(Ticket.kind, Ticket.reason).order_by(Ticket.opened_at, Ticket.id))
            return [(row.kind, row.reason) for row in rows]

    def pass_time(self, hours: float) -> datetime:
        """Let time pass; what it is then."""
        self.world.pass_time(timedelta(hours=hours))
        return self.world.now


@pytest.fixture
def desk(database: Database, settings: Settings) -> Iterator[Desk]:
    """On a Tuesday at 11:00 in Montreal."""
    provider = Provider()
    opened = delivery(database, settings, provider, Pace(time_out=0.5))
    yield Desk(open_world(database, settings, TUESDAY), provider, opened)
    opened.close()
