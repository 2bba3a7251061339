"""Receipts in every order: the state stays legal, and a delivery is never lost."""

import uuid
from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from reminders.channels.base import ChannelError, Fault
from reminders.database import Database
from reminders.delivery.context import Delivery
from reminders.delivery.receipts import ReceiptIn, record
from reminders.delivery.reconcile import reconcile
from reminders.delivery.sweep import send_due
from reminders.ids import new_id
from reminders.models import Attempt, Clinic, Event, Message, MessageReminder, Receipt
from reminders.models.kinds import EventKind, Outcome
from reminders.outbox import enqueue
from schedules.lifecycle import MOVES, State
from tests.reminders.delivery.conftest import Clock
from tests.reminders.delivery.fakes import Provider
from tests.reminders.outbox.rows import (
    NOW,
    add_patient,
    add_reminder,
    add_treatment,
    draft,
    message,
    owe,
    sender_of,
)


def _attempt(database: Database, message_id: uuid.UUID, number: int = 1) -> uuid.UUID:
    with database.read() as session:
        found = select(Attempt.id).where(Attempt.message_id == message_id, Attempt.number == number)
        return session.scalars(found).one()


def _record(database: Database, attempt_id: uuid.UUID, status: str, code: str = "") -> bool:
    with database.begin() as session:
        return record(session, ReceiptIn(attempt_id, f"SM{attempt_id.hex}", status, code), NOW)


def _events(database: Database) -> list[EventKind]:
    with database.read() as session:
        return list(session.scalars(select(Event.kind).order_by(Event.at, Event.kind.desc())))


@pytest.mark.parametrize(
    ("statuses", "state", "events"),
    [
        (["sent", "delivered"], State.DELIVERED, []),
        (["delivered", "sent", "queued"], State.DELIVERED, []),
        (["delivered", "undelivered"], State.DELIVERED, []),
        (["undelivered"], State.UNDELIVERED, [EventKind.UNDELIVERED]),
        (["undelivered", "undelivered", "sent"], State.UNDELIVERED, [EventKind.UNDELIVERED]),
        (["failed", "delivered"], State.DELIVERED, [EventKind.UNDELIVERED, EventKind.DELIVERED_LATE]),
        (["a new word of theirs"], State.SENT, []),
    ],
    ids=" ".join,
)
def test_orders(
    database: Database,
    clinic: Clinic,
    context: Delivery,
    statuses: list[str],
    state: State,
    events: list[EventKind],
) -> None:
    (owed,) = owe(database, clinic)
    send_due(context)
    attempt = _attempt(database, owed)
    assert all(_record(database, attempt, status) for status in statuses)
    assert message(database, owed).state is state
    assert _events(database) == events
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Receipt)) == len(set(statuses))


def test_a_receipt_for_nothing_we_know_is_quietly_refused(database: Database, clinic: Clinic) -> None:
    assert not _record(database, new_id(), "delivered")


@pytest.mark.parametrize("status", ["sent", "delivered", "undelivered"])
def test_a_receipt_that_overtakes_the_answer(
    database: Database, clinic: Clinic, context: Delivery, provider: Provider, status: str
) -> None:
    (owed,) = owe(database, clinic)
    provider.during = lambda outgoing: assert_(_record(database, outgoing.attempt_id, status))
    provider.deeds = ["accept and say nothing"]
    send_due(context)
    row = message(database, owed)
    assert row.state is State(status)
    assert (row.claim_token, row.lease_until) == (None, None)
    with database.read() as session:
        assert session.scalars(select(Attempt.outcome)).one() is Outcome.ACCEPTED


def assert_(fact: bool) -> None:
    """`assert` as an expression."""
    assert fact


@pytest.mark.parametrize("status", ["sent", "delivered", "undelivered"])
def test_a_receipt_resolves_an_unknown(
    database: Database, clinic: Clinic, context: Delivery, provider: Provider, status: str
) -> None:
    (owed,) = owe(database, clinic)
    provider.deeds = ["accept and say nothing"]
    send_due(context)
    _record(database, _attempt(database, owed), status)
    assert message(database, owed).state is State(status)


def _tried_again(database: Database, context: Delivery, provider: Provider, clock: Clock) -> None:
    """The first attempt was accepted, its listing hidden, and the message waits for its one further try."""
    provider.deeds, provider.hide = ["accept and say nothing"], True
    send_due(context)
    for minute in (2, 4):
        clock.set(NOW + timedelta(minutes=minute))
        reconcile(context)


