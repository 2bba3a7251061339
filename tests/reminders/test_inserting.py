"""Rows written past the ORM: alike by every way, sealed, and never through another clinic's door. On both databases.

Seen to fail when: the clinic was not compared; a tab or a backslash was copied as it is; a sealed column was not; the
driver's error came through as it is.
"""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from reminders import inserting
from reminders.database import Database
from reminders.ids import new_id
from reminders.inserting.copying import cells
from reminders.models import Audit, Clinic, NameToken, Patient
from reminders.models.kinds import Language
from tests.conftest import NOW

NAMES = ("Zoé", "O'Neil \\N", "tab\tand\nline\rends", "\\", '"', "{}", "", "日本")
"""What COPY or JSON could misread, in columns that are sealed and in others."""


def patient(clinic: Clinic, name: str, **other: Any) -> dict[str, Any]:
    own = {"id": new_id(), "clinic_id": clinic.id, "created_at": NOW, "language": Language.FR}
    return {**own, "given_name": name, "family_name": "Roy", "external_id": name + "\\1", "birth_date": None, **other}


Write = Callable[[Session, inserting.Batch], None]


def in_parts(session: Session, batch: inserting.Batch) -> None:
    """A part for each table, one after the other."""
    with inserting.writing(session) as write:
        for one in batch:
            write((one,))


def rows(clinic: Clinic) -> inserting.Batch:
    people = [patient(clinic, name) for name in NAMES]
    tokens = [{"clinic_id": clinic.id, "token": b"x\ty", "patient_id": person["id"]} for person in people]
    trail = [
        {"clinic_id": clinic.id, "at": NOW, "action": name, "subject_kind": "x", "detail": {"said": name, "n": 1}}
        for name in NAMES
    ]
    return ((Patient, people), (NameToken, tokens), (Audit, trail))


@pytest.mark.parametrize("write", [inserting.write, in_parts])
def test_what_is_written_is_read_back(database: Database, clinic: Clinic, write: Write) -> None:
    batch = rows(clinic)
    with database.begin(clinic=clinic.id) as session:
        write(session, batch)
    with database.read(clinic=clinic.id) as session:
        found = {person.id: person for person in session.scalars(select(Patient))}
        for row in batch[0][1]:
            person = found[row["id"]]
            assert {name: getattr(person, name) for name in row} == row
            assert (person.priority, person.erased_at) == (0, None)
        assert {entry.action: entry.detail["said"] for entry in session.scalars(select(Audit))} == dict(
            zip(NAMES, NAMES, strict=True)
        )
        assert len(session.scalars(select(NameToken)).all()) == len(found) == len(NAMES)
        stored = session.scalars(text("SELECT given_name FROM patient")).all()
        assert not any("Zoé".encode() in bytes(name) for name in stored)


@pytest.mark.parametrize("write", [inserting.write, in_parts])
def test_another_clinics_rows_are_refused(database: Database, clinic: Clinic, write: Write) -> None:
    with pytest.raises(PermissionError), database.begin(clinic=uuid4()) as session:
        write(session, rows(clinic))
    with database.read() as session:
        assert session.scalars(select(Patient)).all() == []


@pytest.mark.parametrize("write", [inserting.write, in_parts])
def test_a_broken_constraint_costs_its_savepoint_alone(database: Database, clinic: Clinic, write: Write) -> None:
    twice = [patient(clinic, "same") for _ in range(2)]
    with database.begin(clinic=clinic.id) as session:
        inserting.write(session, ((Patient, [patient(clinic, "kept")]),))
        with pytest.raises(IntegrityError), session.begin_nested():
            write(session, ((Patient, twice),))
    with database.read() as session:
        assert [person.given_name for person in session.scalars(select(Patient))] == ["kept"]


@pytest.mark.parametrize("write", [inserting.write, in_parts])
def test_a_naive_time_is_refused(database: Database, clinic: Clinic, write: Write) -> None:
    naive = [patient(clinic, str(n), created_at=NOW.replace(tzinfo=None)) for n in range(2)]
    with pytest.raises(Exception, match="naive datetime refused"), database.begin() as session:
        write(session, ((Patient, naive),))


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, "\\N"),
        (True, "true"),
        (7, "7"),
        (date(2026, 3, 10), "2026-03-10"),
        (NOW + timedelta(hours=1), "2026-03-10T16:00:00+00:00"),
        (b"\x00\\", "\\\\x005c"),
        ({"a": "tab\t\\"}, '{"a":"tab\\\\t\\\\\\\\"}'),
    ],
)
def test_how_copy_wants_it(value: object, written: str) -> None:
    assert cells([value, None]) == [written, "\\N"]


def test_nothing_to_write_is_nothing_done(database: Database, clinic: Clinic) -> None:
    with database.begin(clinic=clinic.id) as session:
        inserting.write(session, ((Patient, []),))
        assert session.scalars(select(Patient)).all() == []
