"""What every promise's test starts from."""

import pytest

from reminders.database import Database
from reminders.settings import Settings
from tests.promises.world import World, open_world


@pytest.fixture
def world(database: Database, settings: Settings) -> World:
    """A clinic on an empty database (SQLite, then PostgreSQL), on a Tuesday at 11:00 in Montreal."""
    return open_world(database, settings)
