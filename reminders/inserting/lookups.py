"""Looking for many things at once."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, String, any_, literal
from sqlalchemy.orm import InstrumentedAttribute, Session


def expect_many(session: Session) -> None:
    """Let this transaction look up by index whatever its rows point at, however small the tables are when it begins.

    PostgreSQL plans the look behind a foreign key once a session: planned on a table of twenty rows, it would read the
    whole table for each row of a large import. SQLite always goes by index.
    """
    connection = session.connection()
    if connection.dialect.name != "sqlite":
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")


def among(session: Session, column: InstrumentedAttribute[Any], texts: Collection[str]) -> ColumnElement[bool]:
    """`column` is one of many texts; on PostgreSQL they are one parameter, which costs nothing to put together."""
    if session.get_bind().dialect.name == "sqlite":
        return column.in_(texts)
    return column == any_(literal(list(texts), ARRAY(String)))
