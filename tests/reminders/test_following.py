"""Rows that follow from one change: with it or not at all, once, sealed. On both databases.

Seen to fail when: the rows did not ask whether the change was made; a row that is there already was an error.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import select

from reminders.database import Database
from reminders.ids import new_id
from reminders.inserting import Batch, Change, write_after
from reminders.models import Audit, Clinic, NameToken, Patient
from reminders.models.kinds import Language
from tests.conftest import NOW

SAID = 'O\'Neil \\N\t"日本"'


def _patient(database: Database, clinic: Clinic) -> UUID:
    with database.begin() as session:
        own: dict[str, Any] = {"clinic_id": clinic.id, "created_at": NOW, "language": Language.FR}
        patient = Patient(**own, id=new_id(), given_name="Zoé", family_name="Roy")
        session.add(patient)
    return patient.id


def _hold(patient_id: UUID) -> Change:
    return Change(Patient, patient_id, "held_at", {"held_at": NOW, "held_reason": SAID, "external_id": SAID})


def _rows(clinic: Clinic, patient_id: UUID) -> Batch:
    token = {"clinic_id": clinic.id, "token": b"x", "patient_id": patient_id}
    entry = {"clinic_id": clinic.id, "at": NOW, "action": SAID, "subject_kind": "x", "detail": {"n": [1, None]}}
    return ((NameToken, [token]), (Audit, [entry]))


def _write(database: Database, change: Change, batch: Batch) -> bool:
    """As it is used: alone on PostgreSQL, in a transaction on SQLite."""
    if database.is_sqlite:
        with database.begin() as session:
            return write_after(session.connection(), change, batch)
    with database.apart() as connection:
        return write_after(connection, change, batch)


def test_the_change_and_what_follows_are_made_once(database: Database, clinic: Clinic) -> None:
    patient_id = _patient(database, clinic)
    done = [_write(database, _hold(patient_id), _rows(clinic, patient_id)) for _ in range(3)]
    assert done == [True, False, False]
    with database.read(clinic=clinic.id) as session:
        (found,) = session.scalars(select(Patient)).all()
        assert (found.held_at, found.held_reason, found.external_id, found.given_name) == (NOW, SAID, SAID, "Zoé")
        (entry,) = session.scalars(select(Audit)).all()
        assert (entry.action, entry.detail, entry.at, entry.staff_id) == (SAID, {"n": [1, None]}, NOW, None)
        assert len(session.scalars(select(NameToken)).all()) == 1


def test_what_is_there_already_is_left_out(database: Database, clinic: Clinic) -> None:
    patient_id = _patient(database, clinic)
    rows = _rows(clinic, patient_id)
    with database.begin() as session:
        session.add(NameToken(**rows[0][1][0]))
    assert _write(database, _hold(patient_id), rows)
    with database.read() as session:
        assert len(session.scalars(select(NameToken)).all()) == 1
        assert len(session.scalars(select(Audit)).all()) == 1


def test_a_table_may_have_no_rows_and_a_change_no_row(database: Database, clinic: Clinic) -> None:
    patient_id = _patient(database, clinic)
    assert not _write(database, _hold(new_id()), _rows(clinic, patient_id))
    assert _write(database, _hold(patient_id), ((NameToken, []), (Audit, [])))
    with database.read() as session:
        assert session.scalars(select(Audit)).all() == []
