"""The clock that these tests share with the database, a provider, and a Delivery that leads to it."""

from collections.abc import Iterator
from datetime import datetime

import pytest
from sqlalchemy import delete

from reminders.database import Database
from reminders.delivery.context import Delivery, Pace
from reminders.models import Clinic, Instance
from reminders.models.instance import CLOCK_OFFSET, now
from reminders.models.kinds import Channel
from reminders.settings import Settings
from tests.reminders.delivery.fakes import Provider, delivery
from tests.reminders.outbox.rows import NOW


class Clock:
    """Sets the database's clock by the offset that a demo uses."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def set(self, moment: datetime) -> None:
        """From now on it is `moment`."""
        with self._database.begin() as session:
            session.execute(delete(Instance).where(Instance.key == CLOCK_OFFSET))
            offset = (moment - now(session)).total_seconds()
            session.add(Instance(key=CLOCK_OFFSET, value=str(offset)))


@pytest.fixture
def clock(database: Database, clinic: Clinic) -> Clock:
    """The database's clock, set to NOW."""
    clock = Clock(database)
    clock.set(NOW)
    return clock


@pytest.fixture
def provider(clock: Clock) -> Provider:
    """A provider that does nothing wrong until told."""
    return Provider()


@pytest.fixture
def context(database: Database, settings: Settings, provider: Provider) -> Iterator[Delivery]:
    """A Delivery to the provider, with calls given half a second, twenty at a time."""
    in_flight = {Channel.SMS: 20, Channel.EMAIL: 4}
    opened = delivery(database, settings, provider, Pace(in_flight=in_flight, time_out=0.5))
    yield opened
    opened.close()
