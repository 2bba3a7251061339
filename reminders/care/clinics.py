"""A clinic's beginning: its row, its senders, its starter protocols; and its hours."""

from dataclasses import dataclass
from datetime import datetime, time
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from reminders.care import protocols
from reminders.care.addresses import clean_phone
from reminders.care.clinic_senders import follow_environment, seed_senders
from reminders.care.patient_input import CleanPatient
from reminders.care.texts_in import one_line, text_problem
from reminders.care.zones import is_zone
from reminders.errors import InvalidInputError, Problem
from reminders.ids import new_id
from reminders.models import Clinic, Patient
from reminders.models.kinds import Language
from reminders.settings import Settings
from schedules.hours import Hours

__all__ = ["NewClinic", "create_clinic", "follow_environment", "hours", "seed_senders"]

DEFAULT_WINDOW = (time(9), time(20))
"""When a new clinic may write to its patients, local time."""

DEFAULT_CLOSED_WEEKDAYS = (7,)
"""ISO weekdays on which nobody is at a new clinic: Sundays."""

LIMITS = {"name": 120, "short_name": 40, "phone": 32, "address": 200, "booking_url": 200}
"""The most characters of each."""


@dataclass(frozen=True, slots=True)
class NewClinic:
    """What a clinic is started with, as typed; "" where there is nothing. `timezone` is an IANA name.

    Phone and address must be there: the texts tell patients where to call, and Canada's anti-spam law (CASL) asks
    for a postal address in each e-mail.

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
    check(new)
    short_name = one_line(new.short_name) or one_line(new.name)[: LIMITS["short_name"]].strip()
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


def hours(clinic: Clinic, patient: Patient | CleanPatient | None = None) -> Hours:
    """When `clinic` may write to `patient`: the clinic's window and closed days, in the patient's own zone."""
    zone = (patient.timezone if patient else None) or clinic.timezone
    weekdays = frozenset(clinic.closed_weekdays)
    return Hours(ZoneInfo(zone), clinic.opens, clinic.closes, weekdays, clinic.closed_on)


def check(new: NewClinic) -> None:
    """Refuse what a clinic cannot be called, or be reached by.

    Raises:
        InvalidInputError: what is wrong, by field.
    """
    found = {field: text_problem(one_line(getattr(new, field)), limit) for field, limit in LIMITS.items()}
    problems = {field: problem for field, problem in found.items() if problem}
    needed = ("name", "phone", "address")
    problems.update({field: Problem(f"{field}_missing") for field in needed if not one_line(getattr(new, field))})
    if not is_zone(new.timezone):
        problems["timezone"] = Problem("timezone_unknown")
    if new.language not in set(Language):
        problems["language"] = Problem("language_unknown")
    if new.booking_url and not _is_web_address(new.booking_url.strip()):
        problems["booking_url"] = Problem("url_unreadable")
    problems.update(_phone_problem(one_line(new.phone)))
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
