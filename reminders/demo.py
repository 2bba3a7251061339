"""The demo: a clinic in Westmount, fictional bilingual patients, and a clock that starts inside the window."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from reminders import demo_past
from reminders.care import clinics, consents, patients, staff, treatments
from reminders.care.actors import Actor
from reminders.database import Database
from reminders.errors import SettingsError
from reminders.models import Clinic, Instance, Staff
from reminders.models.instance import CLOCK_OFFSET, now
from reminders.models.kinds import Channel, Language, Role
from reminders.settings import Settings
from schedules.hours import is_open, local_instant

MORNING = time(10)
"""When the demo clock starts, in the clinic's zone: the hour at which steps are due."""

CLINIC = clinics.NewClinic(
    name="Clinique Lumière de Westmount",
    short_name="Clinique Lumière",
    timezone="America/Toronto",
    language=Language.FR,
    phone="+15145550123",
    address="4970, rue Sherbrooke Ouest, Westmount (Québec) H3Z 1H1",
    booking_url="https://clinic.example/rdv",
)

OWNER = staff.NewStaff("Camille Roy", "camille@clinic.example", Role.OWNER, Language.FR)
NURSE_PHONE = "+15145550160"
NURSE = staff.NewStaff("Priya Shah", "priya@clinic.example", Role.STAFF, Language.EN, NURSE_PHONE, on_call=True)
"""Whom a red flag reaches: her phone is among the sandbox's."""

PROVIDERS = ("Dre Anaïs Beaulieu", "Infirmière Priya Shah")


@dataclass(frozen=True)
class DemoPatient:
    """A fictional patient: numbers from the reserved 555-01xx range, addresses in domains nobody can own."""

    given_name: str
    family_name: str
    language: Language
    phone: str
    email: str
    channels: tuple[Channel, ...]
    days_ago: int


_SMS, _EMAIL = (Channel.SMS,), (Channel.EMAIL,)
_BOTH = (Channel.SMS, Channel.EMAIL)

PATIENTS = (
    DemoPatient("Geneviève", "Côté", Language.FR, "514-555-0141", "g.cote@example.com", _BOTH, 7),
    DemoPatient("Olivia", "Marchetti", Language.EN, "514-555-0142", "olivia@example.org", _SMS, 7),
    DemoPatient("Noémie", "Gagnon", Language.FR, "438-555-0143", "", _SMS, 7),
    DemoPatient("Hannah", "Rosenberg", Language.EN, "", "hannah.r@example.net", _EMAIL, 7),
    DemoPatient("Maëlle", "Tremblay", Language.FR, "450-555-0144", "maelle@example.com", _SMS, 3),
    DemoPatient("Jasmine", "Okafor", Language.EN, "514-555-0145", "", _SMS, 3),
    DemoPatient("Léa", "Bélanger", Language.FR, "", "lea.belanger@example.org", _EMAIL, 3),
    DemoPatient("Charlotte", "Wong", Language.EN, "514-555-0146", "cwong@example.com", _SMS, 1),
    DemoPatient("Élodie", "Fortin", Language.FR, "819-555-0147", "", _SMS, 1),
    DemoPatient("Sofia", "Haddad", Language.FR, "", "sofia.haddad@example.net", _EMAIL, 1),
    DemoPatient("Emily", "MacLeod", Language.EN, "613-555-0148", "", (), 1),
)


_REAL = (
    "this database has real clinics: the demo does not start on it; unset REMINDERS_DATA_DIR and REMINDERS_DATABASE_URL"
    " (also in .env), or use `up` without --demo"
)


@dataclass(frozen=True)
class DemoStart:
    """What a demo start has to tell: where to sign in, and what time it is there (aware, in the clinic's zone)."""

    token: str
    demo_time: datetime


def refuse_with_real_credentials(settings: Settings, session: Session) -> None:
    """A database on the demo clock must never reach a real phone.

    Raises:
        SettingsError: it could.
    """
    on_demo_clock = session.get(Instance, CLOCK_OFFSET) is not None
    if on_demo_clock and not settings.sandboxed:
        raise SettingsError(["this database runs on the demo clock, which is refused with real credentials"])


