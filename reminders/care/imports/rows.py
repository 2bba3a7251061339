"""One row of an export, read: the patient, the treatment and the consents that its cells mean."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from reminders.care.consents import field_of
from reminders.care.imports.columns import Columns
from reminders.care.ledger import Agreement
from reminders.care.minors import GIVEN_BY, PATIENT, RELATION, Giver
from reminders.care.names import words
from reminders.care.patient_input import PatientInput
from reminders.care.treatment_input import TreatmentInput
from reminders.errors import InvalidInputError, Problem
from reminders.models.kinds import Channel, Language, Purpose, Relation

_YES = frozenset({"oui", "o", "yes", "y", "x", "1", "vrai", "true", "✓", "✔"})
_NO = frozenset({"", "non", "n", "no", "0", "faux", "false", "-"})
_LANGUAGES: Mapping[str, str] = {
    "": "",
    **dict.fromkeys(("fr", "f", "fra", "fre", "francais", "francaise", "french"), Language.FR.value),
    **dict.fromkeys(("en", "a", "ang", "eng", "anglais", "anglaise", "english"), Language.EN.value),
}
_CONSENT_FIELDS: Mapping[Agreement, str] = {
    (channel, purpose): field_of(channel, purpose) for purpose in Purpose for channel in Channel
}
_RELATIONS: Mapping[str, Relation] = {
    **dict.fromkeys(("parent", "mere", "pere", "mother", "father", "maman", "papa"), Relation.PARENT),
    **dict.fromkeys(("tuteur", "tutrice", "tutor", "guardian", "legal guardian"), Relation.TUTOR),
}
"""What practice systems call whoever agrees for a child. What is not here is refused, with the two words that are."""

_DAY_FIRST = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4})", re.ASCII)
_YEAR_FIRST = re.compile(r"(\d{4})([/.-])(\d{1,2})\2(\d{1,2})", re.ASCII)

PROTOCOL_WORDS: Mapping[str, tuple[str, ...]] = {
    "microneedling": (
        "micro needling", "microaiguilles", "micro aiguilles", "microaiguillage", "micro aiguillage",
        "microneedling visage", "microneedling face", "dermapen", "skinpen",
    ),
    "rf-microneedling": (
        "rf microneedling", "microneedling rf", "radiofrequency microneedling", "microneedling radiofrequency",
        "microneedling radiofrequence", "microneedling par radiofrequence", "microneedling avec radiofrequence",
        "morpheus8", "morpheus 8", "secret rf", "sylfirm x",
    ),
}  # fmt: skip
"""What practice systems call the starter protocols. With radiofrequency it is a treatment of its own, and unknown until
the clinic has published that one."""


@dataclass(frozen=True, slots=True)
class ImportRow:
    """What a row says; `evidence` is, for all that was agreed to, the column and the cell that say so, and `giver` who
    agreed in the place of a child. `supersedes` is None where it does not say whether the treatment takes an earlier
    one's place."""

    patient: PatientInput
    treatment: TreatmentInput
    evidence: Mapping[Agreement, str]
    giver: Giver = PATIENT
    supersedes: bool | None = None


def read_row(cells: Sequence[str], columns: Columns, protocols: Mapping[str, str]) -> ImportRow:
    """The row's meaning. `protocols` maps folded names to protocol keys; with one protocol a file needs no column.

    Raises:
        InvalidInputError: on a field of the import's: too_many_cells, language_unknown, consent_unreadable,
            date_unreadable, birth_date_unreadable, protocol_missing, protocol_unknown, supersedes_unreadable.
    """
    if any(cells[len(columns.names) :]):
        raise _wrong("row", "too_many_cells")
    day, clock = _day_and_time(columns.value("treated_on", cells))
    treatment = TreatmentInput(
        protocol_key=_protocol(columns, cells, protocols),
        treated_on=_iso(day, "treated_on", "date_unreadable"),
        treated_time=columns.value("treated_time", cells) or clock,
        provider=columns.value("provider", cells),
        external_id=columns.value("treatment_id", cells),
    )
    return ImportRow(
        _patient(columns, cells),
        treatment,
        _evidence(columns, cells),
        _giver(columns, cells),
        _supersedes(columns, cells),
    )


