"""Phone numbers and e-mail addresses as people write them, made the one form that is stored and looked up."""

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from reminders.errors import InvalidInputError, Problem

_REGION = "CA"
_LONGEST_PHONE = 40


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
    try:
        number = phonenumbers.parse(written, region)
    except phonenumbers.NumberParseException:
        raise _impossible("phone") from None
    if number.extension or not phonenumbers.is_valid_number(number):
        raise _impossible("phone")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def clean_email(raw: str) -> str:
    """`raw` as it is stored, its domain in ASCII lower case. Whether anybody is there, only sending tells.

    Raises:
        InvalidInputError: `email_impossible`; no mailbox can have this address.
    """
    try:
        checked = validate_email(raw.strip(), check_deliverability=False, allow_smtputf8=False, strict=True)
    except EmailNotValidError:
        raise _impossible("email") from None
    return checked.ascii_email or checked.normalized


def email_key(email: str) -> str:
    """What an e-mail address is looked up by: hardly any mailbox tells upper from lower case."""
    return email.lower()


def _impossible(field: str) -> InvalidInputError:
    return InvalidInputError({field: Problem(f"{field}_impossible")})
