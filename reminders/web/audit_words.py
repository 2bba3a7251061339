"""The audit trail's entries in words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from reminders.care.audit_list import Entry
from reminders.care.csv_cells import write
from reminders.web.i18n import Catalogue, catalogue
from reminders.web.moments import Words


@dataclass(frozen=True)
class Line:
    """An entry as it is read: when, who, what, and what is known beside."""

    entry: Entry
    moment: str
    by: str
    what: str
    more: str


def lines(entries: list[Entry], words: Words) -> list[Line]:
    """Each entry in the words of one language, at the times of one zone."""
    return [_line(entry, words, catalogue(words.language)) for entry in entries]


def as_csv(entries: list[Entry], words: Words) -> str:
    """The entries as a table: when, who, what, and which row of which table, so that no patient is named in a file."""
    texts = catalogue(words.language)
    header = [texts.text(f"trail.{name}") for name in ("when", "who", "what", "more", "about", "id")]
    return write(header, (_cells(line, words) for line in lines(entries, words)))


def _cells(line: Line, words: Words) -> list[str]:
    entry = line.entry
    at = entry.at.astimezone(words.zone).isoformat(sep=" ", timespec="seconds")
    return [at, line.by, line.what, line.more, entry.subject_kind, str(entry.patient_id or "")]


def _line(entry: Entry, words: Words, texts: Catalogue) -> Line:
    moment = f"{words.day(entry.at)}, {words.time(entry.at)}"
    by = entry.by or texts.text(f"source.{entry.source or 'system'}")
    more = [said for name, value in entry.detail.items() if (said := _said(name, value, texts, words))]
    return Line(entry, moment, by, _what(entry, texts), ", ".join(more))


def _what(entry: Entry, texts: Catalogue) -> str:
    """What was done; an action that has no words yet stands as it is."""
    key = f"deed.{entry.action}"
    return texts.text(key) if texts.has(key) else entry.action


def _said(name: str, value: Any, texts: Catalogue, words: Words) -> str:
    """One detail in words; what nobody outside would understand, such as an id, is left out."""
    how = _DETAILS.get(name)
    return how(value, texts, words) if how else ""


def _fields(value: Any, texts: Catalogue, words: Words) -> str:
    return ", ".join(_field(str(one), texts) for one in value) if isinstance(value, list) else ""


def _field(name: str, texts: Catalogue) -> str:
    return texts.text(f"field_name.{name}") if texts.has(f"field_name.{name}") else name


def _days(key: str) -> Callable[[Any, Catalogue, Words], str]:
    def said(value: Any, texts: Catalogue, words: Words) -> str:
        return texts.text(key, days=", ".join(words.day(date.fromisoformat(day)) for day in value))

    return said


def _named(key: str) -> Callable[[Any, Catalogue, Words], str]:
    """A value that needs its name beside it."""

    def said(value: Any, texts: Catalogue, words: Words) -> str:
        shown = words.number(value) if isinstance(value, int) else _weekdays(value, texts)
        return texts.text("trail.named", name=_field(key, texts), value=shown)

    return said


def _weekdays(value: Any, texts: Catalogue) -> str:
    days = [texts.text(f"weekday.{day}") for day in value] if isinstance(value, list) else []
    return ", ".join(days) or (texts.text("trail.none") if value in ([], "") else str(value))


def _of(family: str) -> Callable[[Any, Catalogue, Words], str]:
    """A word of a closed set."""
    return lambda value, texts, _: texts.text(f"{family}.{value}")


_DETAILS: Mapping[str, Callable[[Any, Catalogue, Words], str]] = {
    "fields": _fields,
    "closed": _days("trail.closed"),
    "opened": _days("trail.opened"),
    "role": _of("role"),
    "channel": _of("channel"),
    "outcome": _of("outcome"),
    **{name: _named(name) for name in ("timezone", "opens", "closes", "province", "closed_weekdays", "number")},
    **{name: _named(name) for name in ("treatments", "monthly_segments", "hours_en", "hours_fr")},
}
"""What is told of an entry beside what was done, and how."""
