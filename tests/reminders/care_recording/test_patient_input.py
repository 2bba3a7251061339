"""What people type about a patient: every way in which it cannot be, and the forms that it may take."""

import itertools
from dataclasses import replace
from datetime import time

import phonenumbers
import pytest
from email_validator import EmailNotValidError, validate_email

from reminders.care.addresses import clean_email, clean_phone
from reminders.care.patient_input import CleanPatient, PatientInput, clean
from reminders.errors import InvalidInputError
from reminders.models import Clinic
from reminders.models.kinds import Language

GOOD = PatientInput("Marie", "Tremblay", "fr", "514 555-0111", "marie@example.org", "D-1", "America/Toronto")


@pytest.fixture
def here() -> Clinic:
    """A clinic that is in no database."""
    return Clinic(name="C", phone="514 555-0100", language=Language.FR, timezone="America/Toronto", opens=time(9))


@pytest.mark.parametrize(
    ("field", "typed", "problem"),
    [
        ("given_name", "Mar\x00ie", "control_characters"),
        ("given_name", "Mar\nie", "control_characters"),
        ("given_name", "\u202egnp.exe", "control_characters"),
        ("given_name", "Mar\ud800ie", "control_characters"),
        ("given_name", "M" * 81, "too_long"),
        ("given_name", "...", "name_unreadable"),
        ("family_name", "12345", "name_unreadable"),
        ("guardian", "?", "name_unreadable"),
        ("language", "es", "language_unknown"),
        ("timezone", "Mars/Olympus", "timezone_unknown"),
        ("timezone", "../../etc/passwd", "timezone_unknown"),
        ("phone", "514-555-01", "phone_impossible"),
        ("phone", "514-000-0111", "phone_impossible"),
        ("phone", "call me", "phone_impossible"),
        ("phone", "1-800-FLOWERS", "phone_impossible"),
        ("phone", "514 555 0111 poste 12", "phone_impossible"),
        ("phone", "514 555 0111 #12", "phone_impossible"),
        ("phone", "+999 12345678", "phone_impossible"),
        ("phone", "5" * 41, "too_long"),
        ("email", "marie", "email_impossible"),
        ("email", "marie@@example.org", "email_impossible"),
        ("email", "marie@example", "email_impossible"),
        ("email", "marie@example.org>, <x@example.org", "email_impossible"),
        ("email", "Marie <marie@example.org>", "email_impossible"),
        ("email", "marie@localhost", "email_impossible"),
        ("email", "m" * 65 + "@example.org", "email_impossible"),
        ("email", "marie@example.org\r\nBcc: x@example.org", "control_characters"),
        ("birth_date", "1990-02-30", "birth_date_unreadable"),
        ("birth_date", "17/05/1990", "birth_date_unreadable"),
        ("birth_date", "19900517", "birth_date_unreadable"),
        ("external_id", "x" * 101, "too_long"),
    ],
)
def test_refuses(here: Clinic, field: str, typed: str, problem: str) -> None:
    with pytest.raises(InvalidInputError) as error:
        clean(replace(GOOD, **{field: typed}), here)
    assert {name: found.key for name, found in error.value.problems.items()} == {field: problem}


def test_refuses_nobody(here: Clinic) -> None:
    with pytest.raises(InvalidInputError) as error:
        clean(PatientInput(given_name="  ", family_name="\u00a0"), here)
    assert error.value.problems["given_name"].key == "name_missing"


def test_says_all_that_is_wrong_at_once(here: Clinic) -> None:
    with pytest.raises(InvalidInputError) as error:
        clean(replace(GOOD, phone="1", email="2", language="xx"), here)
    assert set(error.value.problems) == {"phone", "email", "language"}


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("514-555-0111", "+15145550111"),
        ("(514) 555-0111", "+15145550111"),
        ("+1 514 555 0111", "+15145550111"),
        ("1.514.555.0111", "+15145550111"),
        ("514\u00a0555\u20110111", "+15145550111"),
        ("011 33 1 23 45 67 89", "+33123456789"),
        ("+33 6 12 34 56 78", "+33612345678"),
    ],
)
def test_phones_become_one_form(here: Clinic, typed: str, stored: str) -> None:
    assert clean(replace(GOOD, phone=typed), here).phone == stored


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        (" Marie.T@EXAMPLE.org ", "Marie.T@example.org"),
        ("marie+peau@example.com", "marie+peau@example.com"),
        ("marie@clinic.example", "marie@clinic.example"),
        ("marie@exämple.com", "marie@xn--exmple-cua.com"),
    ],
)
def test_emails_become_one_form(here: Clinic, typed: str, stored: str) -> None:
    assert clean(replace(GOOD, email=typed), here).email == stored


def test_blanks_accents_and_defaults(here: Clinic) -> None:
    found = clean(PatientInput(given_name=" Zoe\u0301 \u00a0 Anne "), here)
    assert found == CleanPatient("Zoé Anne", "", Language.FR)


def test_national_numbers_are_the_clinics_own(here: Clinic) -> None:
    here.phone = "+33 1 23 45 67 89"
    assert clean(replace(GOOD, phone="06 12 34 56 78"), here).phone == "+33612345678"


_AREAS = (
    "200",
    "211",
    "242",
    "246",
    "284",
    "340",
    "367",
    "418",
    "514",
    "555",
    "604",
    "684",
    "787",
    "800",
    "911",
    "999",
)
_WRITTEN = (
    "{}{}{}",
    "({}) {}-{}",
    "({} {} {}",
    "{}) {}.{}",
    "+1{}{}{}",
    "+1 {}-{}-{}",
    "1.{}.{}.{}",
    "1 ({}){}{}",
    "+{}{}{}",
)


@pytest.mark.parametrize("region", ["CA", "US", "FR"])
@pytest.mark.parametrize("area", _AREAS)
def test_a_number_taken_without_the_parser_is_what_the_library_reads(area: str, region: str) -> None:
    for written, exchange in itertools.product(_WRITTEN, ("000", "100", "200", "310", "555", "911", "976")):
        text = written.format(area, exchange, "0142")
        assert _cleaned(text, region) == _by_the_library(text, region), (text, region)


def _cleaned(text: str, region: str) -> str | None:
    try:
        return clean_phone(text, region)
    except InvalidInputError:
        return None


def _by_the_library(text: str, region: str) -> str | None:
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    is_good = phonenumbers.is_valid_number(number) and not number.extension
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) if is_good else None


_LOCALS = (
    "a",
    "A.b",
    "a..b",
    ".a",
    "a.",
    "a b",
    "é",
    "a+b",
    "-a",
    "a_b",
    "a" * 32,
    "a" * 64,
    "a" * 65,
    '"a b"',
    "",
    "a@b",
)
_DOMAINS = (
    "example.org", "Example.org", "gmail.com", "example", "localhost", "x.test", "x.invalid", "a..com", "-a.com",
    "a-.com", "a_b.com", "[127.0.0.1]", "127.0.0.1", "exämple.org", "xn--exmple-cua.org", "a." * 120 + "com", "",
    "x.local", "a.c0m",
)  # fmt: skip


@pytest.mark.parametrize("domain", _DOMAINS)
def test_an_address_taken_by_its_known_domain_is_what_the_library_reads(domain: str) -> None:
    for local in _LOCALS:
        text = f"{local}@{domain}"
        try:
            checked = validate_email(text, check_deliverability=False, allow_smtputf8=False, strict=True)
            expected = checked.ascii_email or checked.normalized
        except EmailNotValidError:
            expected = None
        try:
            found: str | None = clean_email(text)
        except InvalidInputError:
            found = None
        assert found == expected, text
