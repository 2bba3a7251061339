"""What a clinic fills into every text, the same in a preview as in what is sent."""

import phonenumbers

from reminders.models import Clinic
from reminders.models.kinds import Channel

_NORTH_AMERICA = 1


def clinic_values(clinic: Clinic, channel: Channel) -> dict[str, str]:
    """The clinic's own values by placeholder: its short name in a text, where each character costs."""
    return {
        "clinic": (clinic.short_name or clinic.name) if channel is Channel.SMS else clinic.name,
        "phone": readable_phone(clinic.phone),
        "address": clinic.address,
        "booking_url": clinic.booking_url,
    }


def readable_phone(number: str) -> str:
    """An E.164 number as people write it: 514 555-0123 in North America, +33 1 23 45 67 89 elsewhere; else as it is.

    The space and hyphen are the usage that Canadian French recommends, and English reads as well.
    """
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    shown: str = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    return shown.removeprefix("+1 ").replace("-", " ", 1) if parsed.country_code == _NORTH_AMERICA else shown
