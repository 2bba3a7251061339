"""Whether sending stands still, as every page for staff says it: looked at every few seconds, not for each page."""

import threading
import time
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from reminders.delivery.pulse import Pulse, pulse
from reminders.settings import Settings

FRESH_SECONDS = 5.0
"""How old what a page says of sending may be."""


@dataclass(frozen=True, slots=True)
class Standstill:
    """Sending has stood still since then (UTC); None: nobody has ever swept."""

    since: datetime | None


class Watch:
    """How sending stands, as one process last saw it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: Pulse | None = None
        self._fresh_until = 0.0

    def pulse(self, session: Session) -> Pulse:
        """The pulse, at most FRESH_SECONDS old."""
        with self._lock:
            if self._seen is None or time.monotonic() >= self._fresh_until:
                self._seen = pulse(session)
                self._fresh_until = time.monotonic() + FRESH_SECONDS
            return self._seen


def standstill(found: Pulse, settings: Settings) -> Standstill | None:
    """What the banner says: nobody sweeps any more, or something has been overdue for longer than the limit. Pure."""
    sweeps, in_time = found.sweeps(settings.sweep_seconds), found.in_time(settings.overdue_seconds)
    if sweeps and in_time:
        return None
    beginnings = (None if sweeps else found.swept_at, None if in_time else found.overdue_since)
    return Standstill(min(filter(None, beginnings), default=None))
