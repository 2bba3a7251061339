"""One reminder, and whatever can happen to its messages in whatever order, however often, by whatever worker.

A small model knows what the provider really took and what its list said; the rows are held against it after each step.
Seen to fail when: a lookup that had been under way for long decided about a later attempt; one lookup was enough;
`recover` left calls whose lease had lapsed; the table let what was delivered become undelivered; ended messages kept
their links; a receipt of the call before one that was refused did not stop the next.
"""

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select, text, update

from reminders.care.events import handle
from reminders.channels.base import Accepted, Fault, Listed
from reminders.database import Database
from reminders.delivery import questions
from reminders.delivery.calls import Answer, Refusal
from reminders.delivery.conclusions import Answered, conclude
from reminders.delivery.facts import Group
from reminders.delivery.housekeeping import ASK_AFTER, DueSender, expire, identity_of, recover
from reminders.delivery.premises import Premises
from reminders.delivery.prepare import Call, Work, prepare
from reminders.delivery.receipts import ReceiptIn, record
from reminders.delivery.settling import Answers, write_down
from reminders.ids import new_id
from reminders.models import Attempt, Clinic, Event, Message, MessageReminder, Sender, Spending
from reminders.models.kinds import Channel, Outcome
from reminders.outbox import Claim, cancel, claim, enqueue
from schedules.lifecycle import CANCELLABLE, LIVE, MOVES, State
from tests.promises.witness import seen, watching
from tests.reminders.outbox.rows import NOW, add_patient, add_reminder, add_treatment, draft, sender_of

LEASE, TIME_OUT = timedelta(minutes=2), timedelta(seconds=15)
LEGAL = {(state, target) for state, targets in MOVES.items() for target in targets}
IN_HAND = {State.CLAIMED, State.SENDING, State.UNKNOWN}

DEEDS: dict[str, tuple[bool, Fault | None, str]] = {
    "taken": (True, None, ""),
    "taken, and no answer": (True, Fault.UNKNOWN, "timeout"),
    "lost, and no answer": (False, Fault.UNKNOWN, "timeout"),
    "too fast": (False, Fault.RETRY, "20429"),
    "refused": (False, Fault.PERMANENT, "21614"),
    "opted out": (False, Fault.OPTED_OUT, "21610"),
    "account": (False, Fault.SENDER, "20003"),
}
"""What the provider does with a call: whether it takes it, and what it answers."""

STATUSES = ["queued", "sent", "delivered", "undelivered", "failed", "nonsense"]
CODES = ["", "30003", "30005", "30007", "21610"]
SPANS = [timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=20), timedelta(hours=3), timedelta(days=1)]
# fmt: off
_TABLES = (
    "witness", "receipt", "event", "attempt", "ticket", "message_reminder", "message", "reminder", "treatment",
    "consent", "opt_out", "patient", "spending",
)
# fmt: on
SOME = st.integers(0, 9)


@dataclass
class Worker:
    """One worker's claim, and how far it has come with it."""

    token: uuid.UUID
    ids: list[uuid.UUID]
    work: Work | None = None
    calls: list[Call] = field(default_factory=list)
    given: list[Answer] = field(default_factory=list)


@dataclass
class Taken:
    """What the model knows of a call: whether the provider took it, when its list lacked it, what a receipt said."""

    message_id: uuid.UUID
    provider_id: str
    listed: Listed | None = None
    lacked: list[datetime] = field(default_factory=list)
    failed: bool = False
    proven: bool = False

    @property
    def may_be_followed(self) -> bool:
        """Whether a further call for its message is right."""
        twice = bool(self.lacked) and max(self.lacked) - min(self.lacked) >= ASK_AFTER
        return not self.proven and (self.listed is None or twice or self.failed)


