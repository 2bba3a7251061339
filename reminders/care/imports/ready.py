"""A line made ready, purely, before any transaction: cleaned, dated, its personal data found by hash."""

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from reminders.care.actors import Actor
from reminders.care.imports.columns import Columns
from reminders.care.imports.file import Numbered
from reminders.care.imports.rows import ImportRow, protocol_names, read_row
from reminders.care.minors import check_giver, today
from reminders.care.names import name_tokens, words
from reminders.care.patient_input import CleanPatient, clean
from reminders.care.patients import check_birth_date, columns_of
from reminders.care.texts_in import one_line
from reminders.care.treatment_input import check_lines, treated_at
from reminders.crypto import Keyring
from reminders.errors import InvalidInputError
from reminders.models import Clinic, Protocol, ProtocolVersion

_READ_FROM = ("timezone", "language", "phone", "opens", "closes", "closed_weekdays", "closed_dates")
"""What lines mean depends on these of the clinic's columns."""

Key = tuple[str, Any]


@dataclass(frozen=True, slots=True)
class Setting:
    """What lines are read against: the clinic, its protocols with the version of each that new treatments follow."""

    clinic: Clinic
    published: Mapping[str, tuple[Protocol, ProtocolVersion]]
    names: Mapping[str, str]

    def means_the_same_as(self, other: "Setting") -> bool:
        """Whether lines that were read against the other mean the same here."""
        mine, theirs = ({key: (p.name, v.id) for key, (p, v) in one.published.items()} for one in (self, other))
        return mine == theirs and all(getattr(self.clinic, name) == getattr(other.clinic, name) for name in _READ_FROM)


@dataclass(frozen=True, slots=True)
class Run:
    """One import under way; `first_lines` are the treatments met so far, each with its first line."""

    actor: Actor
    columns: Columns
    now: datetime
    setting: Setting
    first_lines: dict[uuid.UUID, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ready:
    """A line of which everything can be, as far as it says itself; `moment` is UTC, `day` the clinic's."""

    row: ImportRow
    person: CleanPatient
    columns: Mapping[str, Any]
    tokens: frozenset[bytes]
    moment: datetime
    day: date


@dataclass(frozen=True, slots=True)
class Line:
    """A numbered line. `keys` are what somebody or something already there would share with it; `ready` is None for
    a line that has something wrong, or that shares a key with another of its batch: these go one by one, in order."""

    number: int
    cells: Sequence[str]
    keys: frozenset[Key] = frozenset()
    ready: Ready | None = None


def setting_of(clinic: Clinic, published: Sequence[tuple[Protocol, ProtocolVersion]]) -> Setting:
    """The setting that lines are read against."""
    names = protocol_names({protocol.key: protocol.name for protocol, _ in published})
    return Setting(clinic, {pair[0].key: pair for pair in published}, names)


def prepare(rows: Sequence[Numbered], run: Run, keyring: Keyring) -> list[Line]:
    """The lines of one batch, in order. Nothing is read or written, so it may be done beside another batch."""
    lines = [_line(row, run, keyring) for row in rows]
    shared = {key for key, count in Counter(key for line in lines for key in line.keys).items() if count > 1}
    return [line if line.keys.isdisjoint(shared) else Line(line.number, line.cells) for line in lines]


def _line(row: Numbered, run: Run, keyring: Keyring) -> Line:
    number, cells = row
    try:
        given = read_row(cells, run.columns, run.setting.names)
        person = clean(given.patient, run.setting.clinic)
    except InvalidInputError:
        return Line(number, cells)
    columns = columns_of(person, keyring)
    return Line(number, cells, _keys(given, columns), _ready(given, person, columns, run, keyring))


def _ready(
    given: ImportRow, person: CleanPatient, columns: Mapping[str, Any], run: Run, keyring: Keyring
) -> Ready | None:
    clinic = run.setting.clinic
    zone = ZoneInfo(clinic.timezone)
    try:
        check_birth_date(person, run.now)
        if given.evidence:
            check_giver(person.birth_date, given.giver, today(clinic, run.now))
        check_lines(given.treatment)
        moment = treated_at(given.treatment, zone, run.now)
    except InvalidInputError:
        return None
    tokens = name_tokens(keyring, clinic.id, person.given_name, person.family_name)
    return Ready(given, person, columns, tokens, moment, moment.astimezone(zone).date())


def _keys(given: ImportRow, columns: Mapping[str, Any]) -> frozenset[Key]:
    keys: list[Key] = [(name, columns[name]) for name in ("external_id", "phone_index", "email_index")]
    keys.append(("treatment", one_line(given.treatment.external_id)))
    if not (columns["phone_index"] or columns["email_index"]):
        keys.append(("name", frozenset(words(f"{columns['given_name']} {columns['family_name']}"))))
    return frozenset(key for key in keys if key[1])
