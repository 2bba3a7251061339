"""What a sender's pause holds back: all if it cannot send, but not what cannot wait if one message was refused."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from reminders.channels.base import ChannelError, Fault
from reminders.channels.twilio_codes import ABOUT_ONE_MESSAGE, FAULT_BY_CODE
from reminders.database import Database
from reminders.delivery import pacing
from reminders.delivery.context import Delivery
from reminders.delivery.receipts import ReceiptIn, record
from reminders.delivery.sweep import send_due
from reminders.models import Attempt, Clinic, Event
from reminders.models.kinds import EventKind, MessageKind
from reminders.models.options import SPEND_CAP
from schedules.lifecycle import State
from tests.reminders.delivery.conftest import Clock
from tests.reminders.delivery.fakes import Provider
from tests.reminders.outbox.rows import NOW, message, owe, sender_of


def paused_by(database: Database, clinic: Clinic, code: str) -> None:
    """The sender rests because of a code."""
    with database.begin() as session:
        pacing.pause(session, (clinic.id, sender_of(session, clinic).id), code, NOW, pacing.PAUSE)


def test_only_codes_that_we_know_are_about_one_message() -> None:
    assert {FAULT_BY_CODE[code] for code in ABOUT_ONE_MESSAGE} == {Fault.RETRY, Fault.SENDER}


def test_a_filtered_reminder_holds_back_no_safety_text(
    database: Database, clinic: Clinic, context: Delivery, clock: Clock
) -> None:
    (first,) = owe(database, clinic)
    send_due(context)
    with database.begin() as session:
        attempt = session.scalars(select(Attempt.id).where(Attempt.message_id == first)).one()
        assert record(session, ReceiptIn(attempt, "SM1", "undelivered", "30007"), NOW)
        assert sender_of(session, clinic).paused_until == NOW + pacing.PAUSE
    reminders = owe(database, clinic, 3)
    (safety,) = owe(database, clinic, kind=MessageKind.SAFETY)
    send_due(context)
    assert message(database, safety).state is State.SENT
    assert {message(database, one).state for one in reminders} == {State.PLANNED}
    clock.set(NOW + pacing.PAUSE)
    send_due(context)
    assert {message(database, one).state for one in reminders} == {State.SENT}


@pytest.mark.parametrize(("code", "state"), [("30007", State.SENT), ("30022", State.SENT), ("20003", State.PLANNED)])
@pytest.mark.parametrize("beside", [0, 2], ids=["alone", "beside reminders"])
def test_what_cannot_wait_goes_unless_nothing_can(
    database: Database, clinic: Clinic, context: Delivery, code: str, state: State, beside: int
) -> None:
    paused_by(database, clinic, code)
    reminders = owe(database, clinic, beside) if beside else []
    (safety,) = owe(database, clinic, kind=MessageKind.SAFETY)
    send_due(context)
    assert message(database, safety).state is state
    assert {message(database, one).state for one in reminders} <= {State.PLANNED}


def test_a_safety_text_that_is_refused_over_its_content_is_not_called_again_at_once(
    database: Database, clinic: Clinic, context: Delivery, provider: Provider, clock: Clock
) -> None:
    (safety,) = owe(database, clinic, kind=MessageKind.SAFETY)
    provider.deeds = [ChannelError("filtered", Fault.SENDER, "30007")]
    send_due(context)
    assert send_due(context).claimed == 0
    clock.set(NOW + timedelta(minutes=1))
    assert send_due(context).sent == 1
    assert message(database, safety).state is State.SENT


@pytest.mark.parametrize(
    ("codes", "told"),
    [
        ([SPEND_CAP, "20003"], [SPEND_CAP, "20003"]),
        (["30007", "20003", "20003", "30034"], ["30007", "20003"]),
        (["20003", "30007", "20003"], ["20003"]),
        (["30007", "30007"], ["30007"]),
    ],
    ids=" ".join,
)
def test_that_nothing_can_be_sent_is_news_even_while_most_rests(
    database: Database, clinic: Clinic, codes: list[str], told: list[str]
) -> None:
    """Seen to fail when whoever knew of any pause was told of no other: safety texts waited and nobody knew."""
    for code in codes:
        paused_by(database, clinic, code)
    with database.read() as session:
        events = session.scalars(select(Event).where(Event.kind == EventKind.SENDER_PAUSED)).all()
    assert sorted(event.detail["code"] for event in events) == sorted(told)
