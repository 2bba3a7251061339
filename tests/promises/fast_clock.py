"""Runs a `reminders` command as on a host whose clock is an hour ahead: `python fast_clock.py worker`."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo

import celery.worker.request

from reminders import cli, clock

AHEAD = timedelta(hours=1)


class FastDatetime(datetime):
    """`datetime` with the host's wrong idea of now."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        """An hour more than it is."""
        return datetime.now(tz) + AHEAD


def fast(seconds: Callable[[], float]) -> Callable[[], float]:
    """A clock in seconds that runs an hour ahead."""
    return lambda: seconds() + AHEAD.total_seconds()


if __name__ == "__main__":
    # What our code and Celery's ask for the time.
    clock.datetime = celery.worker.request.datetime = FastDatetime  # type: ignore[attr-defined]
    time.time = fast(time.time)
    cli.main()
