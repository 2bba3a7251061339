"""Inserting the rows of several tables at once, in as few statements as the database allows."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Insert, Table, insert
from sqlalchemy.orm import Session

from reminders.bulk import as_json
from reminders.inserting.forms import Batch, Filled, filled


def write(session: Session, batch: Batch) -> None:
    """Insert new rows; all of one table have the same columns. They are written at once, not at the next flush.

    On PostgreSQL it is one statement for all tables, its text the same each time, its rows one JSON document a table.
    SQLite, to which a statement costs no round trip, gets one for each table. For thousands of rows see `writing`.

    Raises:
        PermissionError: the session is one clinic's, and a row is another's.
        sqlalchemy.exc.IntegrityError: a row breaks a constraint.
    """
    session.flush()
    found = filled(session, batch)
    if not found:
        return
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        _by_table(connection, found)
    else:
        _together(connection, found)


def _by_table(connection: Connection, found: Filled) -> None:
    for form, rows in found:
        connection.execute(_insert(form.table), rows)


@cache
def _insert(table: Table) -> Insert:
    return insert(table)


def _together(connection: Connection, found: Filled) -> None:
    # Foreign keys are looked at when the whole statement is done, so the order of its parts means nothing.
    documents = {form.table.name: form.columns(rows, connection.dialect) for form, rows in found}
    shape = tuple((name, tuple(columns)) for name, columns in documents.items())
    connection.exec_driver_sql(_statement(shape), tuple(map(document, documents.values())))


@cache
def _statement(shape: tuple[tuple[str, tuple[str, ...]], ...]) -> str:
    *first, last = (insertion(name, columns) for name, columns in shape)
    named = ", ".join(f"into_{number} AS ({part})" for number, part in enumerate(first))
    return f"WITH {named} {last}" if first else last


def insertion(table: str, columns: Iterable[str]) -> str:
    """What inserts rows that are given as a JSON document, in PostgreSQL's words; conditions may follow."""
    names = ", ".join(columns)
    source = f"json_populate_recordset(CAST(NULL AS {table}), CAST(%s AS json))"
    return f"INSERT INTO {table} ({names}) SELECT {names} FROM {source}"  # noqa: S608 - names of our own columns


def document(columns: Mapping[str, Sequence[Any]]) -> str:
    """The document that `insertion` is given."""
    return as_json([dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)])
