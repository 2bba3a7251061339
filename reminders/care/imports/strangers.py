"""Which ready lines share nothing with anybody or anything that is here: new patients with new treatments."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from reminders.bulk import among
from reminders.care.imports.ready import Key, Line
from reminders.care.names import query_tokens
from reminders.database import keyring_of
from reminders.models import NameToken, Patient, Treatment

_SOUGHT: Mapping[str, InstrumentedAttribute[Any]] = {
    "external_id": Patient.external_id,
    "phone_index": Patient.phone_index,
    "email_index": Patient.email_index,
    "treatment": Treatment.external_id,
}
"""Where a key of each kind would be found. Whoever was erased counts, too: their line has something to be told."""


def strangers(session: Session, clinic_id: uuid.UUID, lines: Sequence[Line]) -> set[int]:
    """The numbers of those lines; one statement for each kind of key, however many lines there are."""
    ready = [line for line in lines if line.ready]
    by_kind: defaultdict[str, set[Any]] = defaultdict(set)
    for kind, value in (key for line in ready for key in line.keys):
        by_kind[kind].add(value)
    taken = {key for kind in _SOUGHT for key in _taken(session, clinic_id, kind, by_kind[kind])}
    namesakes = _with_namesakes(
        session, clinic_id, [line for line in ready if any(kind == "name" for kind, _ in line.keys)]
    )
    return {line.number for line in ready if line.keys.isdisjoint(taken)} - namesakes


def _taken(session: Session, clinic_id: uuid.UUID, kind: str, values: Collection[Any]) -> Iterable[Key]:
    if not values:
        return ()
    column = _SOUGHT[kind]
    owned = column.class_.clinic_id == clinic_id
    wanted = select(column).where(owned, among(column, "sought"))
    return [(kind, value) for value in session.scalars(wanted, {"sought": list(values)})]


def _with_namesakes(session: Session, clinic_id: uuid.UUID, lines: Sequence[Line]) -> set[int]:
    """Of lines without any address, those for whose patient somebody of that name may be here."""
    keyring = keyring_of(session)
    asked = {line.number: query_tokens(keyring, clinic_id, _name(line)) for line in lines}
    sought = {min(tokens) for tokens in asked.values() if tokens}
    if not sought:
        return set()
    own = (NameToken.clinic_id == clinic_id, among(NameToken.token, "sought"))
    wanted = select(NameToken.token).where(*own).distinct()
    found = set(session.scalars(wanted, {"sought": list(sought)}))
    return {number for number, tokens in asked.items() if tokens and min(tokens) in found}


def _name(line: Line) -> str:
    person = line.ready and line.ready.person
    return f"{person.given_name} {person.family_name}" if person else ""
