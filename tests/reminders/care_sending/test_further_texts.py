"""A text that did not arrive: further texts over hours, the e-mail, then staff; and one successor whatever happens.

Seen to fail when: a further text came after a permanent code, at night, on a closed day, or when useless; the policy
allowed a fourth text; a late delivery waited for its event; its event was done with a successor still being called; a
delivered message counted as owed; a corrected number left two, and so did one put right afterwards; a further text
was kept for a patient without a number.
"""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from reminders.care import consents
from reminders.care.actors import Actor
from reminders.care.explain import sentence
from reminders.care.timeline import why
from reminders.channels.base import ChannelError, Fault, Outgoing
from reminders.delivery.reconcile import reconcile
from reminders.ids import new_id
from reminders.models import Clinic, Event, Message, Patient, Sender
from reminders.models.clinic import NOT_CONNECTED
from reminders.models.kinds import Channel, Language, TicketKind
from reminders.outbox import Claim, claim
from schedules.lifecycle import State
from tests.promises.world import TUESDAY
from tests.reminders.care_sending.conftest import EMAIL, OTHER_PHONE, PHONE, Desk

OFF = "30003"
UNREACHABLE = (TicketKind.UNREACHABLE, "undelivered")


def withdraw(desk: Desk, patient: Patient, channel: Channel) -> None:
    """The patient no longer agrees to a channel."""
    with desk.database.begin() as session:
        consents.withdraw(session, Actor(desk.clinic.id, "form"), patient.id, channel, desk.world.now)


def explained(desk: Desk, patient: Patient, language: Language = Language.EN) -> str:
    """Why the check-in was, will be, or was not sent."""
    with desk.database.read() as session:
        found = why(session, session.get_one(Clinic, desk.clinic.id), patient)
        told = [one for one in found.values() if one.key.startswith("message_")]
        return sentence(told[-1], language, ZoneInfo("America/Toronto"))


