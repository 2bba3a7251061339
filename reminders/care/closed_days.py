"""The days on which a clinic may want to be closed: its province's public holidays, by name. Offered, never imposed.

What is kept is the dates that somebody ticked, not the rule that they came from: a library that learns a new holiday
closes nobody's clinic.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from holidays import country_holidays

from reminders.models.kinds import Language

PROVINCES = ("AB", "BC", "MB", "NB", "NL", "NS", "NT", "NU", "ON", "PE", "QC", "SK", "YT")
"""ISO 3166-2:CA, without the country."""

_CATEGORIES = ("public", "government", "optional")
"""Also those that only some keep, such as Easter Monday in Quebec: the clinic knows which it does."""

_LANGUAGES: Mapping[Language, str] = {Language.EN: "en_CA", Language.FR: "fr"}
_SAID_BETTER: Mapping[Language, tuple[tuple[str, str], ...]] = {
    Language.EN: (("Saint Jean Baptiste Day", "Saint-Jean-Baptiste Day"),),
    Language.FR: (("Boxing Day", "Lendemain de Noël"), (" (observé)", " (reporté)")),
}
"""The library's names where people here say something else."""


@dataclass(frozen=True, slots=True)
class Holiday:
    """A public holiday: its local date, and what it is called."""

    day: date
    name: str


def holidays_of(province: str, years: Iterable[int], language: Language) -> list[Holiday]:
    """The holidays of a province in these years, by date.

    Source: the package `holidays`, which follows the provinces' labour standards.
    """
    found = country_holidays(
        "CA", subdiv=province, years=list(years), language=_LANGUAGES[language], categories=_CATEGORIES
    )
    return [Holiday(day, _said(name, language)) for day, name in sorted(found.items())]


def _said(name: str, language: Language) -> str:
    for theirs, ours in _SAID_BETTER[language]:
        name = name.replace(theirs, ours)
    return name
