"""What two treatments would say twice goes in one message, and nothing is lost or doubled by that, whatever follows.

Seen to fail when: the joined message went with the treatment that was cancelled; a moved date moved it for both; a
check-in was joined; a join took what a worker had already begun to send; an opt-out from a
joined message was answered with an e-mail; nothing could be parted on a disconnected channel; what was
joined across two versions was parted for good; tips with a link to a page were joined.
"""

from copy import deepcopy
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from reminders.care import consents, fallback, optouts, replanning, superseding, treatments
from reminders.care.explain import explain
from reminders.care.reach import address_index
from reminders.care.treatment_input import TreatmentInput
from reminders.models import Message, MessageReminder, Patient, ProtocolVersion, Reminder, Sender, Treatment
from reminders.models.clinic import NOT_CONNECTED
from reminders.models.kinds import Channel, EventKind, Language, ReminderState
from schedules.lifecycle import State
from tests.conftest import NOW
from tests.reminders.care_recording.conftest import BOTH, Desk, set_state
from tests.reminders.care_recording.protocols_desk import publish_new_words

FACE = TreatmentInput("microneedling", "2026-03-10", "09:00")
HANDS = TreatmentInput("microneedling", "2026-03-10", "10:00")


def twice(desk: Desk, session: Session) -> tuple[Treatment, Treatment]:
    """Marie, treated twice this morning: her face, and her hands."""
    patient = desk.add(session)
    for channel in sorted(BOTH):
        desk.agree(session, patient, channel)
    return desk.record(session, patient, FACE), desk.record(session, patient, HANDS, confirmed=True)


def planned(session: Session) -> list[tuple[str, int]]:
    """Every planned message: its text, and how many reminders it carries."""
    session.flush()
    found = []
    for message in session.scalars(select(Message).where(Message.state == State.PLANNED).order_by(Message.due_at)):
        live = (MessageReminder.message_id == message.id, MessageReminder.live)
        found.append((message.template, len(session.scalars(select(MessageReminder).where(*live)).all())))
    return found


JOINED = [("step:day-1", 2), ("step:day-3", 2), ("step:day-7", 1), ("step:day-7", 1)]
ALONE = [("step:day-1", 1), ("step:day-3", 1), ("step:day-7", 1)]


def test_the_same_advice_goes_once_and_each_check_in_by_itself(desk: Desk) -> None:
    with desk.database.begin() as session:
        first, second = twice(desk, session)
        assert planned(session) == JOINED
        assert carriers(session, first, "day-1") == carriers(session, second, "day-1")[-1:]
        told = [explain(reminder, messages) for reminder, messages in story(session, "day-1")]
        assert {one.key for one in told} == {"message_planned"}


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("how", ["cancelled", "moved", "superseded"])
def test_what_becomes_of_one_leaves_the_other_its_message(desk: Desk, which: int, how: str) -> None:
    with desk.database.begin() as session:
        both = twice(desk, session)
        changed, other = both[which], both[1 - which]
        if how == "cancelled":
            treatments.cancel(session, desk.actor, changed, "by mistake", NOW)
        elif how == "moved":
            treatments.move(session, desk.actor, desk.clinic, changed, treatments.TreatedWhen("2026-03-09"), NOW)
        else:
            superseding.supersede(session, desk.actor, changed, other.id, NOW)
        mine = [message for message in live(session) if message.treatment_id == other.id]
        assert [message.template for message in mine] == ["step:day-1", "step:day-3", "step:day-7"]
        assert {message.due_at.day for message in mine} == {11, 13, 17}
        if how != "moved":
            assert planned(session) == ALONE


def test_moved_back_they_go_together_again(desk: Desk) -> None:
    with desk.database.begin() as session:
        _, second = twice(desk, session)
        for day in ("2026-03-09", "2026-03-08"):
            treatments.move(session, desk.actor, desk.clinic, second, treatments.TreatedWhen(day, "10:00"), NOW)
            assert [count for _, count in planned(session)] == [1] * len(planned(session))
        session.execute(update(Treatment).where(Treatment.id == second.id).values(ordinal=2))
        session.refresh(second)
        second.treated_at += timedelta(days=2)
        second.local_date += timedelta(days=2)
        patient = session.get_one(Patient, second.patient_id)
        replanning.revise(session, desk.clinic, patient, second, NOW)
        assert planned(session) == JOINED


