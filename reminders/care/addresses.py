"""Phone numbers and e-mail addresses as people write them, made the one form that is stored and looked up."""

import re
from functools import lru_cache

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from reminders.errors import InvalidInputError, Problem

_REGION = "CA"
_LONGEST_PHONE = 40
_NORTH_AMERICA = frozenset({"CA", "US"})
_NORTH_AMERICAN = re.compile(r"(?:\+?1[ .-]?)?\(?([2-9]\d\d)\)?[ .-]?(\d{3})[ .-]?(\d{4})", re.ASCII)
"""A number as nearly everybody here writes it: what it says needs no parser. Whether it can be, the library decides."""

_PLAIN_LOCAL = re.compile(r"[A-Za-z0-9_+-]{1,32}(?:\.[A-Za-z0-9_+-]{1,15})?", re.ASCII)
_LONGEST_PLAIN = 200


@lru_cache(maxsize=256)
def region_of(clinic_phone: str) -> str:
    """The country whose national numbers a clinic writes without prefix: its own number's, or Canada."""
    try:
        parsed = phonenumbers.parse(clinic_phone, _REGION)
    except phonenumbers.NumberParseException:
        return _REGION
    return phonenumbers.region_code_for_number(parsed) or _REGION


def clean_phone(raw: str, region: str = _REGION) -> str:
    """`raw` in E.164. Fixed lines and unknown types pass: many carriers text to them, and receipts tell.

    Raises:
        InvalidInputError: `phone_impossible`; nobody can have this number.
    """
    written = raw.strip()
    # Letters would be read as keypad digits or an extension, and neither can be texted.
    if len(written) > _LONGEST_PHONE or any(char.isalpha() for char in written):
        raise _impossible("phone")
    number = _parsed(written, region)
    if number.extension or not _is_valid(number, region):
        raise _impossible("phone")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _parsed(written: str, region: str) -> phonenumbers.PhoneNumber:
    plain = _NORTH_AMERICAN.fullmatch(written) if region in _NORTH_AMERICA else None
    if plain:
        return phonenumbers.PhoneNumber(country_code=1, national_number=int("".join(plain.groups())))
    try:
        return phonenumbers.parse(written, region)
    except phonenumbers.NumberParseException:
        raise _impossible("phone") from None


def _is_valid(number: phonenumbers.PhoneNumber, region: str) -> bool:
    """Whether the number is one of its country code's plan; the likely region first, since 25 share that of Canada."""
    return phonenumbers.is_valid_number_for_region(number, region) or phonenumbers.is_valid_number(number)


def clean_email(raw: str) -> str:
    """`raw` as it is stored, its domain in ASCII lower case. Whether anybody is there, only sending tells.

    Raises:
        InvalidInputError: `email_impossible`; no mailbox can have this address.
    """
    written = raw.strip()
    local, _, domain = written.rpartition("@")
    if len(written) <= _LONGEST_PLAIN and _PLAIN_LOCAL.fullmatch(local) and _is_plain_domain(domain):
        return written
    try:
        checked = validate_email(written, check_deliverability=False, allow_smtputf8=False, strict=True)
    except EmailNotValidError:
        raise _impossible("email") from None
    return checked.ascii_email or checked.normalized


@lru_cache(maxsize=4_096)
def _is_plain_domain(domain: str) -> bool:
    """Whether mail to this domain is fine, and the domain already as it is stored: most patients share a few."""
    try:
        checked = validate_email(f"a@{domain}", check_deliverability=False, allow_smtputf8=False, strict=True)
    except EmailNotValidError:
        return False
    return checked.ascii_email == f"a@{domain}"


def email_key(email: str) -> str:
    """What an e-mail address is looked up by: hardly any mailbox tells upper from lower case."""
    return email.lower()


def _impossible(field: str) -> InvalidInputError:
    return InvalidInputError({field: Problem(f"{field}_impossible")})
