"""How sending stands, for pages and for machines that watch: looked at every few seconds, not each time it is asked."""

import math
import threading
import time
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from reminders.delivery.pulse import Pulse, pulse
from reminders.settings import Settings

FRESH_SECONDS = 5.0
"""How old what a page says of sending may be."""

MACHINES_SECONDS = 1.0
"""And what machines are told, however often they ask."""

_OLDEST_SECONDS = 15.0
"""Older than this nothing is told at all: while somebody's look hangs, others look too, and find out."""


@dataclass(frozen=True, slots=True)
class Standstill:
    """Sending has stood still since then (UTC); None: nobody has ever swept."""

    since: datetime | None


class Watch:
    """How sending stands, as one process last saw it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: Pulse | None = None
        self._seen_at = self._looked_at = -math.inf

    def pulse(self, session: Session, fresh_seconds: float = FRESH_SECONDS) -> Pulse:
        """The pulse, so many seconds old at most; while somebody looks, all others get what was seen before."""
        with self._lock:
            asked_at = time.monotonic()
            if self._seen is not None:
                is_known = asked_at < self._seen_at + _OLDEST_SECONDS
                if is_known and asked_at < self._looked_at + fresh_seconds:
                    return self._seen
                self._looked_at = asked_at
        # Not under the lock: whoever asks meanwhile must not wait for a database that is slow.
        try:
            found = pulse(session)
        except BaseException:
            self._keep(None, -math.inf)
            raise
        self._keep(found, asked_at)
        return found

    def _keep(self, found: Pulse | None, looked_at: float) -> None:
        with self._lock:
            if looked_at < self._seen_at and found is not None:
                return
            self._seen, self._seen_at, self._looked_at = found, looked_at, looked_at


def standstill(found: Pulse, settings: Settings) -> Standstill | None:
    """What the banner says: nobody sweeps any more, or something has been overdue for longer than the limit. Pure."""
    sweeps, in_time = found.sweeps(settings.sweep_seconds), found.in_time(settings.overdue_seconds)
    if sweeps and in_time:
        return None
    beginnings = (None if sweeps else found.swept_at, None if in_time else found.overdue_since)
    return Standstill(min(filter(None, beginnings), default=None))
