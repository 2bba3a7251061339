"""Rows and ids in one parameter come out as they went in, on both databases.

Seen to fail when bytes were written as text, when SQLite was given ids with hyphens, and when times kept their zone.
"""

import uuid
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import JSON, Boolean, Float, Integer, String, Uuid, bindparam, insert, select, update
from sqlalchemy.exc import StatementError
from sqlalchemy.types import LargeBinary

from reminders.bulk import Rows, among
from reminders.columns import Sealed, UtcDateTime, words
from reminders.database import Database
from reminders.ids import new_id
from reminders.models import Clinic, Event
from reminders.models.kinds import EventKind
from tests.conftest import NOW

_TYPES = {
    "id": Uuid(),
    "words": String(),
    "kind": words(EventKind),
    "at": UtcDateTime(),
    "bytes": LargeBinary(),
    "sealed": Sealed("message.body"),
    "many": Integer(),
    "rate": Float(),
    "flag": Boolean(),
    "detail": JSON(),
}
_ROW: dict[str, Any] = {
    "id": uuid.UUID("019cd8f1-0000-7000-8000-00000000000a"),
    "words": "Ça va? 'quoted' \\ \"double\" %s :name {x}\n🙂",
    "kind": EventKind.EXPIRED,
    "at": datetime(2026, 3, 10, 11, 0, 0, 5, tzinfo=timezone(timedelta(hours=-4))),
    "bytes": bytes(range(256)),
    "sealed": "Marie",
    "many": 7,
    "rate": 0.25,
    "flag": True,
    "detail": {"reason": "é"},
}


def _back(database: Database, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    given = Rows("given", _TYPES)
    with database.begin() as session:
        connection = session.connection()
        table = given.table(connection.dialect.name)
        found = connection.execute(select(*(table.c[name] for name in _TYPES)), {"given": rows})
        return [dict(row._mapping) for row in found]


def test_every_type_comes_out_as_it_went_in(database: Database) -> None:
    (found,) = _back(database, [_ROW])
    assert found == _ROW | {"at": datetime(2026, 3, 10, 15, 0, 0, 5, tzinfo=UTC)}


def test_nothing_is_nothing_in_every_type(database: Database) -> None:
    empty = dict.fromkeys(_TYPES)
    assert _back(database, [empty, empty]) == [empty, empty]
    assert _back(database, []) == []


def test_a_naive_time_is_refused(database: Database) -> None:
    with pytest.raises(StatementError, match="datetime"):
        _back(database, [_ROW | {"at": datetime(2026, 3, 10)}])  # noqa: DTZ001


def test_rows_are_stored_and_found_as_columns_want_them(database: Database, clinic: Clinic) -> None:
    """What is written so equals what the ORM writes and reads."""
    names = ("id", "clinic_id", "kind", "detail", "at")
    given = Rows("given", {name: Event.__table__.c[name].type for name in names})
    rows = [
        {"id": new_id(), "clinic_id": clinic.id, "kind": EventKind.FAILED, "detail": {"n": n}, "at": NOW}
        for n in range(100)
    ]
    with database.begin() as session:
        connection = session.connection()
        table = given.table(connection.dialect.name)
        source = select(*(table.c[name] for name in names))
        connection.execute(insert(Event.__table__).from_select(names, source), {"given": rows})
    ids = [row["id"] for row in rows[:60]]
    with database.read() as session:
        found = session.scalars(select(Event).where(among(Event.id, "ids"), Event.at == NOW), {"ids": ids}).all()
        assert {event.id: event.detail for event in found} == {row["id"]: row["detail"] for row in rows[:60]}
        assert session.scalars(select(Event.id).where(among(Event.id, "ids")), {"ids": []}).all() == []


def test_rows_update_those_that_they_name(database: Database, clinic: Clinic) -> None:
    ids = [new_id() for _ in range(3)]
    with database.begin() as session:
        session.add_all(Event(id=one, clinic_id=clinic.id, kind=EventKind.FAILED, at=NOW) for one in ids)
    given = Rows("given", {"id": Event.__table__.c.id.type, "at": Event.__table__.c.at.type})
    later = NOW + timedelta(days=1)
    with database.begin() as session:
        connection = session.connection()
        table = given.table(connection.dialect.name)
        statement = update(Event.__table__).where(Event.id == table.c.id).values(at=table.c.at, kind=bindparam("what"))
        connection.execute(statement, {"given": [{"id": one, "at": later} for one in ids[:2]], "what": "expired"})
    with database.read() as session:
        found = {event.id: (event.at, event.kind) for event in session.scalars(select(Event))}
    assert found == dict.fromkeys(ids[:2], (later, EventKind.EXPIRED)) | {ids[2]: (NOW, EventKind.FAILED)}
