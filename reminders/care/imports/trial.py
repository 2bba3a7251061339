"""Where a trial import writes what is then taken back: on SQLite beside the database, whose one writer it would be."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reminders.database import Database
from reminders.engine import copy_sqlite


@contextmanager
def trial_place(database: Database) -> Iterator[Database]:
    """PostgreSQL itself; of SQLite a copy beside it, as it is at this moment, that is gone afterwards.

    Raises:
        OperationalError: there is no room for a copy.
    """
    if not database.is_sqlite:
        yield database
        return
    with tempfile.TemporaryDirectory(prefix="trial-", dir=_folder(database)) as folder:
        copy = Database(f"sqlite:///{folder}/copy.db", database.keyring)
        try:
            copy_sqlite(database.engine, copy.engine)
            yield copy
        finally:
            copy.close()


def _folder(database: Database) -> Path:
    # Where the data is anyway: not in a place for anybody's passing files, which may be small besides.
    return Path(database.engine.url.database or "").parent
