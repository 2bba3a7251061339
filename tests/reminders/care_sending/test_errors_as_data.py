"""What the provider answers, followed to its end: which message goes when again, who is paused, who hears of it.

Seen to fail when: 429 slowed nobody down, or for as long as the provider wished; the daily cap was one message's
trouble; a second refusal told staff again; a pause burned a try; 21610 was a plain refusal.
"""

from datetime import timedelta

import pytest
from sqlalchemy import delete, select

from reminders.care.alerts import raise_alert
from reminders.care.ticket_keys import key_for
from reminders.care.tickets import NewTicket, open_ticket
from reminders.channels.base import ChannelError, Fault
from reminders.channels.twilio_codes import PAUSE_BY_CODE, fault
from reminders.delivery import pacing
from reminders.models import Event, Message, OptOut, Sender
from reminders.models.kinds import Channel, EventKind, Role, TicketKind
from schedules.backoff import POLICIES, SPREAD, FailureKind
from tests.promises.world import number
from tests.reminders.care_answering.builders import add_staff
from tests.reminders.care_sending.conftest import EMAIL, PHONE, Desk

SLACK = timedelta(seconds=20)
"""The database's clock runs on while a sweep is under way."""


def refusal(code: str, status: int = 400) -> ChannelError:
    """As the channel raises it."""
    return ChannelError("no", fault(status, code), code, PAUSE_BY_CODE.get(code))


def sender(desk: Desk) -> Sender:
    """The clinic's number."""
    with desk.database.read() as session:
        return session.scalars(select(Sender).where(Sender.channel == Channel.SMS)).one()


def pauses(desk: Desk) -> int:
    """How often staff were told of a pause."""
    with desk.database.read() as session:
        return len(session.scalars(select(Event.id).where(Event.kind == EventKind.SENDER_PAUSED)).all())


@pytest.mark.parametrize("code", ["21211", "21614", "30005", "30006"])
def test_a_number_that_cannot_be_reached(desk: Desk, code: str) -> None:
    desk.owe()
    desk.provider.deeds = [refusal(code)]
    desk.sweep()
    assert (desk.planned(), desk.tickets()) == (["email"], [])
    desk.sweep()
    assert [one.to for one in desk.provider.taken] == [EMAIL]


def test_a_number_that_cannot_be_reached_without_an_email(desk: Desk) -> None:
    desk.owe(email="")
    desk.provider.deeds = [refusal("21614")]
    desk.sweep()
    assert (desk.planned(), desk.tickets()) == ([], [(TicketKind.UNREACHABLE, "failed")])


@pytest.mark.parametrize("by_receipt", [False, True])
def test_an_opt_out_at_the_carrier_ends_every_channel(desk: Desk, *, by_receipt: bool) -> None:
    desk.owe()
    desk.provider.deeds = [] if by_receipt else [refusal("21610")]
    desk.sweep()
    if by_receipt:
        desk.says("undelivered", "21610")
    state = "undelivered" if by_receipt else "failed"
    assert (desk.planned(), desk.tickets()) == ([], [(TicketKind.OPTED_OUT, state)])
    with desk.database.read() as session:
        assert [row.by_carrier for row in session.scalars(select(OptOut))] == [True]


@pytest.mark.parametrize("by_receipt", [False, True])
def test_an_alert_to_a_number_that_opted_out_calls_the_owners(desk: Desk, *, by_receipt: bool) -> None:
    """Seen to fail when it was a patient's opt-out like any other: nobody heard of the red flag."""
    with desk.database.begin() as session:
        nurse = add_staff(session, desk.clinic, "nurse@clinic.example", on_call=True, phone=PHONE)
        add_staff(session, desk.clinic, "owner@clinic.example", role=Role.OWNER)
        flag = NewTicket(desk.clinic.id, TicketKind.RED_FLAG, key_for(TicketKind.RED_FLAG, nurse.id))
        raise_alert(session, open_ticket(session, flag, desk.world.now), desk.world.now)
        session.execute(delete(Message).where(Message.channel == Channel.EMAIL, Message.staff_id == nurse.id))
    desk.provider.deeds = [] if by_receipt else [refusal("21610")]
    desk.sweep()
    if by_receipt:
        desk.says("undelivered", "21610")
    assert sorted(desk.tickets()) == [(TicketKind.DELIVERY, "alert"), (TicketKind.RED_FLAG, "")]
    with desk.database.read() as session:
        assert [row.by_carrier for row in session.scalars(select(OptOut))] == [True]
    desk.sweep()
    assert desk.provider.taken[-1].to == "owner@clinic.example"


