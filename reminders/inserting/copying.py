"""Many rows at once by PostgreSQL's COPY, whose text format is put together here, column by column."""

import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import Connection, Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from reminders.inserting.forms import PLAIN, Batch, Form, Row, as_json, filled
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
    kinds = {type(value) for value in values} - {type(None)}
    if all(issubclass(kind, str) for kind in kinds):
        # Hardly any column has something to escape in it, so one look at all of them is enough.
        is_plain = _SPECIAL.search("".join([value for value in values if value])) is None
        return [_NULL if value is None else value if is_plain else value.translate(_ESCAPED) for value in values]
    # The same id, the same moment, the same answer stand in row after row.
    distinct = {id(value): value for value in values}
    texts = {place: _cell(value) for place, value in distinct.items()}
    return [texts[id(value)] for value in values]


def _cell(value: object) -> str:
    if value is None:
        return _NULL
    if isinstance(value, bytes):
        return "\\\\x" + value.hex()
    text = PLAIN[type(value)](value) if type(value) in PLAIN else as_json(value)
    return text.translate(_ESCAPED) if "\\" in text else text
