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
    table have the same columns. No door asks whose rows these are. A table may have no rows: who writes to some of
    several tables names them all each time, so that PostgreSQL plans one statement instead of one for each choice.
    """
    if connection.dialect.name == "sqlite":
        return _one_by_one(connection, change, batch)
    return _together(connection, change, batch)


def _one_by_one(connection: Connection, change: Change, batch: Batch) -> bool:
    changing = _update(form_of(change.table).table, change.unset)
    if connection.execute(changing, {"row": change.id, **change.values}).rowcount == 0:
        return False
    for table, rows in batch:
        if rows:
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
    documents = [document(form_of(table).columns(rows, dialect)) if rows else _NO_ROWS for table, rows in batch]
    tables = tuple(form_of(table).table for table, _ in batch)
    statement = _statement(changed.table, (tuple(new), change.unset), tables)
    return bool(connection.exec_driver_sql(statement, (document(new), *documents)).scalar_one())


_NO_ROWS = "[]"


@cache
def _statement(changed: Table, columns: tuple[tuple[str, ...], str], tables: tuple[Table, ...]) -> str:
    parts = [f"changed AS ({_updating(changed.name, *columns)})"]
    # Foreign keys are looked at when the whole statement is done, so the order of its parts means nothing. What a
    # document does not say of a column is NULL: all defaults are ours and in it.
    parts += [
        f"into_{table.name} AS ({insertion(table.name, table.c.keys())} "
        "WHERE EXISTS (SELECT FROM changed) ON CONFLICT DO NOTHING)"
        for table in tables
    ]
    return f"WITH {', '.join(parts)} SELECT count(*) FROM changed"  # noqa: S608 - names of our own columns


def _updating(table: str, columns: Iterable[str], unset: str) -> str:
    sets = ", ".join(f"{name} = given.{name}" for name in columns if name != "id")
    source = f"json_populate_recordset(CAST(NULL AS {table}), CAST(%s AS json)) AS given"
    return (
        f"UPDATE {table} SET {sets} FROM {source} "  # noqa: S608 - names of our own columns
        f"WHERE {table}.id = given.id AND {table}.{unset} IS NULL RETURNING {table}.id"
    )
