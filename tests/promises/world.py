"""A clinic at work, built through `care` alone: what the promises, faults and journeys start from."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from reminders.care import clinics, consents, patients, treatments
from reminders.care.actors import Actor
from reminders.care.minors import PATIENT, Giver, needs_guardian, today
from reminders.database import Database
from reminders.models import Clinic, Instance, Message, Patient, Treatment
from reminders.models.instance import CLOCK_OFFSET, now
from reminders.models.kinds import Channel
from reminders.settings import Settings
from schedules.lifecycle import State

TUESDAY = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)
"""11:00 in Montreal, inside every window, two days after the clocks went forward."""

# fmt: off
_AREAS = (
    514, 438, 450, 579, 819, 873, 418, 581, 367, 613, 343, 416, 647, 437, 905, 289, 365, 519, 226, 548, 705, 249,
    204, 250, 306, 403, 506, 604, 709, 778, 780, 902,
)
# fmt: on
_FIRST = 20
"""The numbers before it are left to the clinic, its staff, and tests that choose their own."""


def number(n: int) -> str:
    """The n-th number reserved for fiction, E.164."""
    area, last = divmod(n, 100 - _FIRST)
    return f"+1{_AREAS[area]}55501{last + _FIRST:02d}"


def address(n: int) -> str:
    """The n-th e-mail address that nobody can own."""
    return f"patient{n}@example.org"


_AGE = timedelta(days=365)
"""How long the clinic has been there, so that a test may choose any day of the year before."""


@dataclass
class World:
    """One clinic in one database, and the database's clock."""

    database: Database
    clinic: Clinic

    @property
    def now(self) -> datetime:
        """What the database's clock says, UTC."""
        with self.database.read() as session:
            return now(session)

    def set_clock(self, moment: datetime) -> None:
        """From now on it is `moment`, by the offset that a demo uses."""
        set_clock(self.database, moment)

    def pass_time(self, span: timedelta) -> None:
        """Let `span` pass at once."""
        self.set_clock(self.now + span)

    def patient(self, phone: str = "", email: str = "", **typed: str) -> Patient:
        """A patient on file who agreed to be written to at each address given; for a child a parent did."""
        moment = self.now
        with self.database.begin(clinic=self.clinic.id) as session:
            return self._add(session, {"phone": phone, "email": email, **typed}, moment)

    def treat(self, patient: Patient, days_ago: int = 7, at: str = "10:00") -> Treatment:
        """Record a microneedling treatment, so many local days ago."""
        moment = self.now
        with self.database.begin(clinic=self.clinic.id) as session:
            return self._record(session, session.merge(patient, load=False), (days_ago, at), moment)

    def owe_texts(self, count: int, first: int = 0) -> list[str]:
        """Check-in texts due now, all at once, each to a phone of its own; the numbers."""
        numbers = [number(n) for n in range(first, first + count)]
        self._owe([{"phone": phone} for phone in numbers])
        return numbers

    def owe_emails(self, count: int, first: int = 0) -> list[str]:
        """Check-in e-mails due now, all at once, each to an address of its own; the addresses."""
        addresses = [address(n) for n in range(first, first + count)]
        self._owe([{"email": email} for email in addresses])
        return addresses

    def _owe(self, people: Iterable[dict[str, str]]) -> None:
        moment = self.now
        with self.database.begin(clinic=self.clinic.id) as session:
            for person in people:
                self._record(session, self._add(session, person, moment), (7, "10:00"), moment)

    def _add(self, session: Session, typed: dict[str, str], moment: datetime) -> Patient:
        actor = Actor(self.clinic.id, "form")
        given = {"given_name": "Marie", "family_name": "Tremblay", "language": "en"} | typed
        patient = patients.add(
            session, actor, self.clinic, patients.clean(patients.PatientInput(**given), self.clinic), moment
        )
        is_child = needs_guardian(patient.birth_date, today(self.clinic, moment))
        giver = Giver("Anne Tremblay", "parent") if is_child else PATIENT
        for channel, wanted in ((Channel.SMS, patient.phone), (Channel.EMAIL, patient.email)):
            if wanted:
                words = (consents.CURRENT, "as shown", patient.language)
                grant = consents.Grant(patient.id, channel, *words, giver=giver)
                consents.grant(session, actor, grant, moment)
        return patient

    def _record(self, session: Session, patient: Patient, when: tuple[int, str], moment: datetime) -> Treatment:
        days_ago, at = when
        on = moment.astimezone(ZoneInfo(self.clinic.timezone)).date() - timedelta(days=days_ago)
        given = treatments.TreatmentInput("microneedling", on.isoformat(), at)
        actor = Actor(self.clinic.id, "form")
        return treatments.record(session, actor, self.clinic, patient, given, moment, supersedes=False)

    def messages(self) -> list[Message]:
        """Every message, by due time."""
        with self.database.read() as session:
            return list(session.scalars(select(Message).order_by(Message.due_at, Message.id)))

    def states(self) -> Counter[State]:
        """How many messages stand where."""
        with self.database.read() as session:
            counted = session.execute(select(Message.state, func.count()).group_by(Message.state))
            return Counter(dict(counted.all()))


def open_world(database: Database, settings: Settings, moment: datetime = TUESDAY) -> World:
    """A new clinic with the settings' senders and the library's protocols; the database's clock stands at `moment`."""
    set_clock(database, moment)
    new = clinics.NewClinic(
        "Clinique Lumière de Westmount", "Clinique Lumière", phone="+15145550119", address="1, rue A"
    )
    with database.begin() as session:
        clinic = clinics.create_clinic(session, new, settings, moment - _AGE)
    return World(database, clinic)


def set_clock(database: Database, moment: datetime) -> None:
    """The database's clock shows `moment` from now on."""
    with database.begin() as session:
        session.execute(delete(Instance).where(Instance.key == CLOCK_OFFSET))
        offset = (moment - now(session)).total_seconds()
        session.add(Instance(key=CLOCK_OFFSET, value=str(offset)))
