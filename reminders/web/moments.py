"""Dates, times and waits in words, in a language and a zone."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_skeleton, format_time
from babel.numbers import format_decimal, format_percent

from reminders.models.kinds import Language
from reminders.web.i18n import locale_of

_THE_FIRST = re.compile(r"\b1 (?=[^\W\d])")


@dataclass(frozen=True)
class Words:
    """Turns moments (aware) into the words of one language, as the clocks of one zone show them."""

    language: Language
    zone: ZoneInfo

    def day(self, moment: datetime | date) -> str:
        """ "12 November 2026" in the language's own order."""
        return self._first(format_date(self._local_day(moment), "long", locale=locale_of(self.language)))

    def weekday(self, moment: datetime | date) -> str:
        """The date with its weekday, in full."""
        return self._first(format_date(self._local_day(moment), "full", locale=locale_of(self.language)))

    def short(self, moment: datetime | date) -> str:
        """The date without its year, with a short month, for narrow columns."""
        return self._first(format_skeleton("MMMd", self._at_noon(moment), locale=locale_of(self.language)))

    def time(self, moment: datetime) -> str:
        """The time of day, to the minute."""
        return format_time(moment, "short", tzinfo=self.zone, locale=locale_of(self.language))

    def moment(self, moment: datetime) -> str:
        """Date and time of day."""
        return f"{self.day(moment)}, {self.time(moment)}"

    def brief(self, moment: datetime) -> str:
        """Short date and time of day, where the year goes without saying."""
        return f"{self.short(moment)}, {self.time(moment)}"

    def full(self, moment: datetime) -> str:
        """Weekday, date and time of day: what a calendar needs."""
        return f"{self.weekday(moment)}, {self.time(moment)}"

    def wait(self, since: datetime, now: datetime) -> str:
        """How long something has waited: "12 min", "3 h 05", "2 d"."""
        return self.lasted(max(now - since, timedelta()))

    def lasted(self, time: timedelta) -> str:
        """How long something took, as `wait` tells it."""
        return _wait(time, "j" if self.language is Language.FR else "d")

    def number(self, value: float) -> str:
        """A number with the language's own separators."""
        return format_decimal(value, locale=locale_of(self.language))

    def percent(self, part: int, whole: int) -> str:
        """`part` of `whole` in per cent; a dash when there is no whole."""
        return format_percent(part / whole, locale=locale_of(self.language)) if whole else "–"

    def _first(self, written: str) -> str:
        """French writes the first of a month "1er" (OQLF), which the locale's data leave out."""
        return _THE_FIRST.sub("1er ", written) if self.language is Language.FR else written

    def _local_day(self, moment: datetime | date) -> date:
        return moment.astimezone(self.zone).date() if isinstance(moment, datetime) else moment

    def _at_noon(self, moment: datetime | date) -> datetime:
        day = self._local_day(moment)
        return datetime(day.year, day.month, day.day, 12, tzinfo=self.zone)


def _wait(waited: timedelta, day_letter: str) -> str:
    minutes = int(waited.total_seconds() // 60)
    if minutes < 1:
        return "< 1 min"
    if minutes < 60:  # noqa: PLR2004
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:  # noqa: PLR2004
        return f"{hours} h {minutes:02}"
    return f"{hours // 24} {day_letter}"