def refuse_a_real_database(database: Database) -> None:
    """The demo sets a database's clock and prints a way in for anybody, so it must have begun as a demo's or be empty.

    Asks nothing that an older schema would not have: nothing of a real database is touched, not even to migrate it.

    Raises:
        SettingsError: it has clinics that are no demo's.
    """
    with database.engine.connect() as connection:
        has_tables = inspect(connection).has_table(Clinic.__tablename__)
    if not has_tables:
        return
    with database.read() as session:
        has_clinics = session.scalars(select(Clinic.id).limit(1)).first() is not None
        if has_clinics and session.get(Instance, CLOCK_OFFSET) is None:
            raise SettingsError([_REAL])


def start(database: Database, settings: Settings) -> DemoStart:
    """Make the demo's data on the first start, set its clock, and return a fresh one-time sign-in token."""
    with database.begin() as session:
        clinic = session.scalars(select(Clinic).order_by(Clinic.created_at).limit(1)).first()
        zone = ZoneInfo(clinic.timezone if clinic else CLINIC.timezone)
        is_new = clinic is None
        _set_clock(session, clinic, zone)
        moment = now(session)
        if clinic is None:
            demo_past.set_clock(session, moment - demo_past.BEGAN)
            clinic = _open(session, settings, now(session))
    if is_new:
        demo_past.live_through(database, settings, clinic, moment)
    with database.begin() as session:
        if is_new:
            demo_past.set_clock(session, moment)
            _seed(session, session.merge(clinic), moment)
        moment = now(session)
        owner = session.scalars(
            select(Staff).where(Staff.clinic_id == clinic.id, Staff.role == Role.OWNER).order_by(Staff.created_at)
        ).first()
        if owner is None:
            raise SettingsError(["the demo clinic has no owner any more; remove its data folder to start afresh"])
        return DemoStart(staff.new_link(session, owner, moment), moment.astimezone(zone))


def next_morning(moment: datetime, zone: ZoneInfo) -> datetime:
    """The first 10:00 in `zone` at or after `moment`, in UTC."""
    today = moment.astimezone(zone).date()
    first = local_instant(today, MORNING, zone)
    return first if first >= moment else local_instant(today + timedelta(days=1), MORNING, zone)


def _set_clock(session: Session, clinic: Clinic | None, zone: ZoneInfo) -> None:
    """Start the demo clock at the next 10:00; on a later start go on, or on to a morning when it is night there."""
    current = now(session)
    kept = session.get(Instance, CLOCK_OFFSET)
    if kept is not None and clinic is not None and is_open(current, clinics.hours(clinic)):
        return
    offset = float(kept.value) if kept else 0.0
    offset += (next_morning(current, zone) - current).total_seconds()
    session.merge(Instance(key=CLOCK_OFFSET, value=f"{offset:.3f}"))
    session.flush()


def _open(session: Session, settings: Settings, moment: datetime) -> Clinic:
    clinic = clinics.create_clinic(session, CLINIC, settings, moment)
    # Open every day: on a closed one the check-in would wait, and the demo must show it on any day of the week.
    clinic.closed_weekdays = []
    staff.invite(session, clinic.id, OWNER, moment)
    staff.invite(session, clinic.id, NURSE, moment)
    return clinic


def _seed(session: Session, clinic: Clinic, moment: datetime) -> None:
    actor = Actor(clinic.id, "demo")
    for index, person in enumerate(PATIENTS):
        _record(session, actor, clinic, person, PROVIDERS[index % len(PROVIDERS)], moment)


def _record(
    session: Session, actor: Actor, clinic: Clinic, person: DemoPatient, provider: str, moment: datetime
) -> None:
    entered = patients.PatientInput(
        given_name=person.given_name,
        family_name=person.family_name,
        language=person.language,
        phone=person.phone,
        email=person.email,
    )
    patient = patients.add(session, actor, clinic, patients.clean(entered, clinic), moment)
    for channel in person.channels:
        words = consents.wording(consents.CURRENT, channel, person.language, clinic.name)
        consents.grant(
            session, actor, consents.Grant(patient.id, channel, consents.CURRENT, words, person.language), moment
        )
    treated = moment.astimezone(ZoneInfo(clinic.timezone)).date() - timedelta(days=person.days_ago)
    entry = treatments.TreatmentInput("microneedling", treated.isoformat(), "14:30", provider)
    treatments.record(session, actor, clinic, patient, entry, moment)