class AnyOrder(RuleBasedStateMachine):
    """The steps. Each is a transaction of its own, as it is in the service."""

    def __init__(self, database: Database, clinic: Clinic) -> None:
        super().__init__()
        self.database, self.clinic, self.now = database, clinic, NOW
        self.workers: list[Worker] = []
        self.called: dict[uuid.UUID, Taken] = {}
        self.asked: list[list[Answered]] = []
        self.delivered: set[uuid.UUID] = set()

    @initialize(useful=st.sampled_from([1, 3]), deed=st.sampled_from(sorted(DEEDS)), settled=st.booleans())
    def begin_with_a_call(self, useful: int, deed: str, *, settled: bool) -> None:
        """Nothing much can happen before the first call."""
        self.owe(useful)
        self.send(deed, settled=settled)

    def owe(self, useful: int) -> None:
        """A patient is owed a text, due now."""
        with self.database.begin() as session:
            for table in _TABLES:
                session.execute(text(f"DELETE FROM {table}"))
            session.execute(update(Sender).values(paused_until=None, paused_reason=None))
            patient = add_patient(session, self.clinic)
            treatment = add_treatment(session, self.clinic, patient)
            reminder = add_reminder(session, treatment)
            until = NOW + timedelta(days=useful)
            enqueue(session, [draft(patient, treatment, reminder_ids=(reminder.id,), useful_until=until)], NOW)
            sender = sender_of(session, self.clinic)
            self.sender = DueSender(sender.id, self.clinic.id, identity_of(sender), has_urgent=False)

    # What workers do.

    @rule()
    def claim(self) -> None:
        """Another worker claims what is due."""
        token = new_id()
        with self.database.begin() as session:
            ids = claim(session, Claim(self.sender.id, token, 10, self.now, self.now + LEASE))
        if ids:
            self.workers.append(Worker(token, ids))

    @precondition(lambda self: self.workers)
    @rule(which=SOME)
    def begin(self, which: int) -> None:
        """A worker writes down that it calls; a further call is only right if the last one came to nothing."""
        worker = self.workers[which % len(self.workers)]
        if worker.work is not None:
            return
        group = Group(worker.ids, worker.token, Channel.SMS)
        worker.work = Work(self.sender, group, "https://r.example", self.now, TIME_OUT, self.now + LEASE)
        with self.database.begin() as session:
            worker.calls = prepare(session, worker.work, Premises(self.clinic.id))
        for call in worker.calls:
            before = [one for one in self.called.values() if one.message_id == call.message_id]
            assert all(one.may_be_followed for one in before), "a second text for one that was taken"
            self.called[call.outgoing.attempt_id] = Taken(call.message_id, f"SM{new_id().hex}")

    @precondition(lambda self: any(worker.calls and not worker.given for worker in self.workers))
    @rule(which=SOME, deed=st.sampled_from(sorted(DEEDS)))
    def call(self, which: int, deed: str) -> None:
        """A worker that has begun calls, unless its lease is as good as over."""
        ready = [worker for worker in self.workers if worker.calls and not worker.given]
        worker = ready[which % len(ready)]
        assert worker.work is not None
        if self.now + TIME_OUT >= worker.work.lease_until:
            worker.given = [Refusal(Fault.RETRY, "stalled") for _ in worker.calls]
            return
        taken, fault, code = DEEDS[deed]
        for call in worker.calls:
            known = self.called[call.outgoing.attempt_id]
            if taken:
                to, body, number = call.outgoing.to, call.outgoing.body, self.sender.identity.address
                known.listed = Listed(known.provider_id, to, body, number, self.now, State.SENT, "")
            worker.given.append(Refusal(fault, code) if fault else Accepted(known.provider_id, State.SENT))

    @precondition(lambda self: any(worker.given for worker in self.workers))
    @rule(which=SOME)
    def settle(self, which: int) -> None:
        """A worker writes down the answers, at once, late, or again."""
        ready = [worker for worker in self.workers if worker.given]
        worker = ready[which % len(ready)]
        assert worker.work is not None
        with self.database.begin() as session:
            write_down(session, Answers(worker.work, worker.calls, worker.given, can_look_up=True), self.now)

    @rule(deed=st.sampled_from(sorted(DEEDS)), settled=st.booleans())
    def send(self, deed: str, *, settled: bool) -> None:
        """All of a worker's steps in a row, as mostly; it may die before the last."""
        before = len(self.workers)
        self.claim()
        if len(self.workers) == before:
            return
        self.begin(before)
        if self.workers[before].calls:
            ready = [worker for worker in self.workers if worker.calls and not worker.given]
            self.call(ready.index(self.workers[before]), deed)
            if settled:
                self.settle([worker for worker in self.workers if worker.given].index(self.workers[before]))

    @rule(says=st.sampled_from(["all", "nothing yet", "no answer"]))
    def look_up(self, says: str) -> None:
        """A question and its conclusion, when it is time to ask."""
        self.pass_time(ASK_AFTER + timedelta(seconds=10))
        before = len(self.asked)
        self.ask(says)
        if len(self.asked) > before:
            self.conclude(before)

    # What others do.

    @precondition(lambda self: any(one.listed for one in self.called.values()))
    @rule(
        which=SOME, said=st.lists(st.tuples(st.sampled_from(STATUSES), st.sampled_from(CODES)), min_size=1, max_size=4)
    )
    def receipts(self, which: int, said: list[tuple[str, str]]) -> None:
        """The provider reports on any attempt that it took: early, late, again, out of order."""
        taken = [attempt_id for attempt_id, one in self.called.items() if one.listed]
        attempt_id = taken[which % len(taken)]
        known = self.called[attempt_id]
        for status, code in said:
            known.failed = known.failed or status in {"undelivered", "failed"}
            known.proven = known.proven or self.proves(known, status)
            with self.database.begin() as session:
                assert record(session, ReceiptIn(attempt_id, known.provider_id, status, code), self.now)
                assert not record(session, ReceiptIn(new_id(), known.provider_id, status, code), self.now)
            self.only_legal_moves()
            self.one_live_message()

    def proves(self, known: Taken, status: str) -> bool:
        """Whether no call may follow any more: it was delivered, or taken, and none of the calls after it is open."""
        with self.database.read() as session:
            waits = session.get_one(Message, known.message_id).state in CANCELLABLE
        return status == "delivered" or (waits and not known.failed)

    @rule(says=st.sampled_from(["all", "nothing yet", "no answer", "delivered", "undelivered"]))
    def ask(self, says: str) -> None:
        """Somebody asks the provider; what it says may be understood much later."""
        with self.database.begin() as session:
            asked = questions.pick(session, self.now, 10)
            senders = questions.senders(session, asked)
        if asked:
            identity = identity_of(next(iter(senders.values())))
            self.asked.append([Answered(one, identity, self._list(one, says)) for one in asked])

    def _list(self, question: questions.Question, says: str) -> list[Listed] | None:
        if says == "no answer":
            return None
        known = self.called[question.about.attempt_id]
        if says == "nothing yet":
            known.lacked.append(self.now)
            return []
        if question.about.state is State.UNKNOWN:
            return [one.listed for one in self.called.values() if one.listed]
        if known.listed is None:
            return []
        state = {"delivered": State.DELIVERED, "undelivered": State.UNDELIVERED}.get(says, State.SENT)
        known.failed = known.failed or state is State.UNDELIVERED
        fields = {name: getattr(known.listed, name) for name in known.listed.__slots__}
        return [Listed(**fields | {"state": state, "error_code": "30003" if state is State.UNDELIVERED else ""})]

    @precondition(lambda self: self.asked)
    @rule(which=SOME)
    def conclude(self, which: int) -> None:
        """What the provider said is acted on."""
        answers = self.asked.pop(which % len(self.asked))
        with self.database.begin() as session:
            conclude(session, answers, self.now)

    @rule(span=st.sampled_from(SPANS))
    def pass_time(self, span: timedelta) -> None:
        """Time passes."""
        self.now += span

    @rule()
    def sweep(self) -> None:
        """A sweep's housekeeping, and what delivery reported is handled."""
        with self.database.begin() as session:
            recover(session, self.now)
            expire(session, self.now)
        self.handle_events()

    def handle_events(self) -> None:
        """Each open event in a transaction of its own."""
        with self.database.read() as session:
            waiting = session.scalars(select(Event.id).where(Event.handled_at.is_(None))).all()
        for event_id in waiting:
            with self.database.begin() as session:
                handle(session, event_id, self.now)

    @rule()
    def cancel(self) -> None:
        """Somebody calls off what has not left."""
        with self.database.begin() as session:
            cancel(session, Message.clinic_id == self.clinic.id, "treatment_cancelled", self.now)

    # What must hold.

    @invariant()
    def only_legal_moves(self) -> None:
        """As the database saw them."""
        assert {move for move in seen(self.database) if move not in LEGAL} == set()

    @invariant()
    def one_live_message(self) -> None:
        """And no live link without a live message."""
        with self.database.read() as session:
            rows = session.execute(
                select(Message.id, Message.state, MessageReminder.live).join(
                    MessageReminder, MessageReminder.message_id == Message.id
                )
            ).all()
        assert sum(row.state in LIVE for row in rows) <= 1
        assert all(row.live == (row.state in LIVE) for row in rows)
        now_delivered = {row.id for row in rows if row.state is State.DELIVERED}
        assert self.delivered <= now_delivered, "delivered is final"
        self.delivered = now_delivered

    @invariant()
    def the_month_is_counted_right(self) -> None:
        """Segments of what was begun, without what was definitely not taken."""
        with self.database.read() as session:
            taken = Attempt.outcome.is_(None) | Attempt.outcome.not_in([Outcome.REFUSED, Outcome.RETRY])
            assert (session.scalar(select(func.sum(Spending.segments))) or 0) == (
                session.scalar(select(func.sum(Attempt.segments)).where(taken)) or 0
            )

    def teardown(self) -> None:
        """All workers are dead; a sweep, the questions and the events go on. Then nothing is in hand any more."""
        if not hasattr(self, "sender"):
            return
        self.workers, self.asked = [], []
        for number in range(40):
            self.now += timedelta(hours=3)
            self.ask(("no answer", "nothing yet", "all")[number % 3] if number < 30 else "all")
            if self.asked:
                self.conclude(0)
            self.sweep()
        with self.database.read() as session:
            states = set(session.scalars(select(Message.state)))
            assert not states & (IN_HAND | {State.PLANNED}), states
            assert session.scalar(select(func.count()).where(Event.handled_at.is_(None))) == 0


