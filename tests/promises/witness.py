"""A witness inside the database: writes down every change of a message's state, whoever makes it."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text

from reminders.database import Database
from schedules.lifecycle import State

Moves = Counter[tuple[State, State]]

_TABLE = "CREATE TABLE witness (old TEXT NOT NULL, new TEXT NOT NULL)"
_SEE = "INSERT INTO witness VALUES (OLD.state, NEW.state)"
_CHANGED = "(OLD.state <> NEW.state)"
_MAKE = {
    "sqlite": [
        _TABLE,
        f"CREATE TRIGGER witness AFTER UPDATE ON message WHEN {_CHANGED} BEGIN {_SEE}; END",
    ],
    "postgresql": [
        _TABLE,
        f"CREATE FUNCTION witness() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {_SEE}; RETURN NEW; END $$",
        f"CREATE TRIGGER witness AFTER UPDATE ON message FOR EACH ROW WHEN {_CHANGED} EXECUTE FUNCTION witness()",
    ],
}
_UNMAKE = ["DROP TRIGGER witness ON message", "DROP FUNCTION witness", "DROP TABLE witness"]


@contextmanager
def watching(database: Database) -> Iterator[None]:
    """See every move from here on; taken away at the end, since PostgreSQL's database serves other tests too."""
    _run(database, _MAKE[database.engine.dialect.name])
    yield
    if not database.is_sqlite:
        _run(database, _UNMAKE)


def seen(database: Database) -> Moves:
    """The moves since `watching` began, each with how often."""
    with database.engine.begin() as connection:
        return Counter(
            (State(old), State(new)) for old, new in connection.execute(text("SELECT old, new FROM witness"))
        )


def _run(database: Database, statements: list[str]) -> None:
    with database.engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
