"""A clinic's maximum for a month of texts: counted exactly, kept by a pause, told once, over by itself.

Seen to fail when: what was refused stayed counted; a settlement written twice took it off twice; the pause ended with
the UTC month; safety texts were withheld; each group that met the maximum told staff; the pause outlived a raised
maximum; the further groups of a claim went out after the maximum was reached.
"""

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from reminders.care.actors import Actor
from reminders.care.events import handle_events
from reminders.care.sending_rules import TypedRules, set_rules
from reminders.channels.base import ChannelError, Fault
from reminders.database import Database
from reminders.delivery import pacing
from reminders.delivery.context import Delivery, Pace
from reminders.delivery.housekeeping import DueSender, identity_of
from reminders.delivery.settling import Answers, write_down
from reminders.delivery.spending import Cost, beyond, month_of, spent_in, withhold
from reminders.delivery.sweep import send_due
from reminders.models import Attempt, Clinic, Event, Message, Spending, Ticket
from reminders.models.kinds import Channel, EventKind, MessageKind, Outcome
from reminders.models.options import SPEND_CAP
from reminders.settings import Settings
from schedules.lifecycle import State
from tests.reminders.delivery.conftest import Clock
from tests.reminders.delivery.fakes import Provider, delivery
from tests.reminders.outbox.rows import NOW, message, owe, sender_of, states

APRIL = datetime(2026, 4, 1, 4, 0, tzinfo=UTC)
"""Midnight in Montreal."""


def cap(database: Database, clinic: Clinic, most: int | None, now: datetime = NOW) -> None:
    """The clinic sets its maximum."""
    with database.begin(clinic.id) as session:
        set_rules(session, Actor(clinic.id, "form"), clinic, TypedRules(None, "" if most is None else str(most)), now)


def spent(database: Database, clinic: Clinic, now: datetime = NOW) -> int:
    """What the month has come to; by the attempts it must be the same."""
    with database.read() as session:
        sms = select(Attempt.id).join(Message, Message.id == Attempt.message_id).where(Message.channel == Channel.SMS)
        taken = Attempt.outcome.is_(None) | Attempt.outcome.not_in([Outcome.REFUSED, Outcome.RETRY])
        total = session.scalar(select(func.sum(Attempt.segments)).where(Attempt.id.in_(sms), taken)) or 0
        assert session.scalar(select(func.sum(Spending.segments))) in {total, None}
        return spent_in(session, clinic, now)


def told(database: Database) -> list[tuple[str, str]]:
    """The reasons of the tickets after all events are handled, and which codes the pauses had."""
    handle_events(database)
    with database.read() as session:
        codes = session.scalars(select(Event.detail).where(Event.kind == EventKind.SENDER_PAUSED)).all()
        assert len(codes) <= 3
        return [tuple(row) for row in session.execute(select(Ticket.reason, Ticket.dedupe_key))]  # type: ignore[misc]


@pytest.fixture
def context(database: Database, settings: Settings, provider: Provider) -> Iterator[Delivery]:
    """Groups of five calls, so that a claim has many."""
    pace = Pace(time_out=0.5, in_flight={Channel.SMS: 10, Channel.EMAIL: 10})
    opened = delivery(database, settings, provider, pace)
    yield opened
    opened.close()


def test_the_month_is_the_clinics() -> None:
    assert month_of(APRIL, "America/Toronto").name == "2026-04"
    march = month_of(APRIL - timedelta(seconds=1), "America/Toronto")
    assert (march.name, march.ends) == ("2026-03", APRIL)
    december = month_of(datetime(2026, 12, 31, 23, 0, tzinfo=UTC), "Pacific/Auckland")
    assert (december.name, december.ends) == ("2027-01", datetime(2027, 1, 31, 11, 0, tzinfo=UTC))


COSTS = st.lists(
    st.builds(Cost, st.uuids(), st.sampled_from([MessageKind.SAFETY, MessageKind.REMINDER]), st.integers(1, 4)),
    unique_by=lambda cost: cost.message_id,
)