@pytest.mark.parametrize("status", ["sent", "delivered"])
def test_proof_that_comes_before_the_further_try_prevents_it(
    database: Database, clinic: Clinic, context: Delivery, provider: Provider, clock: Clock, status: str
) -> None:
    (owed,) = owe(database, clinic)
    _tried_again(database, context, provider, clock)
    assert message(database, owed).state is State.PLANNED
    _record(database, _attempt(database, owed), status)
    assert message(database, owed).state is State(status)
    send_due(context)
    assert len(provider.taken) == 1


@pytest.fixture(params=[(Fault.RETRY, "20429"), (Fault.SENDER, "20003")], ids=["too fast", "account"])
def refused_again(
    request: pytest.FixtureRequest,
    database: Database,
    clinic: Clinic,
    context: Delivery,
    provider: Provider,
    clock: Clock,
) -> uuid.UUID:
    """A message whose first attempt was accepted and not found, whose second was refused, and that waits again."""
    (owed,) = owe(database, clinic)
    _tried_again(database, context, provider, clock)
    provider.deeds = [ChannelError("no", *request.param)]
    send_due(context)
    assert (message(database, owed).state, len(provider.taken)) == (State.PLANNED, 1)
    return owed


@pytest.mark.parametrize("status", ["sent", "delivered"])
def test_proof_that_comes_after_the_further_try_was_refused_prevents_the_next(
    database: Database, context: Delivery, provider: Provider, clock: Clock, refused_again: uuid.UUID, status: str
) -> None:
    """Seen to fail when only the newest attempt's news counted: the text went out again."""
    _record(database, _attempt(database, refused_again), status)
    assert message(database, refused_again).state is State(status)
    clock.set(NOW + timedelta(hours=1))
    send_due(context)
    assert len(provider.taken) == 1


_TOO_FAST, _FOR_GOOD = (Fault.RETRY, "20429"), (Fault.PERMANENT, "21211")


@pytest.mark.parametrize("case", list(product(["sent", "undelivered"], [_TOO_FAST, _FOR_GOOD])))
def test_proof_that_comes_while_the_further_try_is_refused_prevents_the_next(
    database: Database,
    clinic: Clinic,
    context: Delivery,
    provider: Provider,
    clock: Clock,
    case: tuple[str, tuple[Fault, str]],
) -> None:
    """Seen to fail when settling looked at its own attempt only: the text went out again, or an e-mail instead. What
    the first attempt came to is then found out from the provider."""
    (owed,) = owe(database, clinic)
    _tried_again(database, context, provider, clock)
    known, (status, refused) = provider.listed[0], case
    news = ReceiptIn(_attempt(database, owed), known.provider_id, status, "")
    provider.before = lambda _: assert_(_brought(database, news))
    provider.deeds = [ChannelError("no", *refused)]
    send_due(context)
    assert (message(database, owed).state, _events(database)) == (State.SENT, [])
    provider.listed[0] = replace(known, state=State.UNDELIVERED)
    clock.set(NOW + timedelta(hours=1))
    send_due(context)
    reconcile(context)
    assert (message(database, owed).state, len(provider.taken)) == (State.UNDELIVERED, 1)


def _brought(database: Database, receipt: ReceiptIn) -> bool:
    with database.begin() as session:
        return record(session, receipt, NOW)


@pytest.mark.parametrize("says", ["receipt", "list"])
def test_what_was_taken_back_is_still_followed_to_its_end(
    database: Database, context: Delivery, provider: Provider, clock: Clock, refused_again: uuid.UUID, says: str
) -> None:
    """Seen to fail when the news of an attempt before one that was refused moved nothing, and nobody asked about it."""
    first = _attempt(database, refused_again)
    with database.begin() as session:
        assert record(session, ReceiptIn(first, provider.listed[0].provider_id, "sent", ""), NOW)
    if says == "receipt":
        _record(database, first, "undelivered")
    else:
        provider.listed[0] = replace(provider.listed[0], state=State.UNDELIVERED)
        clock.set(NOW + timedelta(hours=1))
        reconcile(context)
    assert message(database, refused_again).state is State.UNDELIVERED


