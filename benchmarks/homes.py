"""Where the measured databases live: filled once as a template, then copied for each run, so that all start alike."""

import os
import shutil
import sqlite3
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import LiteralString

import psycopg

from reminders import migrate
from reminders.database import Database
from reminders.settings import Settings, load
from tests import services

Fill = Callable[[Database, Settings], object]

_SAFE = ("fsync", "synchronous_commit", "full_page_writes")


class Home(ABC):
    """A kind of database, with one template at a time."""

    name: str

    def __init__(self, environ: Mapping[str, str], folder: Path) -> None:
        self.environ = dict(environ)
        self.folder = folder

    @abstractmethod
    def describe(self) -> str:
        """The database and what it does to be safe, for RESULTS.md."""

    def pids(self) -> list[int]:
        """The processes of a server of its own on this machine; none for a library or a server elsewhere."""
        return []

    def template(self, fill: Fill) -> None:
        """Forget the last template; make a migrated database and fill it."""
        url = self._empty()
        settings = self.settings(url)
        database = Database(url, settings.keyring())
        try:
            migrate.upgrade(database)
            fill(database, settings)
        finally:
            database.close()
        self._seal(url)

    @contextmanager
    def copy(self) -> Iterator[tuple[Database, Settings]]:
        """A fresh copy of the template, gone afterwards."""
        url = self._copy()
        settings = self.settings(url)
        database = Database(url, settings.keyring())
        try:
            yield database, settings
        finally:
            database.close()
            self._drop(url)

    @contextmanager
    def original(self) -> Iterator[tuple[Database, Settings]]:
        """The template itself, for what is too big to copy; gone afterwards."""
        url = self._template()
        settings = self.settings(url)
        database = Database(url, settings.keyring())
        try:
            yield database, settings
        finally:
            database.close()
            self._drop(url)

    def settings(self, url: str) -> Settings:
        """The settings of a program that works on the database at `url`."""
        return load(self.environ | {"REMINDERS_DATABASE_URL": url}, dotenv=self.folder / "none")

    @abstractmethod
    def _empty(self) -> str: ...

    @abstractmethod
    def _template(self) -> str: ...

    @abstractmethod
    def _seal(self, url: str) -> None: ...

    @abstractmethod
    def _copy(self) -> str: ...

    @abstractmethod
    def _drop(self, url: str) -> None: ...


class SqliteHome(Home):
    """Files in a folder of their own."""

    name = "sqlite"

    def describe(self) -> str:
        """As `Home.describe`."""
        return f"SQLite {sqlite3.sqlite_version} (file, WAL, synchronous=NORMAL: a commit waits for no disk)"

    def _empty(self) -> str:
        for old in self.folder.glob("template.db*"):
            old.unlink()
        return self._template()

    def _template(self) -> str:
        return f"sqlite:///{self.folder / 'template.db'}"

    def _seal(self, url: str) -> None:
        """The last connection to close has emptied the write-ahead log into the file already."""

    def _copy(self) -> str:
        path = self.folder / f"{uuid.uuid4().hex}.db"
        shutil.copy(self.folder / "template.db", path)
        return f"sqlite:///{path}"

    def _drop(self, url: str) -> None:
        for file in self.folder.glob(f"{Path(url).name}*"):
            file.unlink()


class PostgresHome(Home):
    """Databases of a server: TEST_DATABASE_URL's, or one of our own from the wheel, made as safe as in production."""

    name = "postgresql"

    def __init__(self, environ: Mapping[str, str], folder: Path) -> None:
        super().__init__(environ, folder)
        is_own = not os.environ.get("TEST_DATABASE_URL")
        self._server = services.postgres_url()
        self._base, _, self._query = self._server.partition("?")
        if is_own:
            # The tests turn these off; a figure without them would be of no use to anybody.
            for setting in _SAFE:
                self._run(f"ALTER SYSTEM RESET {setting}")
            self._run("SELECT pg_reload_conf()")
        self._pids = self._postmaster()

    def describe(self) -> str:
        """As `Home.describe`."""
        with psycopg.connect(self._server) as connection:
            rows = [connection.execute(f"SHOW {one}").fetchone() for one in _SAFE]
            version = connection.info.parameter_status("server_version")
        shown = ", ".join(f"{one}={row[0]}" for one, row in zip(_SAFE, rows, strict=True) if row)
        return f"PostgreSQL {version} ({shown})"

    def pids(self) -> list[int]:
        """As `Home.pids`: the postmaster."""
        return self._pids

    @contextmanager
    def bare(self) -> Iterator[str]:
        """An empty database that knows nothing of us, gone afterwards; its URL."""
        name = f"bench_{uuid.uuid4().hex}"
        self._run(f"CREATE DATABASE {name}")
        try:
            yield self._url(name)
        finally:
            self._drop(self._url(name))

    def _postmaster(self) -> list[int]:
        with psycopg.connect(self._server) as connection:
            row = connection.execute("SHOW data_directory").fetchone()
        try:
            return [int((Path(row[0]) / "postmaster.pid").read_text().split()[0])] if row else []
        except OSError:
            return []

    def _empty(self) -> str:
        self._run("DROP DATABASE IF EXISTS bench_template WITH (FORCE)")
        self._run("CREATE DATABASE bench_template")
        return self._template()

    def _template(self) -> str:
        return self._url("bench_template")

    def _seal(self, url: str) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")

    def _copy(self) -> str:
        name = f"bench_{uuid.uuid4().hex}"
        self._run(f"CREATE DATABASE {name} TEMPLATE bench_template")
        # Or the copy's own pages would be written out in the middle of the run.
        self._run("CHECKPOINT")
        return self._url(name)

    def _drop(self, url: str) -> None:
        name = url.partition("?")[0].rpartition("/")[2]
        self._run(f"DROP DATABASE {name} WITH (FORCE)")

    def _url(self, name: str) -> str:
        return f"{self._base.rpartition('/')[0]}/{name}" + (f"?{self._query}" if self._query else "")

    def _run(self, statement: LiteralString) -> None:
        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(statement)
