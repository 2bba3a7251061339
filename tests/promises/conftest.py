"""What every promise's test starts from."""

from collections.abc import Iterator

import pytest

from reminders.database import Database
from reminders.settings import Settings
from tests.promises.practice import Practice, open_practice
from tests.promises.world import World, open_world


@pytest.fixture
def world(database: Database, settings: Settings) -> World:
    """A clinic on an empty database (SQLite, then PostgreSQL), on a Tuesday at 11:00 in Montreal."""
    return open_world(database, settings)


@pytest.fixture
def practice(world: World, settings: Settings) -> Iterator[Practice]:
    """That clinic with phones, webhooks and browsers around it, all in this process."""
    with open_practice(world, settings) as opened:
        yield opened
