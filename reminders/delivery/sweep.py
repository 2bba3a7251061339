"""The sweep that beat wakes: recover, expire, then every sender sends what it owes, all at the same time."""

import asyncio
import uuid
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from reminders import logs
from reminders.delivery.context import Delivery, SweepClock
from reminders.delivery.housekeeping import DueSender, due_senders, note_sweep, tidy
from reminders.delivery.run import SenderRun
from reminders.models import instance

_log = logs.get(__name__)

_LOOK_AGAIN_SECONDS = 1.0
"""How often a sweep that is under way looks for other senders' messages and for what cannot wait: one clinic's 50,000
delay nobody else's five."""


@dataclass(frozen=True, slots=True)
class SweepReport:
    """What a sweep did, in messages. `withheld` ones were claimed and not sent, for the reason that each now bears;
    `again` ones will be tried again."""

    recovered: int = 0
    expired: int = 0
    claimed: int = 0
    withheld: int = 0
    sent: int = 0
    failed: int = 0
    unknown: int = 0
    again: int = 0


def send_due(context: Delivery) -> SweepReport:
    """Send what is due, at most for the length of a sweep. Any number of these may run at once, in any process."""
    return _Sweep(context).run()


class _Sweep:
    def __init__(self, delivery: Delivery) -> None:
        self._delivery = delivery
        self._tally: Counter[str] = Counter()
        self._running: dict[tuple[uuid.UUID, bool], asyncio.Task[None]] = {}
        self._clock: SweepClock

    def run(self) -> SweepReport:
        with self._delivery.database.begin() as session:
            self._clock = SweepClock(instance.now(session))
            senders = self._look(session)
        if senders:
            asyncio.run(self._send(senders))
        report = SweepReport(**self._tally)
        if report != SweepReport():
            _log.info("swept", claimed=report.claimed, sent=report.sent, failed=report.failed, unknown=report.unknown)
        return report

    def _look(self, session: Session) -> list[DueSender]:
        """Housekeeping, then who has something due."""
        now = self._clock.now()
        note_sweep(session, now)
        self._tally.update(tidy(session, now))
        return due_senders(session, now)

    def _look_anew(self) -> list[DueSender]:
        with self._delivery.database.begin() as session:
            return self._look(session)

    async def _send(self, senders: Iterable[DueSender]) -> None:
        self._start(senders)
        while self._running:
            await asyncio.wait(self._running.values(), timeout=_LOOK_AGAIN_SECONDS)
            self._running = {key: task for key, task in self._running.items() if not task.done()}
            if self._running:
                self._start(await self._look_again())

    async def _look_again(self) -> list[DueSender]:
        try:
            return await self._delivery.in_thread(self._look_anew)
        except Exception as error:
            # Calls are under way, and their outcomes matter more than finding further work.
            _log.error("cannot look for further work", reason=type(error).__name__)
            return []

    def _start(self, senders: Iterable[DueSender]) -> None:
        """A run for each sender that has none, and one beside it for what cannot wait for it."""
        for sender in senders:
            key = (sender.id, (sender.id, False) in self._running)
            if key not in self._running and (sender.has_urgent or not key[1]):
                self._running[key] = asyncio.create_task(self._run(sender, no_waiting_only=key[1]))

    async def _run(self, sender: DueSender, *, no_waiting_only: bool) -> None:
        run = SenderRun(self._delivery, self._clock, sender, no_waiting_only=no_waiting_only)
        try:
            await run.run()
        except Exception as error:
            _log.error("sender's run failed", sender_id=str(sender.id), reason=type(error).__name__)
        self._tally.update(run.tally)
