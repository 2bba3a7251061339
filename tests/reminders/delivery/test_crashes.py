"""A worker that dies leaves rows that others take up: nothing lost, nothing twice."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update

from reminders import outbox
from reminders.channels.base import ChannelError, Fault, Outgoing
from reminders.database import Database
from reminders.delivery.context import Delivery
from reminders.delivery.reconcile import reconcile
from reminders.delivery.run import SenderRun
from reminders.delivery.sweep import send_due
from reminders.ids import new_id
from reminders.models import Attempt, Clinic, Event, Message
from reminders.models.kinds import Channel, EventKind, Outcome
from reminders.outbox import Claim, claim
from schedules.lifecycle import State
from tests.reminders.delivery.conftest import Clock
from tests.reminders.delivery.fakes import Provider
from tests.reminders.outbox.rows import NOW, message, owe, sender_of, states

LEASE = timedelta(minutes=3)


def _events(database: Database) -> list[EventKind]:
    with database.read() as session:
        return list(session.scalars(select(Event.kind)))


def _die_before_settling(monkeypatch: pytest.MonkeyPatch, context: Delivery) -> None:
    """A sweep whose worker is killed when the provider has answered."""

    def killed(self: SenderRun, answers: object) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(SenderRun, "_write_down", killed)
        send_due(context)


def test_killed_between_claim_and_call(
    database: Database, clinic: Clinic, context: Delivery, provider: Provider, clock: Clock
) -> None:
    (owed,) = owe(database, clinic)
    with database.begin() as session:
        claim(session, Claim(sender_of(session, clinic).id, new_id(), 10, NOW, NOW + timedelta(minutes=2)))
    assert send_due(context).claimed == 0
    clock.set(NOW + LEASE)
    report = send_due(context)
    assert (report.recovered, report.sent) == (1, 1)
    assert message(database, owed).state is State.SENT
    assert len(provider.taken) == 1


def test_killed_after_the_call_is_found_in_the_list_and_not_sent_again(
    database: Database,
    clinic: Clinic,
    context: Delivery,
    provider: Provider,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    owed = owe(database, clinic, 3)
    _die_before_settling(monkeypatch, context)
    assert states(database) == {State.SENDING: 3}
    clock.set(NOW + LEASE)
    assert send_due(context).recovered == 3
    assert states(database) == {State.UNKNOWN: 3}
    assert reconcile(context).asked == 0, "too early to ask"
    clock.set(NOW + 2 * LEASE)
    assert reconcile(context).found == 3
    assert states(database) == {State.SENT: 3}
    send_due(context)
    assert len(provider.taken) == len(owed)
    with database.read() as session:
        attempts = session.scalars(select(Attempt)).all()
        assert {one.provider_id for one in attempts} == {one.provider_id for one in provider.listed}
        assert {one.outcome for one in attempts} == {Outcome.ACCEPTED}


def test_an_answer_that_was_lost_is_found_before_anything_is_sent_again(
    database: Database, clinic: Clinic, context: Delivery, provider: Provider, clock: Clock
) -> None:
    provider.deeds = ["accept and say nothing"]
    (owed,) = owe(database, clinic)
    send_due(context)
    assert message(database, owed).state is State.UNKNOWN
    clock.set(NOW + timedelta(minutes=2))
    assert reconcile(context).found == 1
    assert message(database, owed).state is State.SENT
    assert (len(provider.taken), _events(database)) == (1, [])


def _lose(provider: Provider, times: int) -> None:
    """Calls without an answer that never arrived."""
    provider.deeds = [ChannelError("no answer", Fault.UNKNOWN, "timeout")] * times


def test_only_two_lookups_apart_allow_one_further_try(
    database: Database, clinic: Clinic, context: Delivery, provider: Provider, clock: Clock
) -> None:
    _lose(provider, 1)
    (owed,) = owe(database, clinic)
    send_due(context)
    clock.set(NOW + timedelta(seconds=70))
    assert reconcile(context).waiting == 1
    assert reconcile(context).asked == 0, "the second lookup must come later"
    assert message(database, owed).state is State.UNKNOWN
    clock.set(NOW + timedelta(seconds=140))
    assert reconcile(context).again == 1
    assert provider.finds == 2
    send_due(context)
    assert (message(database, owed).state, len(provider.taken)) == (State.SENT, 1)


def test_after_the_further_try_a_person_decides(
    database: Database, clinic: Clinic, context: Delivery, provider: Provider, clock: Clock
) -> None:
    _lose(provider, 5)
    (owed,) = owe(database, clinic)
    for minute in range(0, 20, 2):
        clock.set(NOW + timedelta(minutes=minute))
        send_due(context)
        reconcile(context)
    row = message(database, owed)
    assert (row.state, row.reason) == (State.FAILED, "unresolved")
    assert (len(provider.deeds), _events(database)) == (3, [EventKind.UNKNOWN])


def test_an_email_without_an_answer_is_tried_once_more_with_the_same_message_id(
    database: Database, clinic: Clinic, context: Delivery, provider: Provider, clock: Clock
) -> None:
    provider.can_look_up = False
    provider.deeds = ["accept and say nothing"] * 5
    (owed,) = owe(database, clinic, channel=Channel.EMAIL)
    for minute in range(0, 20, 2):
        clock.set(NOW + timedelta(minutes=minute))
        send_due(context)
        reconcile(context)
    assert len(provider.taken) == 2
    assert len({one.headers["Message-ID"] for one in provider.taken}) == 1
    assert message(database, owed).state is State.FAILED
    assert _events(database) == [EventKind.UNKNOWN]


def test_a_list_that_cannot_be_had_proves_nothing(
    database: Database,
    clinic: Clinic,
    context: Delivery,
    provider: Provider,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _lose(provider, 1)
    (owed,) = owe(database, clinic)
    send_due(context)

    async def down(self: object, to: str) -> None:
        raise ChannelError("down", Fault.RETRY, "503")

    monkeypatch.setattr("tests.reminders.delivery.fakes.FakeChannel.find", down)
    for minute in range(2, 30, 2):
        clock.set(NOW + timedelta(minutes=minute))
        assert reconcile(context).again == 0
    assert message(database, owed).state is State.UNKNOWN


def test_two_unknowns_with_the_same_words_find_one_listed_message_each(
    database: Database, clinic: Clinic, context: Delivery, provider: Provider, clock: Clock
) -> None:
    provider.deeds = ["accept and say nothing", ChannelError("no answer", Fault.UNKNOWN, "timeout")]
    owe(database, clinic)
    owe(database, clinic)
    send_due(context)
    clock.set(NOW + timedelta(minutes=2))
    report = reconcile(context)
    assert (report.found, report.waiting) == (1, 1)
    assert states(database) == {State.SENT: 1, State.UNKNOWN: 1}


def test_a_sent_message_without_a_receipt_is_asked_about(
    database: Database, clinic: Clinic, context: Delivery, provider: Provider, clock: Clock
) -> None:
    (owed,) = owe(database, clinic)
    send_due(context)
    clock.set(NOW + timedelta(minutes=20))
    assert reconcile(context).waiting == 1
    listed = provider.listed[0]
    provider.listed = [type(listed)(**{n: getattr(listed, n) for n in listed.__slots__} | {"state": State.DELIVERED})]
    clock.set(NOW + timedelta(hours=3))
    assert reconcile(context).found == 1
    row = message(database, owed)
    assert (row.state, row.check_at) == (State.DELIVERED, None)


def test_a_worker_that_was_only_slow_still_settles(
    database: Database, clinic: Clinic, context: Delivery, provider: Provider
) -> None:
    (owed,) = owe(database, clinic)

    def lapse(_: Outgoing) -> None:
        with database.begin() as session:
            session.execute(update(Message).values(state=State.UNKNOWN))

    provider.during = lapse
    send_due(context)
    assert message(database, owed).state is State.SENT


def test_a_settlement_of_an_older_claim_moves_nothing(
    database: Database, clinic: Clinic, context: Delivery, provider: Provider
) -> None:
    (owed,) = owe(database, clinic)
    other = new_id()

    def take_over(_: Outgoing) -> None:
        with database.begin() as session:
            session.execute(update(Message).values(claim_token=other))

    provider.during = take_over
    send_due(context)
    row = message(database, owed)
    assert (row.state, row.claim_token) == (State.SENDING, other)


def test_cancelled_between_claim_and_call(
    database: Database, clinic: Clinic, context: Delivery, provider: Provider
) -> None:
    owed: list[UUID] = owe(database, clinic, 40)
    first: list[Outgoing] = []

    def cancel_the_rest(outgoing: Outgoing) -> None:
        if not first:
            first.append(outgoing)
            with database.begin() as session:
                outbox.cancel(session, Message.clinic_id == clinic.id, "opted_out", NOW)

    provider.during = cancel_the_rest
    send_due(context)
    found = states(database)
    assert found[State.SENT] == len(provider.taken) < len(owed)
    assert found[State.CANCELLED] == len(owed) - len(provider.taken)