def test_two_further_texts_over_hours_then_the_email_then_nothing_more(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From 10:00 on, so that the window would allow a fourth text."""
    monkeypatch.setattr("random.random", lambda: 0.0)
    desk.world.set_clock(TUESDAY - timedelta(hours=1))
    patient = desk.owe()
    desk.sweep()
    for wait in (timedelta(hours=1), timedelta(hours=4)):
        failed_at = desk.world.now
        desk.says("undelivered", OFF)
        further = desk.rows()[-1]
        assert (further.channel, further.state, further.reason) == (Channel.SMS, State.PLANNED, "further_text")
        assert wait <= further.due_at - failed_at <= wait + timedelta(minutes=1)
        assert "because an earlier text did not arrive" in explained(desk, patient)
        assert "un texto précédent n'est pas arrivé" in explained(desk, patient, Language.FR)
        assert desk.sweep().claimed == 0
        desk.world.set_clock(further.due_at)
        assert desk.sweep().sent == 1
    desk.says("undelivered", OFF)
    assert [one.to for one in desk.provider.taken] == [PHONE] * 3
    assert explained(desk, patient).startswith("The text did not arrive. ")
    assert desk.sweep().sent == 1
    assert desk.provider.taken[-1].to == EMAIL
    assert desk.tickets() == []
    assert len({row.dedupe_key for row in desk.rows()}) == 4


@pytest.mark.parametrize("code", ["30005", "30007", "", "99999"])
def test_what_no_further_text_can_mend_goes_by_email_at_once(desk: Desk, code: str) -> None:
    desk.owe()
    desk.sweep()
    desk.says("undelivered", code)
    assert desk.planned() == ["email"]


def test_without_a_number_to_send_by_it_goes_by_email(desk: Desk) -> None:
    """Seen to fail: the further text could not be queued, and its event stayed open for ever."""
    desk.owe()
    desk.sweep()
    with desk.database.begin() as session:
        session.execute(update(Sender).where(Sender.channel == Channel.SMS).values(address=NOT_CONNECTED))
    desk.says("undelivered", OFF)
    assert desk.planned() == ["email"]
    with desk.database.read() as session:
        assert None not in session.scalars(select(Event.handled_at)).all()


def test_without_consent_to_email_staff_hear_after_the_last_text(desk: Desk) -> None:
    withdraw(desk, desk.owe(), Channel.EMAIL)
    desk.sweep()
    for _ in range(2):
        desk.says("undelivered", OFF)
        assert (desk.planned(), desk.tickets()) == (["sms"], [])
        desk.world.set_clock(desk.rows()[-1].due_at)
        desk.sweep()
    desk.says("undelivered", OFF)
    assert (desk.planned(), desk.tickets()) == ([], [UNREACHABLE])


@pytest.mark.parametrize(
    ("hours", "planned"),
    [(7.5, ["sms"]), (8.2, ["email"])],
    ids=["18:30, so 19:30 at the earliest", "19:12, so at night"],
)
def test_no_further_text_outside_the_window(
    desk: Desk, hours: float, planned: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("random.random", lambda: 0.0)
    desk.owe()
    desk.pass_time(hours)
    desk.sweep()
    desk.says("undelivered", OFF)
    assert desk.planned() == planned


def test_no_check_in_text_on_a_day_on_which_nobody_is_there(desk: Desk) -> None:
    """Failed on Saturday; on Sunday the clinic is closed."""
    desk.world.set_clock(TUESDAY + timedelta(days=4))
    desk.owe()
    desk.sweep()
    desk.pass_time(24)
    desk.says("undelivered", OFF)
    assert desk.planned() == ["email"]


def test_no_further_text_once_it_is_useless(desk: Desk) -> None:
    desk.owe()
    desk.sweep()
    with desk.database.begin() as session:
        session.scalars(select(Message)).one().useful_until = desk.world.now + timedelta(minutes=50)
    desk.says("undelivered", OFF)
    assert desk.planned() == ["email"]


@pytest.mark.parametrize(("code", "channel"), [(OFF, "sms"), ("30005", "email")])
@pytest.mark.parametrize("claimed", [False, True])
def test_a_late_delivery_calls_off_what_took_its_place_also_when_claimed(
    desk: Desk, code: str, channel: str, *, claimed: bool
) -> None:
    desk.owe()
    desk.sweep()
    desk.says("undelivered", code)
    if claimed:
        with desk.database.begin() as session:
            row = session.scalars(select(Message).where(Message.state == State.PLANNED)).one()
            row.due_at = desk.world.now
            session.flush()
            lease = desk.world.now + timedelta(minutes=2)
            assert claim(session, Claim(row.sender_id, new_id(), 9, desk.world.now, lease))
    desk.says("delivered", handled=False)
    assert desk.messages()[1] == (channel, "cancelled", "delivered_late")
    desk.pass_time(5)
    desk.sweep()
    assert (len(desk.provider.taken), desk.tickets()) == (1, [])


def test_a_late_delivery_that_comes_before_its_failure_is_handled(desk: Desk) -> None:
    desk.owe()
    desk.sweep()
    desk.says("undelivered", OFF, handled=False)
    desk.says("delivered")
    assert desk.messages() == [("sms", "delivered", "")]


def test_what_has_left_stays_and_its_failure_brings_nothing_more(desk: Desk) -> None:
    desk.owe()
    desk.sweep()
    desk.says("undelivered", OFF)
    desk.world.set_clock(desk.rows()[-1].due_at)
    desk.sweep()
    desk.says("delivered", of=0)
    assert desk.messages() == [("sms", "delivered", ""), ("sms", "sent", "")]
    desk.says("undelivered", OFF, of=1)
    assert (desk.planned(), desk.tickets()) == ([], [])


def test_a_successor_that_was_being_called_is_called_off_when_it_comes_back(desk: Desk) -> None:
    """The late delivery comes while the provider is being called, and the provider does not take it."""
    desk.owe()
    desk.sweep()
    desk.says("undelivered", OFF)
    desk.world.set_clock(desk.rows()[-1].due_at)

    def late(_: Outgoing) -> None:
        desk.provider.during = None
        desk.says("delivered", of=0)
        assert desk.messages()[1][1] == "sending"
        with desk.database.read() as session:
            assert session.scalars(select(Event.handled_at).order_by(Event.at.desc())).first() is None
        raise ChannelError("busy", Fault.RETRY, "connection")

    desk.provider.during = late
    desk.sweep()
    assert desk.messages()[1] == ("sms", "cancelled", "delivered_late")
    with desk.database.read() as session:
        assert None not in session.scalars(select(Event.handled_at)).all()


@pytest.mark.parametrize("code", [OFF, "30005"])
def test_a_number_put_right_before_the_failure_is_handled_leaves_one_successor(desk: Desk, code: str) -> None:
    patient = desk.owe()
    desk.sweep()
    desk.says("undelivered", code, handled=False)
    desk.correct_number(patient)
    desk.sweep()
    assert desk.tickets() == []
    desk.pass_time(6)
    desk.sweep()
    assert [one.to for one in desk.provider.taken] == [PHONE, OTHER_PHONE]


@pytest.mark.parametrize("code", [OFF, "30005"])
def test_a_number_put_right_afterwards_leaves_one_successor(desk: Desk, code: str) -> None:
    patient = desk.owe()
    desk.sweep()
    desk.says("undelivered", code)
    desk.correct_number(patient)
    desk.pass_time(6)
    desk.sweep()
    assert [one.to for one in desk.provider.taken] == [PHONE, OTHER_PHONE]
    assert desk.tickets() == []


@pytest.mark.parametrize("by_hand", [False, True], ids=["the number is taken off the file", "no more texts, please"])
def test_who_can_no_longer_be_texted_gets_the_email_in_the_further_texts_place(desk: Desk, *, by_hand: bool) -> None:
    patient = desk.owe()
    desk.sweep()
    desk.says("undelivered", OFF)
    if by_hand:
        withdraw(desk, patient, Channel.SMS)
    else:
        desk.correct_number(patient, "")
    assert desk.messages()[1:] == [("sms", "cancelled", "replaced"), ("email", "planned", "")]
    desk.sweep()
    assert [one.to for one in desk.provider.taken] == [PHONE, EMAIL]
    assert desk.tickets() == []


def test_a_number_put_right_and_wrong_again_is_for_the_email(desk: Desk) -> None:
    patient = desk.owe()
    desk.sweep()
    desk.says("undelivered", "30005", handled=False)
    desk.correct_number(patient)
    desk.correct_number(patient, PHONE)
    desk.sweep()
    assert (desk.planned(), desk.tickets()) == (["email"], [])


def test_a_failure_that_only_the_poll_finds_is_the_same(desk: Desk) -> None:
    desk.owe()
    desk.sweep()
    (listed,) = desk.provider.listed
    failed = {name: getattr(listed, name) for name in listed.__slots__}
    desk.provider.listed = [type(listed)(**failed | {"state": State.UNDELIVERED, "error_code": OFF})]
    desk.pass_time(0.5)
    assert reconcile(desk.delivery).found == 1
    desk.sweep()
    assert desk.messages() == [("sms", "undelivered", "undelivered"), ("sms", "planned", "further_text")]
    desk.provider.listed = [type(listed)(**failed | {"state": State.DELIVERED})]
    desk.says("delivered", of=0)
    assert desk.messages()[1] == ("sms", "cancelled", "delivered_late")


def test_receipts_that_come_again_add_nothing(desk: Desk) -> None:
    desk.owe()
    desk.sweep()
    for _ in range(3):
        desk.says("undelivered", OFF)
    desk.says("failed", "30005")
    assert desk.planned() == ["sms"]
