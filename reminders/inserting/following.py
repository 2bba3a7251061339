"""Rows that follow from a change of one row: written with it, or not at all where somebody else was first."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from sqlalchemy import Connection, Insert, Table, Update, bindparam, update
from sqlalchemy.dialects import sqlite

from reminders.database import Base
from reminders.inserting.forms import Batch, Row, form_of
from reminders.inserting.write import document, insertion


@dataclass(frozen=True, slots=True)
class Change:
    """New `values` for the row `id`, as long as nobody has filled its column `unset` yet."""

    table: type[Base]
    id: uuid.UUID
    unset: str
    values: Row


def write_after(connection: Connection, change: Change, batch: Batch) -> bool:
    """Make the change and insert the rows that no UNIQUE constraint says are there already. False if neither was done.

    On PostgreSQL it is one statement, so that it needs no transaction around it; SQLite wants one begun. All rows of a
    table have the same columns. No door asks whose rows these are.
    """
    rows = [(table, some) for table, some in batch if some]
    if connection.dialect.name == "sqlite":
        return _one_by_one(connection, change, rows)
    return _together(connection, change, rows)


def _one_by_one(connection: Connection, change: Change, batch: Batch) -> bool:
    changed = connection.execute(
        _update(form_of(change.table).table, change.unset), {"row": change.id, **change.values}
    )
    if changed.rowcount == 0:
        return False
    for table, rows in batch:
        connection.execute(_insert(form_of(table).table), rows)
    return True


@cache
def _update(table: Table, unset: str) -> Update:
    return update(table).where(table.c.id == bindparam("row"), table.c[unset].is_(None))


@cache
def _insert(table: Table) -> Insert:
    return sqlite.insert(table).on_conflict_do_nothing()


def _together(connection: Connection, change: Change, batch: Batch) -> bool:
    dialect, changed = connection.dialect, form_of(change.table)
    new = changed.sealing({name: [value] for name, value in change.values.items()} | {"id": [change.id]}, dialect)
    forms = [(form_of(table), rows) for table, rows in batch]
    documents = [(form.table.name, form.columns(rows, dialect)) for form, rows in forms]
    shape = tuple((name, tuple(columns)) for name, columns in documents)
    statement = _statement((changed.table.name, tuple(new), change.unset), shape)
    given = (document(new), *(document(columns) for _, columns in documents))
    return bool(connection.exec_driver_sql(statement, given).scalar_one())


@cache
def _statement(change: tuple[str, tuple[str, ...], str], shape: tuple[tuple[str, tuple[str, ...]], ...]) -> str:
    table, columns, unset = change
    parts = [f"changed AS ({_updating(table, columns, unset)})"]
    # Foreign keys are looked at when the whole statement is done, so the order of its parts means nothing.
    parts += [
        f"into_{number} AS ({insertion(*one)} WHERE EXISTS (SELECT FROM changed) ON CONFLICT DO NOTHING)"
        for number, one in enumerate(shape)
    ]
    return f"WITH {', '.join(parts)} SELECT count(*) FROM changed"  # noqa: S608 - names of our own columns


def _updating(table: str, columns: Iterable[str], unset: str) -> str:
    sets = ", ".join(f"{name} = given.{name}" for name in columns if name != "id")
    source = f"json_populate_recordset(CAST(NULL AS {table}), CAST(%s AS json)) AS given"
    return (
        f"UPDATE {table} SET {sets} FROM {source} "  # noqa: S608 - names of our own columns
        f"WHERE {table}.id = given.id AND {table}.{unset} IS NULL RETURNING {table}.id"
    )