def test_proof_of_an_earlier_attempt_does_not_allow_one_more_further_try(
    database: Database, clinic: Clinic, context: Delivery, provider: Provider, clock: Clock
) -> None:
    """Seen to fail when an attempt counted as given up only until its receipt came."""
    (owed,) = owe(database, clinic)
    _tried_again(database, context, provider, clock)
    provider.deeds = [ChannelError("no answer", Fault.UNKNOWN, "timeout")]
    send_due(context)
    _record(database, _attempt(database, owed), "sent")
    for minute in (10, 20):
        clock.set(NOW + timedelta(minutes=minute))
        reconcile(context)
    assert message(database, owed).state is State.FAILED
    send_due(context)
    assert len(provider.taken) == 1


def test_news_of_an_older_attempt_moves_nothing_but_by_proving_delivery(
    database: Database, clinic: Clinic, context: Delivery, provider: Provider, clock: Clock
) -> None:
    (owed,) = owe(database, clinic)
    _tried_again(database, context, provider, clock)
    provider.deeds = [ChannelError("no answer", Fault.UNKNOWN, "timeout")]
    send_due(context)
    first = _attempt(database, owed)
    for status in ("sent", "undelivered"):
        _record(database, first, status)
        assert message(database, owed).state is State.UNKNOWN
    _record(database, first, "delivered")
    assert message(database, owed).state is State.DELIVERED


def test_links_end_with_their_message(database: Database, clinic: Clinic, context: Delivery) -> None:
    with database.begin() as session:
        patient = add_patient(session, clinic)
        treatment = add_treatment(session, clinic, patient)
        reminder = add_reminder(session, treatment)
        (owed,) = enqueue(session, [draft(patient, treatment, reminder_ids=(reminder.id,))], NOW)
    send_due(context)
    live = select(MessageReminder.live)
    with database.read() as session:
        assert session.scalars(live).all() == [True]
    _record(database, _attempt(database, owed), "delivered")
    with database.read() as session:
        assert session.scalars(live).all() == [False]


def test_a_code_may_say_more(database: Database, clinic: Clinic, context: Delivery) -> None:
    stopped, unregistered = owe(database, clinic, 2)
    send_due(context)
    _record(database, _attempt(database, stopped), "undelivered", "21610")
    assert _events(database) == [EventKind.OPTED_OUT_BY_CARRIER]
    _record(database, _attempt(database, unregistered), "failed", "30034")
    assert EventKind.SENDER_PAUSED in _events(database)
    with database.read() as session:
        assert sender_of(session, clinic).paused_reason == "30034"


STATUSES = st.sampled_from(["queued", "sent", "delivered", "undelivered", "failed", "nonsense"])
HAPPENINGS = st.lists(st.tuples(st.integers(1, 2), STATUSES), max_size=8)


@pytest.fixture
def two_attempts(database: Database, clinic: Clinic) -> tuple[uuid.UUID, list[uuid.UUID]]:
    """A message with two attempts."""
    (owed,) = owe(database, clinic)
    with database.begin() as session:
        sender = sender_of(session, clinic)
        attempts = [
            Attempt(
                clinic_id=clinic.id,
                message_id=owed,
                sender_id=sender.id,
                number=number,
                to="+15145550142",
                address_index="x",
                body_hash="y",
                started_at=NOW,
            )
            for number in (1, 2)
        ]
        session.add_all(attempts)
    return owed, [attempt.id for attempt in attempts]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(start=st.sampled_from(State), happenings=HAPPENINGS)
@example(start=State.PLANNED, happenings=[(1, "delivered")])
def test_any_order_of_events_is_legal_and_loses_no_delivery(
    database: Database,
    two_attempts: tuple[uuid.UUID, list[uuid.UUID]],
    start: State,
    happenings: list[tuple[int, str]],
) -> None:
    """Seen to fail when the delivery of an older attempt left a message planned."""
    owed, attempts = two_attempts
    with database.begin() as session:
        session.execute(update(Message).values(state=start))
        session.query(Receipt).delete()
        session.query(Event).delete()
    before = start
    for number, status in happenings:
        _record(database, attempts[number - 1], status)
        after = message(database, owed).state
        assert after in _reachable(before), (before, status, after)
        before = after
    ended = {State.CANCELLED, State.SKIPPED, State.EXPIRED}
    if start not in ended and any(status == "delivered" for _, status in happenings):
        assert before is State.DELIVERED
    assert _events(database).count(EventKind.UNDELIVERED) <= 1


def _reachable(start: State) -> set[State]:
    found = {start}
    while more := {target for state in found for target in MOVES[state]} - found:
        found |= more
    return found