def test_what_was_not_taken_is_tried_again_later_and_later(desk: Desk) -> None:
    desk.owe()
    for wait in POLICIES[FailureKind.TRANSIENT].waits:
        desk.provider.deeds = [ChannelError("not reached", Fault.RETRY, "connection")]
        tried_at = desk.world.now
        desk.sweep()
        (row,) = desk.rows()
        assert wait <= row.due_at - tried_at <= wait * (1 + SPREAD) + SLACK
        desk.world.set_clock(row.due_at)
    desk.sweep()
    assert [one.to for one in desk.provider.taken] == [PHONE]
    assert (pauses(desk), desk.tickets()) == (0, [])


@pytest.mark.parametrize("wish", [None, timedelta(seconds=40), timedelta(hours=5)])
def test_too_fast_slows_the_sender_down_and_stops_it_for_no_longer(desk: Desk, wish: timedelta | None) -> None:
    desk.world.owe_texts(30)
    desk.provider.deeds = [None] * 5 + [ChannelError("busy", Fault.RETRY, "20429", wish)]
    now = desk.world.now
    desk.sweep()
    slow = min(max(wish or pacing.SLOW_DOWN, pacing.SLOW_DOWN), pacing.PAUSE)
    assert slow <= sender(desk).next_free_at - now <= slow + SLACK
    assert (sender(desk).paused_until, pauses(desk), desk.tickets()) == (None, 0, [])
    for _ in range(4):
        desk.world.set_clock(desk.world.now + max(slow, timedelta(hours=6)) / 4)
        desk.sweep()
    assert sorted(one.to for one in desk.provider.taken) == sorted(number(n) for n in range(30))


def test_a_receipt_of_too_fast_slows_it_down_for_a_minute(desk: Desk) -> None:
    desk.owe()
    desk.sweep()
    now = desk.world.now
    desk.says("undelivered", "30022")
    assert timedelta(minutes=1) <= sender(desk).next_free_at - now <= timedelta(minutes=1) + SLACK
    assert (sender(desk).paused_until, pauses(desk)) == (None, 0)
    assert desk.planned() == ["sms"]


@pytest.mark.parametrize(
    ("code", "status", "rest"),
    [
        ("20003", 401, pacing.PAUSE),
        ("30034", 400, pacing.PAUSE),
        ("21606", 400, pacing.PAUSE),
        ("63038", 429, timedelta(hours=1)),
    ],
)
def test_trouble_of_the_whole_sender_is_told_once_and_passes(
    desk: Desk, code: str, status: int, rest: timedelta
) -> None:
    desk.world.owe_texts(30)
    for _ in range(3):
        desk.provider.deeds = [refusal(code, status)] * 30
        now = desk.world.now
        desk.sweep()
        paused_until = sender(desk).paused_until
        assert paused_until is not None
        assert rest <= paused_until - now <= rest + SLACK
        assert desk.sweep().claimed == 0
        assert (pauses(desk), desk.tickets()) == (1, [(TicketKind.DELIVERY, "sender_paused")])
        desk.world.set_clock(paused_until)
    assert {(row.state.value, row.tries) for row in desk.rows()} == {("planned", 0)}
    desk.provider.deeds = []
    desk.sweep()
    assert len(desk.provider.taken) == len({one.to for one in desk.provider.taken}) == 30
    assert sender(desk).paused_reason is None
    desk.world.owe_texts(1, first=40)
    desk.provider.deeds = [refusal(code, status)]
    desk.sweep()
    assert pauses(desk) == 2, "it is news again"


def test_the_daily_cap_by_receipt_rests_the_sender_and_the_text_goes_again(desk: Desk) -> None:
    desk.owe()
    desk.sweep()
    desk.says("failed", "63038")
    assert (sender(desk).paused_reason, desk.planned()) == ("63038", ["sms"])
    desk.pass_time(2)
    desk.sweep()
    assert [one.to for one in desk.provider.taken] == [PHONE, PHONE]
