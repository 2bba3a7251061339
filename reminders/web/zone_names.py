"""The time zones of Canada as people call them."""

from functools import cache

from babel.dates import get_timezone_location, get_timezone_name

from reminders.models.kinds import Language
from reminders.web.i18n import locale_of

CANADIAN = (
    "America/St_Johns",
    "America/Halifax",
    "America/Moncton",
    "America/Blanc-Sablon",
    "America/Toronto",
    "America/Iqaluit",
    "America/Winnipeg",
    "America/Regina",
    "America/Edmonton",
    "America/Vancouver",
    "America/Whitehorse",
)
"""From east to west, one for each rule that is in use (IANA names)."""


@cache
def zone_choices(own: str, language: Language) -> list[tuple[str, str]]:
    """Every zone to choose from and what it is called; a clinic's own is among them wherever it lies."""
    zones = CANADIAN if own in CANADIAN else (own, *CANADIAN)
    return [(zone, _called(zone, language)) for zone in zones]


def _called(zone: str, language: Language) -> str:
    locale = locale_of(language)
    city = get_timezone_location(zone, locale=locale, return_city=True)
    return f"{city} ({get_timezone_name(zone, locale=locale, width='long', zone_variant='generic')})"
