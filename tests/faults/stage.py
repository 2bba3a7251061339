"""What a fault test stands on: processes on one database, a clinic, and what it owes."""

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import func, select, text, update

from reminders.models import Message, Sender
from reminders.models.kinds import Channel
from schedules.lifecycle import State
from tests import services
from tests.faults.books import assert_agree
from tests.faults.debts import Debts, forget
from tests.faults.postgres import Postgres
from tests.faults.scale import ROUNDS, SCALE
from tests.faults.table import Row
from tests.processes import Redis, Stack
from tests.promises.settling import LEASE, OPEN, await_settled
from tests.promises.world import TUESDAY, World

_CHUNK = 50


@dataclass
class Stage:
    """Processes, database and carrier, and what is owed. `kills` counts those that hit calls in flight."""

    stack: Stack
    redis: Redis
    world: World
    debts: Debts
    postgres: Postgres | None = None
    texts: list[str] = field(default_factory=list)
    emails: list[str] = field(default_factory=list)
    kills: int | None = None
    began: float = field(default_factory=time.monotonic)

    @property
    def owed(self) -> list[str]:
        """The phones and mailboxes that are owed something."""
        return self.texts + self.emails

    def owe(self, texts: int, emails: int = 0) -> None:
        """Owe so many more, each to a phone or mailbox of its own, all due now; they become due a few at a time."""
        for count in _chunks(texts):
            self.texts += self.debts.owe(Channel.SMS, len(self.texts), count)
        for count in _chunks(emails):
            self.emails += self.debts.owe(Channel.EMAIL, len(self.emails), count)

    def slow_carrier(self) -> None:
        """From now on each call takes its time after it is accepted."""
        self.stack.fault("hang", times=100_000, seconds=SCALE.call)

    def mix_receipts(self) -> None:
        """From now on half of the texts get no receipt, and the others' come twice or in the wrong order."""
        for _ in range(SCALE.texts // 10):
            self.stack.fault("no_receipts", times=5)
            self.stack.fault("duplicate_receipts", times=3)
            self.stack.fault("shuffle_receipts", times=2)

    def await_ready(self, *workers: str) -> None:
        """Until each of these workers takes wake-ups."""
        for name in workers:
            services.wait_until(lambda name=name: "ready." in self.stack.log(name), SCALE.patience, f"{name} is there")

    def await_calls(self) -> None:
        """Until calls are under way."""
        services.wait_until(lambda: self.sending() > 0, SCALE.patience, "calls are under way")

    def sending(self) -> int:
        """How many calls are on record as under way."""
        return self.world.states()[State.SENDING]

    def lose_workers(self, killed: int) -> None:
        """With every worker dead: count the kills that hit calls in flight, and let their leases run out.

        Each worker calls for one sender under one token at a time, so each token among the calls left behind was one
        worker's.
        """
        with self.world.database.read() as session:
            tokens = select(func.count(Message.claim_token.distinct())).where(Message.state == State.SENDING)
            hit = session.scalars(tokens).one()
        self.kills = (self.kills or 0) + min(hit, killed)
        self.world.pass_time(LEASE)

    def settle(self) -> None:
        """Let time pass until everything has ended, and compare the books with the carrier's."""
        # Once the carrier has answered us it has read what was written to it before, also by those who did not wait.
        await_settled(self.world, ROUNDS, SCALE.patience, before_time_passes=self.stack.texts)
        assert_agree(self.stack, self.world, self.texts, self.emails)

    def wipe(self) -> None:
        """Forget all that was ever owed and sent; the clinic, on its Tuesday, stays."""
        self.stack.clear_faults()
        self.stack.clear_texts()
        with self.world.database.begin() as session:
            if not self.world.database.is_sqlite:
                # Receipts still on their way begin with a row of it, and find none once we are done.
                session.execute(text("LOCK TABLE message IN EXCLUSIVE MODE"))
            forget(session)
            session.execute(update(Sender).values(next_free_at=TUESDAY, paused_until=None, paused_reason=None))
        self.world.set_clock(TUESDAY)

    def row(self, fault: str) -> Row:
        """What it came to, for the table."""
        got = {(one["to"], one.get("message_id") or one["id"]) for one in self.stack.texts()}
        counts = Counter(to for to, _ in got)
        states = self.world.states()
        return Row(
            fault=fault,
            database="sqlite" if self.world.database.is_sqlite else "postgresql",
            messages=len(self.owed),
            kills=self.kills,
            texts=len(counts),
            doubled=sum(count > 1 for count in counts.values()),
            lost=len(set(self.owed) - counts.keys()),
            left=sum(states[state] for state in OPEN),
            seconds=round(time.monotonic() - self.began),
        )


def _chunks(count: int) -> Iterable[int]:
    whole, rest = divmod(count, _CHUNK)
    return [*[_CHUNK] * whole, *([rest] if rest else [])]