@pytest.mark.timeout(600)
def test_whatever_happens_in_whatever_order(database: Database, clinic: Clinic) -> None:
    """On both databases."""
    chosen = settings(max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck))
    with watching(database):
        run_state_machine_as_test(lambda: AnyOrder(database, clinic), settings=chosen)


def test_a_receipt_of_an_earlier_call_stops_the_next(database: Database, clinic: Clinic) -> None:
    """The call in between was refused. Seen to fail when only the newest attempt's news counted."""
    with watching(database):
        story = AnyOrder(database, clinic)
        story.owe(useful=3)
        story.send("taken, and no answer", settled=True)
        for _ in range(2):
            story.look_up("nothing yet")
        story.send("too fast", settled=True)
        story.receipts(0, [("sent", "")])
        story.pass_time(timedelta(hours=3))
        story.send("taken", settled=True)
        story.teardown()


def test_an_old_lookup_decides_nothing_about_a_later_attempt(database: Database, clinic: Clinic) -> None:
    """Its process stood still between asking and understanding. Seen to fail when it could."""
    with watching(database):
        story = AnyOrder(database, clinic)
        story.owe(useful=3)
        story.send("taken, and no answer", settled=True)
        story.look_up("nothing yet")
        story.pass_time(ASK_AFTER)
        story.ask("nothing yet")
        story.look_up("nothing yet")
        story.send("taken, and no answer", settled=True)
        story.conclude(0)
        story.send("taken", settled=True)
        story.teardown()
