"""Bringing a database to the newest schema."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from reminders.database import Database

SCRIPTS = Path(__file__).resolve().parent.parent / "migrations"


def upgrade(database: Database) -> None:
    """Apply every migration that this database lacks, in one transaction. Harmless when there is none."""
    with database.engine.begin() as connection:
        command.upgrade(config_for(connection), "head")


def config_for(connection: Connection) -> Config:
    """Alembic's configuration, to work on this connection in its transaction."""
    config = _config()
    config.attributes["connection"] = connection
    return config


def is_current(database: Database) -> bool:
    """Whether the database has the newest schema."""
    with database.engine.connect() as connection:
        found = MigrationContext.configure(connection).get_current_heads()
    return set(found) == set(ScriptDirectory.from_config(_config()).get_heads())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    return config
