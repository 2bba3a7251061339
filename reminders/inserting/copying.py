"""Many rows at once by PostgreSQL's COPY, whose text format is put together here, column by column."""

import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import Connection, Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from reminders.bulk import PLAIN, as_json
from reminders.inserting.forms import Batch, Form, Row, filled
from reminders.inserting.write import write

_PARTS_AHEAD = 2


@contextmanager
def writing(session: Session) -> Iterator[Callable[[Batch], None]]:
    """To `write` one large batch after another: each goes to the database while the caller puts the next together.

    Until the block ends the session is not to be used for anything else.

    Raises:
        PermissionError, sqlalchemy.exc.IntegrityError: as `write`, for this batch or for one before it.
    """
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        yield partial(write, session)
        return
    session.flush()
    with ThreadPoolExecutor(1, "copy") as beside:
        under_way: deque[Future[None]] = deque()

        def put(batch: Batch) -> None:
            tables = [_spelled(*one, connection.dialect) for one in filled(session, batch)]
            if len(under_way) >= _PARTS_AHEAD:
                under_way.popleft().result()
            under_way.append(beside.submit(_copy, connection, tables))

        yield put
        for one in under_way:
            one.result()


def _spelled(form: Form, rows: Sequence[Row], dialect: Dialect) -> tuple[sql.Composed, str]:
    """The COPY of a table's rows, and what it is sent."""
    columns = form.columns(rows, dialect)
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(form.table.name), names)
    lines = zip(*map(cells, columns.values()), strict=True)
    return statement, "".join(["\t".join(line) + "\n" for line in lines])


def _copy(connection: Connection, tables: Sequence[tuple[sql.Composed, str]]) -> None:
    driver: psycopg.Connection[Any] = connection.connection.driver_connection  # type: ignore[assignment]
    try:
        with driver.cursor() as cursor:
            for statement, text in tables:
                with cursor.copy(statement) as copy:
                    copy.write(text)
    except psycopg.Error as error:
        # Nobody above knows the driver.
        raise DBAPIError.instance(None, None, error, psycopg.Error, hide_parameters=True) from error


_SPECIAL = re.compile(r"[\\\t\n\r]")
_ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_NULL = "\\N"


def cells(values: Sequence[Any]) -> Sequence[str]:
    """A column in the text format of COPY; its values are of one type, some may be None."""
    # The same id, the same moment, the same answer stand in row after row.
    places = list(map(id, values))
    distinct = dict(zip(places, values, strict=True))
    if len(distinct) == 1:
        return [_cell(values[0])] * len(values)
    if all(isinstance(value, str | None) for value in distinct.values()):
        return _texts(values)
    texts = dict(zip(distinct, map(_cell, distinct.values()), strict=True))
    return list(map(texts.__getitem__, places))


def _texts(values: Sequence[str | None]) -> Sequence[str]:
    # Hardly any column has something to escape in it, or nothing at all, so one look at all of them is enough.
    if None in values:
        return [_NULL if value is None else value.translate(_ESCAPED) for value in values]
    told: Sequence[str] = values  # type: ignore[assignment]
    return [value.translate(_ESCAPED) for value in told] if _SPECIAL.search("".join(told)) else told


_NEVER_SPECIAL: Mapping[type, Callable[[Any], str]] = {
    **PLAIN,
    bytes: lambda sealed: "\\\\x" + sealed.hex(),
    type(None): lambda _: _NULL,
}


def _cell(value: object) -> str:
    written = _NEVER_SPECIAL.get(type(value))
    if written:
        return written(value)
    text = value if isinstance(value, str) else as_json(value)
    return text.translate(_ESCAPED) if "\\" in text or isinstance(value, str) else text
