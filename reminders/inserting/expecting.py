"""What a large import asks of its transaction."""

from sqlalchemy.orm import Session


def expect_many(session: Session) -> None:
    """Let this transaction look up by index whatever its rows point at, however small the tables are when it begins.

    PostgreSQL plans the look behind a foreign key once a session: planned on a table of twenty rows, it would read the
    whole table for each row of a large import. SQLite always goes by index.
    """
    connection = session.connection()
    if connection.dialect.name != "sqlite":
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
