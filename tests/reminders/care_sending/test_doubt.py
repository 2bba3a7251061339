"""A text in doubt that the provider's list lacked twice: one more try or a person, as the clinic has set.

Seen to fail when: the rule was not asked for; it held a safety text back too; the ticket said that the message failed;
doubts stood in line; a run ended with the first go; polls ended after a day.
"""

from datetime import timedelta

import pytest
from sqlalchemy import update

from reminders.care.actors import Actor
from reminders.care.sending_rules import TypedRules, set_rules
from reminders.channels.base import ChannelError, Fault
from reminders.delivery import questions
from reminders.delivery.reconcile import AT_ONCE, reconcile
from reminders.models import Message
from reminders.models.kinds import Channel, Language, MessageKind, TicketKind
from reminders.outbox import Draft, enqueue
from schedules.lifecycle import State
from tests.promises.world import number
from tests.reminders.care_sending.conftest import Desk

LOST = ChannelError("no answer", Fault.UNKNOWN, "timeout")


def rule(desk: Desk, unknown: str) -> None:
    """The clinic sets what becomes of texts in doubt."""
    with desk.database.begin(desk.clinic.id) as session:
        set_rules(session, Actor(desk.clinic.id, "form"), desk.clinic, TypedRules(unknown), desk.world.now)


def look_twice(desk: Desk) -> None:
    """The provider's list is asked twice, some time apart, and the sweep goes on."""
    for _ in range(2):
        desk.pass_time(0.05)
        reconcile(desk.delivery)
    desk.sweep()


@pytest.mark.parametrize("taken", [False, True], ids=["it was lost", "it was taken and is not listed"])
def test_a_person_decides_where_the_clinic_wants_it(desk: Desk, *, taken: bool) -> None:
    rule(desk, "ask_staff")
    desk.provider.deeds, desk.provider.hide = ["accept and say nothing" if taken else LOST], True
    desk.owe()
    desk.sweep()
    look_twice(desk)
    assert desk.messages() == [("sms", "failed", "unresolved")]
    assert desk.tickets() == [(TicketKind.DELIVERY, "unknown")]
    assert len(desk.provider.taken) == int(taken)
    desk.says("delivered")
    assert desk.messages() == [("sms", "delivered", "")]


@pytest.mark.parametrize("set_so", [False, True])
def test_one_further_try_otherwise(desk: Desk, *, set_so: bool) -> None:
    if set_so:
        rule(desk, "ask_staff")
        rule(desk, "try_again")
    desk.provider.deeds = [LOST]
    desk.owe()
    desk.sweep()
    look_twice(desk)
    assert (desk.messages(), len(desk.provider.taken)) == ([("sms", "sent", "")], 1)
    assert desk.tickets() == []


def test_what_cannot_wait_and_what_cannot_double_are_tried_again_in_any_case(desk: Desk) -> None:
    """A safety text matters more than a double; a second e-mail has the same Message-ID."""
    rule(desk, "ask_staff")
    patient = desk.world.patient(number(0), "marie@example.org")
    now = desk.world.now
    texts = {"safety:urgent": (MessageKind.SAFETY, Channel.SMS), "answer:clear": (MessageKind.ANSWER, Channel.EMAIL)}
    drafts = [
        Draft(desk.clinic.id, kind, channel, template, Language.EN, template, now, now + timedelta(days=1), patient.id)
        for template, (kind, channel) in texts.items()
    ]
    with desk.database.begin() as session:
        enqueue(session, drafts, now)
    desk.provider.deeds, desk.provider.hide = [LOST, LOST], True
    desk.sweep()
    look_twice(desk)
    assert {state for _, state, _ in desk.messages()} == {"sent"}


def test_doubts_are_asked_about_before_what_only_lacks_a_receipt(desk: Desk) -> None:
    """And one run asks about more than goes in one go."""
    desk.world.owe_texts(AT_ONCE + 10)
    desk.provider.deeds, desk.provider.hide = [None] * (AT_ONCE + 9) + [LOST], True
    desk.sweep()
    desk.pass_time(1)
    with desk.database.begin() as session:
        session.execute(update(Message).where(Message.state == State.UNKNOWN).values(check_at=desk.world.now))
        (first,) = questions.pick(session, desk.world.now, 1)
        assert first.about.state is State.UNKNOWN
        session.rollback()
    assert reconcile(desk.delivery).asked == AT_ONCE + 10


def test_what_is_sent_is_asked_about_for_four_days_and_an_email_never(desk: Desk) -> None:
    desk.owe()
    desk.provider.can_look_up = True
    desk.sweep()
    desk.provider.can_look_up = False
    desk.world.owe_emails(1)
    desk.sweep()
    asked = []
    for hour in range(24 * 6):
        desk.pass_time(1)
        if reconcile(desk.delivery).asked:
            asked.append(hour + 1)
    assert asked == [1, 7, 31, 103]
    assert {row.check_at for row in desk.rows()} == {None}
