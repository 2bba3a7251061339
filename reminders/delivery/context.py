"""What every sweep of one process shares: the database, the way to a channel, and how fast to go."""

import asyncio
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import ParamSpec, TypeVar

from reminders.channels.base import Channel
from reminders.channels.opening import CALL_TIMEOUT_SECONDS, SenderIdentity, open_channel
from reminders.database import Database
from reminders.models.kinds import Channel as Medium
from reminders.settings import Settings

P = ParamSpec("P")
T = TypeVar("T")

Opener = Callable[[SenderIdentity, Settings], Channel]

_DATABASE_THREADS = 4

_TURN_SECONDS = 0.0005
"""How long Python lets a thread run while another waits. A thread that talks to the database gives its turn away some
twenty times a group; at the usual 5 ms it would spend most of its time waiting for the event loop to yield."""

MAIL_LINES = 4
"""Conversations with a mail server at a time, for one sender: many servers refuse more."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How much at once, and how long anything may take.

    `lease` is what a claim lasts, `horizon` how far ahead a sender's budget is spent, which bounds how long something
    more urgent waits behind what is claimed already; it never exceeds half a lease. `batch` is the most that one claim
    takes. `in_flight` calls at a time and sender; each is given `time_out` seconds, a little more than the channel
    gives itself. A sweep claims nothing new after `sweep`.
    """

    lease: timedelta = timedelta(seconds=120)
    horizon: timedelta = timedelta(seconds=4)
    batch: int = 500
    sweep: timedelta = timedelta(seconds=30)
    in_flight: Mapping[Medium, int] = field(default_factory=lambda: {Medium.SMS: 300, Medium.EMAIL: MAIL_LINES})
    time_out: float = CALL_TIMEOUT_SECONDS + 5


class Delivery:
    """One process's means of sending. Holds no connection between sweeps; the database stays its opener's.

    From its making on, the whole process changes threads more often.
    """

    def __init__(
        self, database: Database, settings: Settings, opener: Opener = open_channel, pace: Pace | None = None
    ) -> None:
        self.database = database
        self.settings = settings
        self.opener = opener
        self.pace = pace or Pace(in_flight={Medium.SMS: settings.in_flight, Medium.EMAIL: MAIL_LINES})
        sys.setswitchinterval(_TURN_SECONDS)
        self._threads = ThreadPoolExecutor(_DATABASE_THREADS, thread_name_prefix="delivery")

    async def in_thread(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """`work`, which talks to the database, off the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, partial(work, *args, **kwargs))

    def close(self) -> None:
        """Wait for what is under way in the database and give up the threads."""
        self._threads.shutdown()


class SweepClock:
    """The database's clock, asked once a sweep and carried on by the host's stopwatch, which nobody sets."""

    def __init__(self, asked: datetime) -> None:
        self.started = asked
        self._monotonic = time.monotonic()

    def now(self) -> datetime:
        """The time now, UTC."""
        return self.started + timedelta(seconds=time.monotonic() - self._monotonic)
