"""A clinic's beginning: its row, its senders, its starter protocols; and its hours."""

from dataclasses import dataclass
from datetime import datetime, time
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from reminders.care import protocols
from reminders.care.addresses import clean_phone
from reminders.care.patient_input import CleanPatient
from reminders.care.texts_in import one_line, text_problem
from reminders.care.zones import is_zone
from reminders.errors import InvalidInputError, Problem
from reminders.ids import new_id
from reminders.models import Clinic, Patient, Sender
from reminders.models.kinds import Channel, Language
from reminders.settings import SANDBOX_ACCOUNT, SANDBOX_NUMBER, Settings
from schedules.hours import Hours

DEFAULT_WINDOW = (time(9), time(20))
"""When a new clinic may write to its patients, local time."""

DEFAULT_CLOSED_WEEKDAYS = (7,)
"""ISO weekdays on which nobody is at a new clinic: Sundays."""

# Segments a second: a Canadian long code carries one; the sandbox as many as a test wants.
_LONG_CODE_RATE, _SANDBOX_RATE, _EMAIL_RATE = 1.0, 100.0, 10.0
_LIMITS = {"name": 120, "short_name": 40, "phone": 32, "address": 200, "booking_url": 200}


@dataclass(frozen=True, slots=True)
class NewClinic:
    """What a clinic is started with, as typed; "" where there is nothing. `timezone` is an IANA name.

    `short_name` is how texts sign (the name's beginning if empty); `language` is fr, Quebec's default, or en.
    """

    name: str
    short_name: str = ""
    timezone: str = "America/Toronto"
    language: str = "fr"
    phone: str = ""
    address: str = ""
    booking_url: str = ""


def create_clinic(session: Session, new: NewClinic, settings: Settings, now: datetime) -> Clinic:
    """Start a clinic: open 9:00 to 20:00, closed on Sundays, with the library's protocols published as version 1.

    Raises:
        InvalidInputError: something in `new` cannot be.
    """
    _check(new)
    short_name = one_line(new.short_name) or one_line(new.name)[: _LIMITS["short_name"]].strip()
    clinic = Clinic(
        id=new_id(),
        name=one_line(new.name),
        short_name=short_name,
        timezone=new.timezone,
        language=Language(new.language),
        opens=DEFAULT_WINDOW[0],
        closes=DEFAULT_WINDOW[1],
        closed_weekdays=list(DEFAULT_CLOSED_WEEKDAYS),
        closed_dates=[],
        phone=one_line(new.phone),
        address=one_line(new.address),
        booking_url=new.booking_url.strip(),
        options={},
        created_at=now,
    )
    session.add(clinic)
    session.flush()
    seed_senders(session, clinic, settings, now)
    protocols.publish_library(session, clinic.id, now)
    return clinic


def seed_senders(session: Session, clinic: Clinic, settings: Settings, now: datetime) -> list[Sender]:
    """Give `clinic` the environment's number and mail identity, where no clinic has them yet.

    A number belongs to one clinic, so the first takes them; a further clinic sends nothing until it has its own.
    """
    wanted = (_sms_sender(settings), _email_sender(settings))
    fresh = [sender for sender in wanted if not _is_taken(session, sender)]
    for sender in fresh:
        sender.clinic_id, sender.created_at, sender.next_free_at = clinic.id, now, now
    session.add_all(fresh)
    session.flush()
    return fresh


def follow_environment(session: Session, settings: Settings) -> int:
    """Let the senders that live on the environment's credentials follow it; how many changed.

    A clinic that began in the sandbox and then connects its own number goes on with that number, unpaused.
    """
    wanted = {sender.channel: sender for sender in (_sms_sender(settings), _email_sender(settings))}
    kept = session.scalars(select(Sender).where(Sender.credentials.is_(None))).all()
    changed = [sender for sender in kept if _identity(sender) != _identity(wanted[sender.channel])]
    for sender in changed:
        new = wanted[sender.channel]
        sender.account, sender.address, sender.service = _identity(new)
        sender.rate, sender.paused_until, sender.paused_reason = new.rate, None, None
    session.flush()
    return len(changed)


def _identity(sender: Sender) -> tuple[str, str, str]:
    return sender.account, sender.address, sender.service


def hours(clinic: Clinic, patient: Patient | CleanPatient | None = None) -> Hours:
    """When `clinic` may write to `patient`: the clinic's window and closed days, in the patient's own zone."""
    zone = (patient.timezone if patient else None) or clinic.timezone
    weekdays = frozenset(clinic.closed_weekdays)
    return Hours(ZoneInfo(zone), clinic.opens, clinic.closes, weekdays, clinic.closed_on)


def _check(new: NewClinic) -> None:
    problems = {}
    for field, limit in _LIMITS.items():
        problem = text_problem(one_line(getattr(new, field)), limit)
        if problem:
            problems[field] = problem
    if not one_line(new.name):
        problems["name"] = Problem("name_missing")
    if not is_zone(new.timezone):
        problems["timezone"] = Problem("timezone_unknown")
    if new.language not in set(Language):
        problems["language"] = Problem("language_unknown")
    if new.booking_url and not _is_web_address(new.booking_url.strip()):
        problems["booking_url"] = Problem("url_unreadable")
    problems.update(_phone_problem(new.phone))
    if problems:
        raise InvalidInputError(problems)


def _phone_problem(phone: str) -> dict[str, Problem]:
    try:
        if phone:
            clean_phone(phone)
    except InvalidInputError as error:
        return error.problems
    return {}


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and " " not in url


def _sms_sender(settings: Settings) -> Sender:
    if settings.sms_sandboxed:
        account, number, service, rate = SANDBOX_ACCOUNT, SANDBOX_NUMBER, "", _SANDBOX_RATE
    else:
        account, number = settings.twilio_account_sid, settings.twilio_from_number
        service, rate = settings.twilio_messaging_service_sid, _LONG_CODE_RATE
    return Sender(channel=Channel.SMS, account=account, address=number or service, service=service, rate=rate)


def _email_sender(settings: Settings) -> Sender:
    address = settings.effective_mail_from
    return Sender(channel=Channel.EMAIL, account="", address=address, service="", rate=_EMAIL_RATE)


def _is_taken(session: Session, sender: Sender) -> bool:
    same = (Sender.channel == sender.channel, Sender.account == sender.account, Sender.address == sender.address)
    return session.scalar(select(Sender.id).where(*same)) is not None