def test_another_language_or_channel_leads_to_one_message_again(desk: Desk) -> None:
    with desk.database.begin() as session:
        first, _ = twice(desk, session)
        patient = session.get_one(Patient, first.patient_id)
        patient.language = Language.EN
        replanning.refresh(session, desk.clinic, patient, NOW)
        assert planned(session) == JOINED
        consents.withdraw(session, desk.actor, patient.id, Channel.SMS, NOW)
        assert planned(session) == JOINED
        assert {(message.channel, message.language) for message in live(session)} == {(Channel.EMAIL, Language.EN)}


def test_a_step_that_is_kept_apart_is(desk: Desk) -> None:
    with desk.database.begin() as session:
        version = session.scalars(select(ProtocolVersion)).one()
        steps = [step | ({"apart": True} if step["key"] == "day-1" else {}) for step in version.content["steps"]]
        version.content = version.content | {"steps": steps}
        session.flush()
        twice(desk, session)
        assert planned(session) == [("step:day-1", 1)] * 2 + JOINED[1:]


def test_what_leads_to_a_page_about_one_treatment_is_not_joined(desk: Desk) -> None:
    with desk.database.begin() as session:
        version = session.scalars(select(ProtocolVersion)).one()
        texts = deepcopy(version.content["texts"])
        texts["fr"]["day-1"]["sms"]["body"] += "[[ {check_in_url}]]"
        version.content = version.content | {"texts": texts}
        session.flush()
        twice(desk, session)
        assert planned(session) == [("step:day-1", 1)] * 2 + JOINED[1:]


def test_other_words_are_never_put_together(desk: Desk) -> None:
    """Treated two days apart, day 3 of the first is day 1 of the second."""
    with desk.database.begin() as session:
        patient = desk.add(session)
        desk.agree(session, patient, Channel.SMS)
        desk.record(session, patient, TreatmentInput("microneedling", "2026-03-08", "10:00"))
        desk.record(session, patient, HANDS, supersedes=False)
        assert {count for _, count in planned(session)} == {1}
        assert [message.due_at.day for message in live(session)].count(11) == 2


@pytest.mark.parametrize("state", [State.CLAIMED, State.SENDING, State.DELIVERED])
def test_what_is_already_being_sent_is_not_joined(desk: Desk, state: State) -> None:
    with desk.database.begin() as session:
        patient = desk.add(session)
        desk.agree(session, patient, Channel.SMS)
        first = desk.record(session, patient, FACE)
        set_state(session, first.id, "day-1", state)
        desk.record(session, patient, HANDS, confirmed=True)
        assert planned(session)[0] == ("step:day-1", 1)
        assert planned(session)[1] == ("step:day-3", 2)


def test_a_lost_text_is_one_email_that_carries_both(desk: Desk) -> None:
    with desk.database.begin() as session:
        first, _ = twice(desk, session)
        (message, *_) = live(session)
        set_state(session, first.id, "day-1", "undelivered")
        session.execute(update(MessageReminder).where(MessageReminder.message_id == message.id).values(live=False))
        session.refresh(message)
        assert fallback.send_instead(session, fallback.Loss(message, EventKind.UNDELIVERED, "30005"), NOW)
        assert planned(session)[0] == ("step:day-1", 2)
        assert live(session)[0].channel is Channel.EMAIL
        treatments.cancel(session, desk.actor, first, "by mistake", NOW)
        assert planned(session) == ALONE


