"""Very many rows in a short time: made in the database itself, from those that are there."""

import shutil
import tempfile
from datetime import timedelta

from sqlalchemy import Connection, text

from reminders.database import Database
from reminders.models import Message

BYTES_A_ROW = 1_500
"""Of disk, generously: the row, eleven indexes, and the log of both."""

_STAMP = "lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint + n), 12, '0')"
# In the order of time, as ours are: into an index of random ones rows go ten times slower.
_ORDERED = f"({_STAMP} || right(gen_random_uuid()::text, 23))::uuid"
_FRESH = {
    "postgresql": {"id": _ORDERED, "dedupe_key": "'reminder:' || gen_random_uuid() || ':sms:1'"},
    "sqlite": {"id": "lower(hex(randomblob(16)))", "dedupe_key": "'reminder:' || hex(randomblob(16)) || ':sms:1'"},
}
_LATER = {
    "postgresql": "{0} + n * interval '{1} second'",
    "sqlite": "strftime('%Y-%m-%d %H:%M:%f000', {0}, (n * {1}) || ' seconds')",
}
_INDEXES = """
SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid), c.conname, pg_get_constraintdef(c.oid)
FROM pg_index AS i LEFT JOIN pg_constraint AS c ON c.conindid = i.indexrelid AND c.contype = 'u'
WHERE i.indrelid = 'message'::regclass AND NOT i.indisprimary
"""


def multiply(database: Database, times: int, apart: timedelta = timedelta(0)) -> None:
    """Make of every message so many, each due `apart` after the one before: seconds where rows from here would take
    minutes. On PostgreSQL without their indexes, which are built afterwards.

    Raises:
        RuntimeError: there may not be disk enough.
    """
    if times <= 1:
        return
    with database.engine.begin() as connection:
        _refuse_too_many(connection, times)
        later = [] if database.is_sqlite else _without_indexes(connection)
        connection.execute(text(_insert(database.engine.dialect.name, times, apart)))
        for statement in later:
            connection.execute(text(statement))


def _refuse_too_many(connection: Connection, times: int) -> None:
    rows = times * (connection.scalar(text("SELECT count(*) FROM message")) or 0)
    free = shutil.disk_usage(tempfile.gettempdir()).free
    if rows * BYTES_A_ROW > free:
        raise RuntimeError(f"{rows:,} rows may need {rows * BYTES_A_ROW / 1e9:.0f} GB, and {free / 1e9:.0f} are free")


def _insert(dialect: str, times: int, apart: timedelta) -> str:
    names = [column.name for column in Message.__table__.columns]
    fresh = dict(_FRESH[dialect])
    if apart:
        seconds = apart.total_seconds()
        fresh |= {name: _LATER[dialect].format(name, seconds) for name in ("due_at", "useful_until")}
    columns = ", ".join(f'"{name}"' for name in names)
    values = ", ".join(fresh.get(name, f'"{name}"') for name in names)
    series = f"WITH RECURSIVE series(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM series WHERE n < {times - 1})"
    return f"{series} INSERT INTO message ({columns}) SELECT {values} FROM message, series"


def _without_indexes(connection: Connection) -> list[str]:
    """Drop the indexes of messages but the primary key's, and look up no foreign key: how to build them again."""
    # What is copied is as right as what it is copied from.
    connection.execute(text("SET LOCAL session_replication_role = replica"))
    connection.execute(text("SET LOCAL maintenance_work_mem = '1GB'"))
    again = []
    for index, definition, constraint, rule in connection.execute(text(_INDEXES)).all():
        if constraint:
            connection.execute(text(f"ALTER TABLE message DROP CONSTRAINT {constraint}"))
            again.append(f"ALTER TABLE message ADD CONSTRAINT {constraint} {rule}")
        else:
            connection.execute(text(f"DROP INDEX {index}"))
            again.append(definition)
    return again
