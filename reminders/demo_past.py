"""The demo's past: two months of treatments lived through by the real software, with a carrier that keeps nothing.

Each visit of `demo_visits.toml` is recorded, reminded, answered and dealt with at its own time on the demo's clock, so
that reports, timelines and trends have something to show. Nothing of it is left to do when the demo begins.
"""

import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from reminders import logs
from reminders.care import alarm_tests, consents, consults, events, follow_ups, patients, replies, settling, severities
from reminders.care import treatments as care_treatments
from reminders.care.actors import Actor
from reminders.channels.base import Accepted, Listed, Outgoing
from reminders.channels.opening import SenderIdentity
from reminders.database import Database
from reminders.delivery import receipts
from reminders.delivery.context import Delivery
from reminders.delivery.sweep import send_due
from reminders.demo_visits import Visit, visits
from reminders.ids import new_id
from reminders.models import Attempt, Clinic, Consult, Instance, Patient, Receipt, Reminder, Sender, Staff, Ticket
from reminders.models.instance import CLOCK_OFFSET, now
from reminders.models.kinds import Channel, ConsultState, ReplyKind, TicketState
from reminders.settings import Settings
from schedules.hours import local_instant
from schedules.lifecycle import State

BEGAN = timedelta(days=60)
"""How long before the demo the clinic began."""

_TREATED, _RECORDED, _SENT, _TODAY = "14:00", time(14, 30), time(10, 5), time(9, 30)
_TAKEN_AFTER, _DONE_AFTER, _SEEN_AFTER = timedelta(minutes=7), timedelta(minutes=40), timedelta(days=3)
_SILENT_FOR, _CALLED = 11, time(11, 30)
"""On which day, and when, staff telephone whoever has answered neither the check-in nor the nudge."""

_DAYS = (1, 3, 7, 8, 9, 10)
"""After a treatment: when something may have to be sent, or found to be unanswered."""

_PROVIDERS = ("Dre Anaïs Beaulieu", "Infirmière Priya Shah")


class _Nowhere:
    """A `Channel` that takes every message and keeps none: nobody's phone rings for what is long past."""

    can_look_up = False

    def __init__(self, identity: SenderIdentity, settings: Settings) -> None:
        del identity, settings

    async def send(self, message: Outgoing) -> Accepted:
        return Accepted(f"past-{message.attempt_id.hex}", State.SENT)

    async def find(self, to: str) -> Sequence[Listed]:
        del to
        return ()

    async def fetch(self, provider_id: str) -> Listed | None:
        del provider_id
        return None

    async def close(self) -> None:
        return None


_Step = tuple[datetime, Callable[[], None]]


def live_through(database: Database, settings: Settings, clinic: Clinic, until: datetime) -> None:
    """Live through every visit, from the clinic's beginning to the morning of `until` (aware)."""
    delivery = Delivery(database, settings, _Nowhere)
    past = _Past(delivery, clinic, until)
    try:
        with logs.only_warnings():
            for at, deed in sorted(past.steps(), key=lambda step: step[0]):
                past.go_to(at)
                deed()
    finally:
        delivery.close()