@given(costs=COSTS, left=st.integers(-5, 30))
def test_what_goes_is_paid_for_or_cannot_wait(costs: list[Cost], left: int) -> None:
    late = beyond(costs, left)
    going = [cost for cost in costs if cost.message_id not in late]
    assert all(cost.can_wait for cost in costs if cost.message_id in late)
    paid = sum(cost.segments for cost in going)
    assert paid <= left or not any(cost.can_wait for cost in going)
    first = next((cost for cost in costs if cost.message_id in late), None)
    assert first is None or paid + first.segments > left


def test_what_is_begun_is_counted_whether_or_not_there_is_a_maximum(
    database: Database, clinic: Clinic, context: Delivery
) -> None:
    owe(database, clinic, 7)
    owe(database, clinic, 3, channel=Channel.EMAIL)
    send_due(context)
    assert spent(database, clinic) == 7


def test_at_the_maximum_the_sender_pauses_until_the_month_ends(
    database: Database, clinic: Clinic, context: Delivery, provider: Provider, clock: Clock
) -> None:
    cap(database, clinic, 12)
    owed = owe(database, clinic, 40, useful_until=APRIL + timedelta(days=2))
    send_due(context)
    assert (len(provider.taken), spent(database, clinic)) == (12, 12)
    assert states(database) == {State.SENT: 12, State.PLANNED: 28}
    with database.read() as session:
        sender = sender_of(session, clinic)
        assert (sender.paused_reason, sender.paused_until) == (SPEND_CAP, APRIL)
        assert set(session.scalars(select(Message.reason).where(Message.state == State.PLANNED))) <= {
            SPEND_CAP,
            "released",
            "",
        }
    assert send_due(context).claimed == 0
    assert told(database) == [(SPEND_CAP, f"ticket:spending:{clinic.id}:2026-03:12")]
    assert {message(database, one).tries for one in owed} == {0}
    clock.set(APRIL + timedelta(hours=12))
    for _ in range(3):
        send_due(context)
    assert (len(provider.taken), spent(database, clinic, APRIL)) == (24, 12)
    assert [key for _, key in told(database)][1:] == [f"ticket:spending:{clinic.id}:2026-04:12"]


def test_workers_at_the_same_time_do_not_exceed_it_together(
    database: Database, clinic: Clinic, settings: Settings, provider: Provider
) -> None:
    """Seen to fail when the month's row was read without being locked."""
    cap(database, clinic, 33)
    owe(database, clinic, 120)
    pace = Pace(time_out=2, batch=20, in_flight={Channel.SMS: 10, Channel.EMAIL: 10})
    workers = [delivery(database, settings, provider, pace) for _ in range(3)]
    with ThreadPoolExecutor(len(workers)) as threads:
        assert sum(report.sent for report in threads.map(send_due, workers)) == 33
    for worker in workers:
        worker.close()
    assert (len(provider.taken), spent(database, clinic)) == (33, 33)
    assert len(told(database)) == 1


def test_what_cannot_wait_goes_and_counts(
    database: Database, clinic: Clinic, context: Delivery, provider: Provider
) -> None:
    cap(database, clinic, 0)
    (reminder,) = owe(database, clinic)
    send_due(context)
    assert message(database, reminder).state is State.PLANNED
    kinds = (MessageKind.SAFETY, MessageKind.ALERT)
    urgent = [owe(database, clinic, kind=kind)[0] for kind in kinds]
    send_due(context)
    assert {message(database, one).state for one in urgent} == {State.SENT}
    assert message(database, reminder).state is State.PLANNED
    assert spent(database, clinic) == len(provider.taken) == len(kinds)
    assert len(told(database)) == 1


@pytest.mark.parametrize("most", [60, None])
def test_raising_or_removing_the_maximum_ends_the_pause_at_once(
    database: Database, clinic: Clinic, context: Delivery, provider: Provider, most: int | None
) -> None:
    cap(database, clinic, 5)
    owe(database, clinic, 40)
    send_due(context)
    cap(database, clinic, 5)
    cap(database, clinic, 4)
    assert (send_due(context).claimed, len(provider.taken)) == (0, 5)
    cap(database, clinic, most)
    send_due(context)
    assert (len(provider.taken), spent(database, clinic)) == (40, 40)
    with database.read() as session:
        assert sender_of(session, clinic).paused_reason is None


