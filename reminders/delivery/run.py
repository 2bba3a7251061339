"""One sender's part of a sweep: claim, prepare, call and settle, several groups overlapping."""

import asyncio
import uuid
from collections import Counter, deque
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy.exc import InterfaceError, InvalidRequestError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from reminders import logs, outbox
from reminders.channels.base import Channel, ChannelError, Fault
from reminders.channels.opening import answers_at
from reminders.delivery import pacing
from reminders.delivery.calls import Answer, Refusal, call_all
from reminders.delivery.context import Delivery, SweepClock
from reminders.delivery.facts import Group
from reminders.delivery.housekeeping import DueSender
from reminders.delivery.premises import Premises
from reminders.delivery.prepare import Call, Work, prepare
from reminders.delivery.settling import Answers, Settled, write_down
from reminders.ids import new_id

_log = logs.get(__name__)

LANES = 4
"""Groups of one sender under way at most: while some wait for the provider, others are prepared or settled. Together
they are never more calls than the sender may have in flight. With two, a process stood idle for a third of a burst, and
with three for a sixth."""

_SETTLE_AGAIN = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 40.0, 0.0)
"""Seconds between tries to settle while the database is away. Rows that stay unsettled for longer become unknown."""

_AWAY = (OperationalError, InterfaceError, InvalidRequestError, PoolTimeout)
"""What a database that cannot be reached looks like, and a pool whose connections have all gone."""


class SenderRun:
    """Sends what one sender owes until nothing is due, its budget is spent, it must rest, or the sweep is over."""

    def __init__(self, delivery: Delivery, clock: SweepClock, sender: DueSender, *, no_waiting_only: bool) -> None:
        self.tally: Counter[str] = Counter()
        self._delivery = delivery
        self._clock = clock
        self._sender = sender
        self._mailbox = answers_at(sender.identity, delivery.settings)
        self._premises = Premises(sender.clinic_id, sender.id if self._mailbox else None)
        self._no_waiting_only = no_waiting_only
        self._token = new_id()
        self._further = 0
        self._claimed: deque[uuid.UUID] = deque()
        in_flight = delivery.pace.in_flight[sender.identity.channel]
        # A group of one would cost each message transactions of its own.
        self._lanes = min(LANES, max(1, in_flight // LANES))
        self._size = max(1, in_flight // self._lanes)
        self._turn = asyncio.Lock()
        self._channel: Channel | None = None
        self._stopped = False
        self._has_all = False

    async def run(self) -> None:
        """Run the lanes to their end; what fails in one is logged and stops all after the group they are at."""
        try:
            ends = await asyncio.gather(*(self._lane() for _ in range(self._lanes)), return_exceptions=True)
            for error in filter(None, ends):
                _log.error("sender's run broke off", sender_id=str(self._sender.id), reason=type(error).__name__)
            await self._release()
        finally:
            if self._channel is not None:
                await self._channel.close()

    async def _lane(self) -> None:
        try:
            while group := await self._next_group():
                await self._send(group)
        except Exception:
            self._stopped = True
            raise

    async def _next_group(self) -> list[uuid.UUID]:
        async with self._turn:
            if not self._claimed and self._may_claim():
                self._claimed.extend(await self._delivery.in_thread(self._take, self._owed()))
            if self._stopped:
                return []
            return [self._claimed.popleft() for _ in range(min(self._size, len(self._claimed)))]

    def _may_claim(self) -> bool:
        """Not when the last claim took all there was: what has fallen due since is found by the sweep's next look."""
        if self._has_all or self._stopped:
            return False
        return self._clock.now() < self._clock.started + self._delivery.pace.sweep

    def _take(self, further: int) -> list[uuid.UUID]:
        wanted = pacing.Wanted(self._sender.id, self._token, self._clock.now(), self._no_waiting_only)
        with self._delivery.database.begin() as session:
            pacing.charge(session, self._sender.id, further, wanted.now)
            taken = pacing.take(session, wanted, self._delivery.pace)
        self._has_all = taken.was_all
        self.tally["claimed"] += len(taken.ids)
        return taken.ids

    async def _send(self, group: Sequence[uuid.UUID]) -> None:
        channel = await self._open()
        if channel is None:
            self._claimed.extend(group)
            return
        work = self._work(group)
        calls = await self._delivery.in_thread(self._prepare, work)
        self.tally["withheld"] += len(group) - len(calls)
        self._further += sum(call.segments - 1 for call in calls)
        if calls:
            given = await self._call(channel, work, calls)
            self._count(await self._settle(Answers(work, calls, given, channel.can_look_up)))

    def _owed(self) -> int:
        """The segments to charge before the next claim: one each was charged with the last. To be asked on the event
        loop, where lanes add to them."""
        further, self._further = self._further, 0
        return further

    def _work(self, group: Sequence[uuid.UUID]) -> Work:
        now, pace = self._clock.now(), self._delivery.pace
        return Work(
            sender=self._sender,
            group=Group(group, self._token, self._sender.identity.channel),
            public_url=self._delivery.settings.public_url,
            now=now,
            time_out=timedelta(seconds=pace.time_out),
            lease_until=now + pace.lease,
            mailbox=self._mailbox,
        )

    def _prepare(self, work: Work) -> list[Call]:
        with self._delivery.database.begin() as session:
            return prepare(session, work, self._premises)

    async def _call(self, channel: Channel, work: Work, calls: Sequence[Call]) -> Sequence[Answer]:
        """Call, unless this process stood still so long that another may take the rows while calls are under way."""
        time_out = self._delivery.pace.time_out
        if self._clock.now() + timedelta(seconds=time_out) >= work.lease_until:
            return [Refusal(Fault.RETRY, "stalled")] * len(calls)
        return await call_all(channel, calls, time_out)

    async def _settle(self, answers: Answers) -> Settled:
        for wait in _SETTLE_AGAIN:
            try:
                return await self._delivery.in_thread(self._write_down, answers)
            except _AWAY:
                if not wait:
                    raise
                await asyncio.sleep(wait)
        raise AssertionError("unreachable: the last wait is 0")

    def _write_down(self, answers: Answers) -> Settled:
        with self._delivery.database.begin() as session:
            return write_down(session, answers, self._clock.now())

    def _count(self, settled: Settled) -> None:
        self._stopped = self._stopped or settled.must_rest
        self.tally.update(sent=settled.sent, failed=settled.failed, unknown=settled.unknown, again=settled.again)

    async def _open(self) -> Channel | None:
        """The sender's channel; None, with the sender at rest, when its credentials are missing."""
        if self._channel is None and not self._stopped:
            try:
                self._channel = self._delivery.opener(self._sender.identity, self._delivery.settings)
            except ChannelError as error:
                self._stopped = True
                await self._delivery.in_thread(self._pause, error.code)
        return self._channel

    def _pause(self, code: str) -> None:
        sender = (self._sender.clinic_id, self._sender.id)
        with self._delivery.database.begin() as session:
            pacing.pause(session, sender, code, self._clock.now(), pacing.PAUSE)

    async def _release(self) -> None:
        """Put back what was claimed and will not be sent by this run, and pay for what was."""
        if self._claimed or self._further:
            await self._delivery.in_thread(self._put_back, list(self._claimed), self._owed())

    def _put_back(self, ids: Sequence[uuid.UUID], further: int) -> None:
        now = self._clock.now()
        with self._delivery.database.begin() as session:
            pacing.charge(session, self._sender.id, further, now)
            outbox.release(session, ids, self._token, now)
