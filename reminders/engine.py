"""Engines: how each database is opened, how a transaction begins, and that no dead connection is handed out."""

import math
import select
import time
from contextlib import closing
from functools import partial
from typing import Any

import psycopg
from sqlalchemy import Connection, Dialect, Engine, create_engine, event
from sqlalchemy.exc import InvalidatePoolError, OperationalError

READ_ONLY = "reminders_read_only"
"""The execution option of a connection that will not write."""

ONE_BY_ONE = "reminders_one_by_one"
"""The execution option of a connection to SQLite on which each statement is a transaction of its own."""

FROM_HEX = "from_hex"
"""A function for SQLite, whose JSON has no bytes: SQLite's own `unhex` is younger than the versions that we meet."""

_LAST_USE = "reminders_last_use"

_TRUSTED_SECONDS = 0.25
"""For so long a connection may have rested and is not asked whether it is alive, only looked at: decision 11."""


def make_engine(url: str, pool_size: int) -> Engine:
    """An engine for `url`, ready for what this service asks of each of the two databases."""
    # hide_parameters: an error quotes no value that it could not store.
    if url.startswith("sqlite"):
        engine = create_engine(
            url,
            pool_size=pool_size,
            hide_parameters=True,
            connect_args={"timeout": 30, "check_same_thread": False},
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    if url.startswith("postgresql://"):
        url = url.replace("postgresql://", "postgresql+psycopg://", 1)
    # The last one used is the next: few connections that are in use all the time instead of many that rest.
    engine = create_engine(url, pool_size=pool_size, pool_use_lifo=True, hide_parameters=True)
    event.listen(engine, "checkout", partial(_check_alive, engine.dialect))
    event.listen(engine, "checkin", _note_use)
    return engine


def copy_sqlite(here: Engine, there: Engine) -> None:
    """Make an empty SQLite database what another is at this moment. No writer waits for it.

    Raises:
        OperationalError: there is no room for it.
    """
    with closing(here.raw_connection()) as full, closing(there.raw_connection()) as empty:
        try:
            full.driver_connection.backup(empty.driver_connection)  # type: ignore[union-attr]
        except here.dialect.loaded_dbapi.Error as error:
            raise OperationalError("backup", None, error) from error


def _check_alive(dialect: Dialect, connection: psycopg.Connection[Any], record: Any, _proxy: object) -> None:
    """Replace a connection that died in the pool, and all that rest there with it, before work is trusted to it.

    A server that stops or restarts closes its connections: their end, or the server's last words, wait to be read,
    which is seen without a round trip. A host that vanished says nothing; so what has rested is asked.
    """
    rested = time.monotonic() - record.info.get(_LAST_USE, math.inf)
    if connection.closed or _has_news(connection) or (rested > _TRUSTED_SECONDS and not _answers(dialect, connection)):
        raise InvalidatePoolError


def _has_news(connection: psycopg.Connection[Any]) -> bool:
    """Whether there is something to read, though nothing was asked."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))


def _answers(dialect: Dialect, connection: psycopg.Connection[Any]) -> bool:
    try:
        return bool(dialect.do_ping(connection))  # type: ignore[arg-type]
    except psycopg.Error:
        return False


def _note_use(_connection: object, record: Any) -> None:
    record.info[_LAST_USE] = time.monotonic()


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver's own transaction handling begins too late for a claim; _begin_sqlite does it instead.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "busy_timeout=30000"):
        connection.execute(f"PRAGMA {pragma}")
    connection.create_function(FROM_HEX, 1, _from_hex, deterministic=True)


def _from_hex(digits: str | None) -> bytes | None:
    return None if digits is None else bytes.fromhex(digits)


def _begin_sqlite(connection: Connection) -> None:
    # A deferred transaction that reads, then writes, fails at once when another wrote in between; an immediate waits.
    options = connection.get_execution_options()
    if not options.get(ONE_BY_ONE, False):
        connection.exec_driver_sql("BEGIN" if options.get(READ_ONLY, False) else "BEGIN IMMEDIATE")