class _Past:
    """The clinic's days, one after the other."""

    def __init__(self, delivery: Delivery, clinic: Clinic, until: datetime) -> None:
        self._delivery, self._database = delivery, delivery.database
        self._clinic, self._zone, self._until = clinic, ZoneInfo(clinic.timezone), until
        self._today = until.astimezone(self._zone).date()
        self._treatments: dict[int, uuid.UUID] = {}
        self._actor = Actor(clinic.id, "demo")
        with self._database.read() as session:
            staff = session.scalars(select(Staff).where(Staff.clinic_id == clinic.id).order_by(Staff.created_at)).all()
            mine = (Sender.clinic_id == clinic.id, Sender.channel == Channel.SMS)
            self._sender = session.scalars(select(Sender.id).where(*mine)).one()
        self._nurse = Actor(clinic.id, "form", staff[-1].id)

    def steps(self) -> Iterator[_Step]:
        """Everything that happens, each with its time, in no order."""
        for number, visit in enumerate(visits()):
            yield from self._steps_of(number, visit)
        days = {visit.days_ago - after for visit in visits() for after in _DAYS} | {0}
        for ago in sorted(day for day in days if day >= 0):
            at = self._at(ago, _SENT if ago else _TODAY)
            yield at, self._pass
            yield at + _TAKEN_AFTER, self._acknowledge_tests

    def go_to(self, at: datetime) -> None:
        """Set the clinic's clock."""
        with self._database.begin() as session:
            set_clock(session, at)

    def _steps_of(self, number: int, visit: Visit) -> Iterator[_Step]:
        yield self._at(visit.days_ago, _RECORDED), lambda: self._record(number, visit)
        for day, value in visit.severity.items():
            at = self._at(visit.days_ago - day, _SENT) + timedelta(minutes=3 + visit.minutes)
            yield at, lambda day=day, value=value: self._answer_severity(number, day, value)  # type: ignore[misc]
        answered = self._at(visit.days_ago - 7, _SENT) + timedelta(minutes=4 + visit.minutes)
        if visit.said:
            yield answered, lambda: self._say(visit)
        if visit.ended:
            turned = answered if visit.said else self._at(visit.days_ago - _SILENT_FOR, _CALLED)
            yield turned + _TAKEN_AFTER, lambda: self._take(visit)
            yield turned + _DONE_AFTER, lambda: self._close(visit)
        if visit.consult == ConsultState.ATTENDED:
            yield answered + _SEEN_AFTER, lambda: self._attend(number)

    def _at(self, days_ago: int, at: time) -> datetime:
        return local_instant(self._today - timedelta(days=days_ago), at, self._zone)

    def _record(self, number: int, visit: Visit) -> None:
        day = (self._today - timedelta(days=visit.days_ago)).isoformat()
        given = care_treatments.TreatmentInput(
            "microneedling", day, _TREATED, _PROVIDERS[number % len(_PROVIDERS)], details=visit.details
        )
        with self._database.begin(clinic=self._clinic.id) as session:
            moment, clinic = now(session), session.get_one(Clinic, self._clinic.id)
            patient = self._patient_of(session, visit) or self._add(session, clinic, visit, moment)
            treatment = care_treatments.record(session, self._actor, clinic, patient, given, moment, supersedes=False)
            self._treatments[number] = treatment.id

    def _add(self, session: Session, clinic: Clinic, visit: Visit, moment: datetime) -> Patient:
        given, family = visit.name
        entered = patients.PatientInput(
            given_name=given, family_name=family, language=visit.language, phone=visit.phone, email=visit.email
        )
        patient = patients.add(session, self._actor, clinic, patients.clean(entered, clinic), moment)
        words = consents.wording(consents.CURRENT, Channel.SMS, visit.language, clinic.name)
        grant = consents.Grant(patient.id, Channel.SMS, consents.CURRENT, words, visit.language)
        consents.grant(session, self._actor, grant, moment)
        return patient

    def _patient_of(self, session: Session, visit: Visit) -> Patient | None:
        everybody = session.scalars(select(Patient).where(Patient.clinic_id == self._clinic.id))
        return next((one for one in everybody if (one.given_name, one.family_name) == visit.name), None)

    def _answer_severity(self, number: int, day: int, value: int) -> None:
        with self._database.begin(clinic=self._clinic.id) as session:
            treatment_id = self._treatments[number]
            asked = session.scalars(
                select(Reminder.id).where(Reminder.treatment_id == treatment_id).order_by(Reminder.due_at)
            ).all()
            reminder_id = asked[_DAYS.index(day)]
            new = severities.NewSeverity(new_id(), self._clinic.id, treatment_id, reminder_id, value)
            severities.record(session, new, now(session))

    def _say(self, visit: Visit) -> None:
        with self._database.begin(clinic=self._clinic.id) as session:
            patient = self._patient_of(session, visit)
            inbound = replies.Inbound(
                self._sender, self._clinic.id, Channel.SMS, ReplyKind.TEXT, f"past-{new_id().hex}",
                (patient and patient.phone) or "", visit.said,
            )  # fmt: skip
            kept = replies.receive(session, inbound, now(session))
        if kept is not None:
            with self._database.begin(clinic=self._clinic.id) as session:
                replies.understand(session, kept, now(session))
            self._send()

    def _take(self, visit: Visit) -> None:
        for session, ticket in self._open(visit):
            settling.acknowledge(session, self._nurse, ticket, now(session))

    def _close(self, visit: Visit) -> None:
        for session, ticket in self._open(visit):
            settling.close(session, self._nurse, ticket, visit.ended, now(session))

    def _open(self, visit: Visit) -> Iterator[tuple[Session, Ticket]]:
        with self._database.begin(clinic=self._clinic.id) as session:
            patient = self._patient_of(session, visit)
            mine = (Ticket.patient_id == (patient and patient.id), Ticket.state != TicketState.CLOSED)
            for ticket in session.scalars(select(Ticket).where(*mine)).all():
                yield session, ticket

    def _attend(self, number: int) -> None:
        with self._database.begin(clinic=self._clinic.id) as session:
            mine = select(Consult).where(Consult.treatment_id == self._treatments[number])
            for consult in session.scalars(mine).all():
                consults.move(session, consult, ConsultState.BOOKED, now(session))
                consults.move(session, consult, ConsultState.ATTENDED, now(session))

    def _pass(self) -> None:
        """What runs by itself all day."""
        alarm_tests.run_tests(self._database)
        follow_ups.follow_up(self._database)
        self._send()

    def _send(self) -> None:
        """Send what is due, and hear that it arrived."""
        send_due(self._delivery)
        with self._database.begin() as session:
            texts = select(Attempt).join(Sender, Sender.id == Attempt.sender_id).where(Sender.channel == Channel.SMS)
            for attempt in session.scalars(texts.where(Attempt.id.not_in(select(Receipt.attempt_id)))).all():
                told = receipts.ReceiptIn(attempt.id, attempt.provider_id or "", "delivered")
                receipts.record(session, told, now(session))
        events.handle_events(self._database)

    def _acknowledge_tests(self) -> None:
        with self._database.begin(clinic=self._clinic.id) as session:
            tests = select(Ticket).where(Ticket.state == TicketState.OPEN, Ticket.patient_id.is_(None))
            for ticket in session.scalars(tests).all():
                settling.acknowledge(session, self._nurse, ticket, now(session))


def set_clock(session: Session, at: datetime) -> None:
    """Let the database's clock show `at` (aware) now, and go on from there."""
    kept = session.get(Instance, CLOCK_OFFSET)
    offset = (float(kept.value) if kept else 0.0) + (at - now(session)).total_seconds()
    session.merge(Instance(key=CLOCK_OFFSET, value=f"{offset:.3f}"))
    session.flush()
