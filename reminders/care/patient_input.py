"""What somebody typed about a patient, and the same once it is clean."""

import re
from dataclasses import dataclass, fields
from datetime import date

from reminders.care.addresses import clean_email, clean_phone, region_of
from reminders.care.names import words
from reminders.care.texts_in import one_line, text_problem
from reminders.care.zones import is_zone
from reminders.errors import InvalidInputError, Problem
from reminders.models import Clinic
from reminders.models.kinds import Language

_LIMITS = {
    "given_name": 80,
    "family_name": 80,
    "language": 20,
    "phone": 40,
    "email": 254,
    "external_id": 100,
    "timezone": 64,
    "birth_date": 10,
    "guardian": 160,
}
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class PatientInput:
    """A patient as typed; "" where there is nothing. `birth_date` is yyyy-mm-dd, `timezone` an IANA name."""

    given_name: str = ""
    family_name: str = ""
    language: str = ""
    phone: str = ""
    email: str = ""
    external_id: str = ""
    timezone: str = ""
    birth_date: str = ""
    guardian: str = ""


@dataclass(frozen=True, slots=True)
class CleanPatient:
    """A patient fit to store: phone in E.164, birth date ISO; None where there is nothing."""

    given_name: str
    family_name: str
    language: Language
    phone: str | None = None
    email: str | None = None
    external_id: str | None = None
    timezone: str | None = None
    birth_date: str | None = None
    guardian: str | None = None


def clean(given: PatientInput, clinic: Clinic) -> CleanPatient:
    """`given` made regular. Without a language, the clinic's; national numbers are read as the clinic's country's.

    Raises:
        InvalidInputError: every field that cannot be: control_characters, too_long, name_missing, name_unreadable,
            language_unknown, timezone_unknown, phone_impossible, email_impossible, birth_date_unreadable.
    """
    text = {field.name: one_line(getattr(given, field.name)) for field in fields(given)}
    problems = _line_problems(text) or {**_name_problems(text), **_choice_problems(text)}
    addresses = _addresses(text, region_of(clinic.phone), problems)
    if problems:
        raise InvalidInputError(problems)
    return CleanPatient(
        given_name=text["given_name"],
        family_name=text["family_name"],
        language=Language(text["language"].lower() or clinic.language),
        phone=addresses["phone"],
        email=addresses["email"],
        external_id=text["external_id"] or None,
        timezone=text["timezone"] or None,
        birth_date=text["birth_date"] or None,
        guardian=text["guardian"] or None,
    )


def _line_problems(text: dict[str, str]) -> dict[str, Problem]:
    found = {name: text_problem(text[name], limit) for name, limit in _LIMITS.items()}
    return {name: problem for name, problem in found.items() if problem}


def _name_problems(text: dict[str, str]) -> dict[str, Problem]:
    if not (text["given_name"] or text["family_name"]):
        return {"given_name": Problem("name_missing")}
    names = ("given_name", "family_name", "guardian")
    unreadable = [name for name in names if text[name] and not any(map(str.isalpha, "".join(words(text[name]))))]
    return {name: Problem("name_unreadable") for name in unreadable}


def _choice_problems(text: dict[str, str]) -> dict[str, Problem]:
    problems = {}
    if text["language"] and text["language"].lower() not in set(Language):
        problems["language"] = Problem("language_unknown")
    if text["timezone"] and not is_zone(text["timezone"]):
        problems["timezone"] = Problem("timezone_unknown")
    if text["birth_date"] and not _is_date(text["birth_date"]):
        problems["birth_date"] = Problem("birth_date_unreadable")
    return problems


def _is_date(text: str) -> bool:
    try:
        return bool(_ISO_DATE.fullmatch(text)) and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _addresses(text: dict[str, str], region: str, problems: dict[str, Problem]) -> dict[str, str | None]:
    """Both addresses in the form that is stored; what is wrong with them joins `problems`."""
    cleaned: dict[str, str | None] = {"phone": None, "email": None}
    for field in [name for name in cleaned if text[name] and name not in problems]:
        try:
            cleaned[field] = clean_phone(text[field], region) if field == "phone" else clean_email(text[field])
        except InvalidInputError as error:
            problems.update(error.problems)
    return cleaned