def test_what_is_too_late_then_expires_with_its_reason(
    database: Database, clinic: Clinic, context: Delivery, clock: Clock
) -> None:
    cap(database, clinic, 0)
    (owed,) = owe(database, clinic)
    send_due(context)
    clock.set(NOW + timedelta(days=1, minutes=1))
    send_due(context)
    assert (message(database, owed).state, message(database, owed).reason) == (State.EXPIRED, "too_late")


@pytest.mark.parametrize(
    ("error", "kept"),
    [
        (ChannelError("busy", Fault.RETRY, "20429"), 0),
        (ChannelError("no", Fault.PERMANENT, "21614"), 0),
        (ChannelError("account", Fault.SENDER, "20003"), 0),
        (ChannelError("stop", Fault.OPTED_OUT, "21610"), 0),
        (ChannelError("nobody knows", Fault.UNKNOWN, "timeout"), 4),
    ],
)
def test_what_was_not_taken_costs_nothing(
    database: Database, clinic: Clinic, context: Delivery, provider: Provider, error: ChannelError, kept: int
) -> None:
    cap(database, clinic, 4)
    provider.deeds = [error] * 4
    owe(database, clinic, 4)
    send_due(context)
    assert spent(database, clinic) == kept
    with database.read() as session:
        assert (sender_of(session, clinic).paused_reason == SPEND_CAP) == bool(kept)


def test_a_settlement_written_twice_takes_off_once(
    database: Database,
    clinic: Clinic,
    context: Delivery,
    provider: Provider,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def twice(session: object, answers: Answers, now: datetime) -> object:
        write_down(session, answers, now)  # type: ignore[arg-type]
        return write_down(session, answers, now)  # type: ignore[arg-type]

    monkeypatch.setattr("reminders.delivery.run.write_down", twice)
    provider.deeds = [None, ChannelError("no", Fault.PERMANENT, "21614")]
    owe(database, clinic, 2)
    send_due(context)
    assert spent(database, clinic) == 1


def test_another_trouble_in_between_does_not_end_the_maximum(
    database: Database, clinic: Clinic, context: Delivery, provider: Provider, clock: Clock
) -> None:
    cap(database, clinic, 1)
    owe(database, clinic, 3)
    send_due(context)
    with database.begin() as session:
        pacing.pause(session, (clinic.id, sender_of(session, clinic).id), "20003", NOW, pacing.PAUSE)
    clock.set(NOW + timedelta(hours=1))
    send_due(context)
    assert (len(provider.taken), spent(database, clinic)) == (1, 1)
    with database.read() as session:
        assert sender_of(session, clinic).paused_reason == SPEND_CAP


@pytest.mark.parametrize(
    ("code", "after", "reason"),
    [
        ("20003", timedelta(0), "20003"),
        ("20003", pacing.PAUSE, SPEND_CAP),
        ("30007", timedelta(0), SPEND_CAP),
    ],
)
def test_the_maximum_loosens_no_pause_of_a_sender_that_cannot_send_at_all(
    database: Database, clinic: Clinic, code: str, after: timedelta, reason: str
) -> None:
    """A group meets the trouble while another is begun. Seen to fail when the maximum wrote over it."""
    cap(database, clinic, 0)
    (owed,) = owe(database, clinic)
    with database.begin() as session:
        sender = sender_of(session, clinic)
        due = DueSender(sender.id, clinic.id, identity_of(sender), has_urgent=False)
        pacing.pause(session, (clinic.id, sender.id), code, NOW, pacing.PAUSE)
        costs = [Cost(owed, MessageKind.REMINDER, 1)]
        assert withhold(session, due, session.get_one(Clinic, clinic.id), costs, NOW + after) == {owed}
    with database.read() as session:
        assert sender_of(session, clinic).paused_reason == reason


def test_email_goes_on(database: Database, clinic: Clinic, context: Delivery, provider: Provider) -> None:
    cap(database, clinic, 0)
    owe(database, clinic, 3)
    email: list[uuid.UUID] = owe(database, clinic, 2, channel=Channel.EMAIL)
    send_due(context)
    assert {message(database, one).state for one in email} == {State.SENT}