def test_a_patients_address_or_opt_out_is_asked_for_all_that_it_carries(desk: Desk) -> None:
    with desk.database.begin() as session:
        first, _ = twice(desk, session)
        patient = session.get_one(Patient, first.patient_id)
        for channel in Channel:
            consents.withdraw(session, desk.actor, patient.id, channel, NOW)
        assert live(session) == []
        assert {row.state for row in session.scalars(select(Reminder))} == {ReminderState.SKIPPED}
        desk.agree(session, patient, Channel.SMS, NOW + timedelta(minutes=1))
        assert planned(session) == JOINED


def test_an_opt_out_calls_off_for_good_all_that_was_joined(desk: Desk) -> None:
    """By the address alone, as the page asks it: the e-mail consents stand, yet a STOP is not answered by e-mail."""
    with desk.database.begin() as session:
        first, _ = twice(desk, session)
        patient = session.get_one(Patient, first.patient_id)
        address = address_index(patient, Channel.SMS)
        assert address
        optouts.opt_out(session, optouts.OptOutRequest(desk.clinic.id, Channel.SMS, address, "page"), NOW)
        patient.language = Language.EN
        replanning.refresh(session, desk.clinic, patient, NOW + timedelta(minutes=5))
        assert [message for message in live(session) if message.template.startswith("step:")] == []
        desk.agree(session, patient, Channel.EMAIL, NOW + timedelta(minutes=10))
        assert [told for told in planned(session) if told[0].startswith("step:")] == JOINED


@pytest.mark.parametrize("has_mail", [True, False])
@pytest.mark.parametrize("how", ["cancelled", "moved", "withdrawn"])
def test_what_is_joined_is_parted_on_a_disconnected_channel_too(desk: Desk, how: str, has_mail: bool) -> None:
    with desk.database.begin() as session:
        first, second = twice(desk, session)
        (had,) = {message.sender_id for message in live(session)}
        gone = sorted(Channel) if not has_mail else [Channel.SMS]
        session.execute(update(Sender).where(Sender.channel.in_(gone)).values(address=NOT_CONNECTED))
        if how == "cancelled":
            treatments.cancel(session, desk.actor, first, "by mistake", NOW)
        elif how == "moved":
            treatments.move(session, desk.actor, desk.clinic, first, treatments.TreatedWhen("2026-03-09"), NOW)
        else:
            consents.withdraw(session, desk.actor, first.patient_id, Channel.SMS, NOW)
            assert planned(session) == (JOINED if has_mail else [])
            return
        mine = [message for message in live(session) if message.treatment_id == second.id]
        assert [message.template for message in mine] == ["step:day-1", "step:day-3", "step:day-7"]
        assert {message.sender_id for message in mine} == {had}


def test_what_two_versions_say_in_the_same_words_stays_together(desk: Desk) -> None:
    """The second visit of a day follows a version published in between, of which only day 3 is another text."""
    with desk.database.begin() as session:
        patient = desk.add(session)
        desk.agree(session, patient, Channel.SMS)
        desk.record(session, patient, FACE)
        publish_new_words(session, desk)
        desk.record(session, patient, HANDS, confirmed=True)
        told = planned(session)
        assert told == [("step:day-1", 2), ("step:day-3", 1), ("step:day-3", 1), *JOINED[2:]]
        replanning.refresh(session, desk.clinic, patient, NOW)
        assert planned(session) == told


def carriers(session: Session, treatment: Treatment, step: str) -> list[Message]:
    query = (
        select(Message)
        .join(MessageReminder, MessageReminder.message_id == Message.id)
        .join(Reminder, Reminder.id == MessageReminder.reminder_id)
        .where(Reminder.treatment_id == treatment.id, Reminder.step == step)
    )
    return list(session.scalars(query.order_by(MessageReminder.live, Message.created_at)))


def story(session: Session, step: str) -> list[tuple[Reminder, list[Message]]]:
    rows = session.scalars(select(Reminder).where(Reminder.step == step)).all()
    return [(row, carriers(session, session.get_one(Treatment, row.treatment_id), step)) for row in rows]


def live(session: Session) -> list[Message]:
    session.flush()
    asked = select(Message).where(Message.state == State.PLANNED).order_by(Message.due_at, Message.id)
    return list(session.scalars(asked.execution_options(populate_existing=True)))
