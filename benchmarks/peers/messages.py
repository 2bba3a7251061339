"""The table that the other designs share: texts in the clear, nothing to look up, decide or render."""

import os
from typing import LiteralString

import psycopg

FUTURE = 100_000
"""Rows that are due much later, as they lie about in a real table."""

_SCHEMA: LiteralString = """
CREATE TABLE message (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    to_number text NOT NULL,
    body text NOT NULL,
    due_at timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'scheduled',
    sid text,
    claimed_at timestamptz,
    sent_at timestamptz
);
CREATE INDEX message_due ON message (due_at, id) WHERE state = 'scheduled';
"""
_ROWS: LiteralString = """
INSERT INTO message (to_number, body, due_at)
SELECT '+1' || (%(first)s + n * 10)::text, %(body)s || n, to_timestamp(%(due)s) + n * %(step)s * interval '1 second'
FROM generate_series(1, %(count)s) AS n
"""
_LATE: LiteralString = "SELECT extract(epoch FROM sent_at)::float8 - %s FROM message WHERE state = 'sent'"
_BODY = (
    "Clinique Lumière: How is your skin after 7 days? Reply 1 = clear, 2 = a few breakouts but improving, "
    "3 = breakouts that persist or get worse. If you reply 3, we will offer a consult. Fever, pus, spreading redness, "
    "increasing pain: call +15145550119 or 811 today. Trouble breathing: 911. Reply STOP to opt out, HELP for help. "
)
_A_DAY = 86_400


def database_url() -> str:
    """The database that a peer's process works on."""
    return os.environ["BENCH_DATABASE_URL"]


def make(url: str) -> None:
    """The table, with what is due much later."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_SCHEMA)
        later = {"first": 5_560_000_000, "body": _BODY, "due": 4e9, "step": 60, "count": FUTURE}
        connection.execute(_ROWS, later)


def fall_due(url: str, count: int, due: float) -> None:
    """Add `count` texts that are all due at `due` (Unix seconds)."""
    with psycopg.connect(url, autocommit=True) as connection:
        now = {"first": 5_550_000_000, "body": _BODY, "due": due, "step": 0, "count": count}
        connection.execute(_ROWS, now)
        connection.execute("VACUUM ANALYZE message")
        connection.execute("CHECKPOINT")


def late(url: str, due: float) -> list[float]:
    """By how many seconds each text that is sent was late."""
    with psycopg.connect(url) as connection:
        return [row[0] for row in connection.execute(_LATE, (due,))]
