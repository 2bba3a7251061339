"""Fixtures that every test may use: both databases, keys, settings, a seeded clinic."""

import os
import shutil
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, time
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from reminders import migrate
from reminders.crypto import Keyring, new_key, parse_key
from reminders.database import Base, Database
from reminders.models import Clinic, Sender
from reminders.models.kinds import Channel, Language
from reminders.settings import SANDBOX_ACCOUNT, SANDBOX_MAIL_FROM, SANDBOX_NUMBER, Settings, load
from tests import services

NOW = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)
"""A Tuesday, 11:00 in Montreal: inside every window."""


def pytest_configure(config: pytest.Config) -> None:
    """Start PostgreSQL once, in the process that starts the workers, which inherit its address."""
    if not hasattr(config, "workerinput") and not os.environ.get("TEST_DATABASE_URL"):
        os.environ["TEST_DATABASE_URL"] = services.postgres_url()
        services.keep_statistics(os.environ["TEST_DATABASE_URL"])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly when there was no browser."""
    if services.chromium() is None:
        terminalreporter.section("NO CHROMIUM: browser tests were skipped", sep="!", red=True)


@pytest.fixture(scope="session")
def keyring() -> Keyring:
    """Keys made for this run."""
    return Keyring([parse_key(new_key())], b"a secret for tests only, 32 bytes")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The defaults, with data under the test's own folder."""
    return load({"REMINDERS_DATA_DIR": str(tmp_path)}, dotenv=tmp_path / "none")


def new_postgres_database() -> str:
    """The URL of an empty PostgreSQL database, made now."""
    server = os.environ["TEST_DATABASE_URL"]
    name = f"t_{uuid.uuid4().hex[:16]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return _with_database(server, name)


def drop_postgres_database(url: str) -> None:
    """Drop a database made by `new_postgres_database`, whoever is still connected."""
    name = url.split("?", maxsplit=1)[0].rsplit("/", 1)[1]
    with psycopg.connect(os.environ["TEST_DATABASE_URL"], autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _with_database(server: str, name: str) -> str:
    base, _, query = server.partition("?")
    return f"{base.rsplit('/', 1)[0]}/{name}" + (f"?{query}" if query else "")


@pytest.fixture(scope="session")
def _sqlite_template(keyring: Keyring, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    database = Database(f"sqlite:///{path}", keyring)
    migrate.upgrade(database)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("ROLLBACK")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")
    database.close()
    return path


@pytest.fixture(scope="session")
def _postgres(keyring: Keyring) -> Iterator[Database]:
    url = new_postgres_database()
    database = Database(url, keyring)
    migrate.upgrade(database)
    yield database
    database.close()
    drop_postgres_database(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, keyring: Keyring, tmp_path: Path) -> Iterator[Database]:
    """An empty, migrated database; every test that asks for it runs on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        path = tmp_path / "test.db"
        shutil.copy(request.getfixturevalue("_sqlite_template"), path)
        database = Database(f"sqlite:///{path}", keyring)
        yield database
        database.close()
        return
    database = request.getfixturevalue("_postgres")
    yield database
    tables = ", ".join(table.name for table in Base.metadata.sorted_tables)
    with database.engine.begin() as connection:
        connection.execute(text(f"TRUNCATE {tables}"))


@pytest.fixture
def clinic(database: Database) -> Clinic:
    """A clinic in Westmount with a number and a mail identity, open 9:00 to 20:00, closed on Sundays."""
    clinic = Clinic(
        name="Clinique Lumière de Westmount",
        short_name="Clinique Lumière",
        timezone="America/Toronto",
        language=Language.FR,
        opens=time(9),
        closes=time(20),
        closed_weekdays=[7],
        phone="+15145550123",
        address="4970, rue Sherbrooke Ouest, Westmount",
        booking_url="https://clinic.example/rdv",
        created_at=NOW,
    )
    with database.begin() as session:
        session.add(clinic)
        session.flush()
        for channel, account, address in (
            (Channel.SMS, SANDBOX_ACCOUNT, SANDBOX_NUMBER),
            (Channel.EMAIL, "", SANDBOX_MAIL_FROM),
        ):
            session.add(
                Sender(
                    clinic_id=clinic.id,
                    channel=channel,
                    account=account,
                    address=address,
                    rate=100.0,
                    next_free_at=NOW,
                    created_at=NOW,
                )
            )
    return clinic
