"""The product as it runs in production: `reminders worker` and `reminders beat` on PostgreSQL and Redis."""

import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from benchmarks.crew import Crew, crew
from benchmarks.homes import PostgresHome
from benchmarks.practice import TUESDAY
from reminders.database import Database
from reminders.models import Instance, Message
from reminders.models.instance import CLOCK_OFFSET, LAST_SWEEP
from reminders.settings import Settings
from schedules.lifecycle import State
from tests import services

DUE_AT = TUESDAY + timedelta(hours=1)
"""When the messages of a burst fall due, by the database's clock."""

IN_FLIGHT: int = Settings.model_fields["in_flight"].default
_SEND = "reminders.send_due"
_SINCE_SWEEP_SECONDS = 1.2
"""A wake-up sooner after the last is passed over, and beat's next comes after 2."""


class Ours:
    """Workers and beat on one database."""

    def __init__(self, crew: Crew, database: Database, settings: Settings) -> None:
        self.crew = crew
        self.database = database
        self.settings = settings

    def fall_due(self) -> float:
        """Move the database's clock so that DUE_AT is a little ahead; between two of beat's wake-ups."""
        before = self._last_sweep()
        services.wait_until(lambda: self._last_sweep() != before, 30, "a sweep of beat's")
        due = time.time() + _SINCE_SWEEP_SECONDS
        with self.database.begin() as session:
            offset = (DUE_AT - datetime.fromtimestamp(due, UTC)).total_seconds()
            session.merge(Instance(key=CLOCK_OFFSET, value=str(offset)))
        return due

    def set_off(self) -> None:
        """What beat does, at once."""
        self.crew.set_off(_SEND, len(self.crew.workers))

    def late(self) -> Sequence[float]:
        """As `at_once.Job.late`, of what was due at DUE_AT."""
        sent = select(Message.sent_at).where(Message.state == State.SENT, Message.due_at == DUE_AT)
        with self.database.read() as session:
            return [(at - DUE_AT).total_seconds() for at in session.scalars(sent) if at is not None]

    def _last_sweep(self) -> str | None:
        with self.database.read() as session:
            return session.scalar(select(Instance.value).where(Instance.key == LAST_SWEEP))


@contextmanager
def at_work(home: PostgresHome, processes: int = 1, in_flight: int = IN_FLIGHT) -> Iterator[Ours]:
    """So many workers and beat, ready, on a copy of the template."""
    with tempfile.TemporaryDirectory(dir=home.folder) as folder, home.copy() as (database, settings):
        given = {**home.environ, "REMINDERS_IN_FLIGHT": str(in_flight), "REMINDERS_DATABASE_URL": settings.database_url}
        with crew(Path(folder), given) as ours:
            for _ in range(processes):
                ours.start("-m", "reminders", "worker", REMINDERS_BROKER_URL=ours.broker_url)
            ours.start("-m", "reminders", "beat", sends=False, REMINDERS_BROKER_URL=ours.broker_url)
            ours.wait_ready()
            yield Ours(ours, database, settings)