def protocol_names(published: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """What a cell may call each protocol, folded, to its key; `published` maps keys to names by language."""
    names = {}
    for key, by_language in published.items():
        for name in (key, *by_language.values(), *PROTOCOL_WORDS.get(key, ())):
            names[_folded(name)] = key
    return names


def _patient(columns: Columns, cells: Sequence[str]) -> PatientInput:
    given, family = _name(columns, cells)
    return PatientInput(
        given_name=given,
        family_name=family,
        language=_language(columns.value("language", cells)),
        phone=columns.value("phone", cells),
        email=columns.value("email", cells),
        external_id=columns.value("external_id", cells),
        birth_date=_iso(columns.value("birth_date", cells), "birth_date", "birth_date_unreadable"),
    )


def _name(columns: Columns, cells: Sequence[str]) -> tuple[str, str]:
    """Given and family name; of one cell "Tremblay, Marie" is taken apart at its comma, "Marie Tremblay" at its end."""
    given, family = columns.value("given_name", cells), columns.value("family_name", cells)
    whole = columns.value("full_name", cells) if not (given or family) else family
    if given or not whole:
        return given, family
    if "," in whole:
        family, _, given = whole.partition(",")
        return given.strip(), family.strip()
    given, _, family = whole.rpartition(" ")
    return given, family


def _language(cell: str) -> str:
    try:
        return _LANGUAGES[_folded(cell)]
    except KeyError:
        raise _wrong("language", "language_unknown") from None


def _protocol(columns: Columns, cells: Sequence[str], protocols: Mapping[str, str]) -> str:
    named = _folded(columns.value("protocol", cells))
    if named:
        if named not in protocols:
            raise _wrong("protocol", "protocol_unknown")
        return protocols[named]
    keys = set(protocols.values())
    if columns.positions.get("protocol") or len(keys) != 1:
        raise _wrong("protocol", "protocol_missing")
    return keys.pop()


def _giver(columns: Columns, cells: Sequence[str]) -> Giver:
    name, relation = columns.value(GIVEN_BY, cells), columns.value(RELATION, cells)
    # Exports have relations of many kinds; only beside a name is it that of whoever agreed.
    return Giver(name, _RELATIONS.get(_folded(relation), relation)) if name else PATIENT


def _evidence(columns: Columns, cells: Sequence[str]) -> dict[Agreement, str]:
    found = {}
    for what, field in _CONSENT_FIELDS.items():
        cell = columns.value(field, cells)
        answer = _answer(cell)
        if answer not in _YES | _NO:
            raise _wrong(field, "consent_unreadable")
        if answer in _YES:
            found[what] = f"{columns.name(field)[:80]} = {cell}"
    return found


def _supersedes(columns: Columns, cells: Sequence[str]) -> bool | None:
    answer = _answer(columns.value("supersedes", cells))
    if not answer:
        return None
    if answer not in _YES | _NO:
        raise _wrong("supersedes", "supersedes_unreadable")
    return answer in _YES


def _answer(cell: str) -> str:
    return cell.lower() if cell in {"✓", "✔", "-"} else _folded(cell)


def _day_and_time(cell: str) -> tuple[str, str]:
    day, _, clock = cell.replace("T", " ").partition(" ")
    return day, clock.strip()


def _iso(cell: str, field: str, problem: str) -> str:
    """A date cell, day or year first, as yyyy-mm-dd; never month first: practice systems here do not write so."""
    year_first, day_first = _YEAR_FIRST.fullmatch(cell), _DAY_FIRST.fullmatch(cell)
    if not cell:
        return ""
    if year_first:
        year, month, day = year_first[1], year_first[3], year_first[4]
    elif day_first:
        day, month, year = day_first[1], day_first[3], day_first[4]
    else:
        raise _wrong(field, problem)
    return f"{year}-{int(month):02}-{int(day):02}"


@lru_cache(maxsize=512)
def _folded(text: str) -> str:
    """A cell of few different words: a language, a treatment, an answer."""
    return " ".join(words(text))


def _wrong(field: str, key: str) -> InvalidInputError:
    return InvalidInputError({field: Problem(key)})
