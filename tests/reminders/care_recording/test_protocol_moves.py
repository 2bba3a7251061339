"""Running treatments stay on their version until staff move them; what was sent is never sent again.

Seen to fail when: `owed._fits` forgot the version; a reminder kept what its step was in the old version.
"""

import itertools
from datetime import timedelta

import pytest
from sqlalchemy import select

from reminders.care import consents, protocol_drafts, protocol_versions, protocols, treatments
from reminders.care import protocol_moves as moves
from reminders.care.protocol_moves import Effect
from reminders.care.protocol_steps import TypedStep
from reminders.care.treatments import TreatedWhen, TreatmentInput
from reminders.models import Audit, Patient, ProtocolVersion, Reminder
from reminders.models.kinds import Channel, Language
from reminders.wording.findings import Place
from tests.conftest import NOW
from tests.reminders.care_recording.conftest import Desk, messages_of, reminders_of, set_state
from tests.reminders.care_recording.protocols_desk import (
    DAY_3,
    NEW_WORDS,
    owner,
    protocol_of,
    publish_new_words,
    publish_steps,
    steps,
    versions,
)

SMS = {Channel.SMS}


def test_running_treatments_stay_and_new_ones_follow_the_newest(desk: Desk) -> None:
    with desk.database.begin() as session:
        old = desk.treated(session, SMS)
        publish_new_words(session, desk)
        patient = session.get_one(Patient, old.patient_id)
        new = desk.record(session, patient, TreatmentInput("microneedling", "2026-03-09", "10:00"))
        assert versions(session, old.id) == {"day-1": 1, "day-3": 1, "day-7": 1}
        assert set(versions(session, new.id).values()) == {2}
        # Whatever else is planned anew keeps to the version.
        treatments.move(session, desk.actor, desk.clinic, old, TreatedWhen("2026-03-08", "09:30"), NOW)
        assert set(versions(session, old.id).values()) == {1}


def test_what_a_move_changes_is_seen_first_and_seeing_changes_nothing(desk: Desk) -> None:
    with desk.database.begin() as session:
        old = desk.treated(session, SMS)
        before = (versions(session, old.id), messages_of(session, old.id), reminders_of(session, old.id))
        publish_new_words(session, desk)
        seen = moves.foresee(session, desk.clinic, protocol_of(session, desk), NOW)
        assert (seen.treatments, seen.numbers, seen.newest.number) == (1, (1,), 2)
        assert seen.effect == Effect(keep=3)
        (changed,) = seen.texts
        assert (changed.place, changed.after) == (DAY_3, NEW_WORDS)
        assert "FPS 30" in changed.before
        assert before == (versions(session, old.id), messages_of(session, old.id), reminders_of(session, old.id))


def test_moved_treatments_are_sent_the_new_words_once(desk: Desk) -> None:
    with desk.database.begin() as session:
        old = desk.treated(session, SMS)
        due = messages_of(session, old.id)
        publish_new_words(session, desk)
        protocol, actor = protocol_of(session, desk), owner(session, desk)
        assert moves.move_running(session, actor, desk.clinic, protocol, NOW) == Effect(keep=3)
        assert versions(session, old.id) == {"day-1": 2, "day-3": 2, "day-7": 2}
        assert messages_of(session, old.id) == due, "the same steps, channel and times"
        assert {state for _, round_, state, _ in reminders_of(session, old.id)} == {"owed"}
        assert len(messages_of(session, old.id, "cancelled")) == 3
        assert moves.move_running(session, actor, desk.clinic, protocol, NOW) == Effect()
        (noted,) = session.scalars(select(Audit).where(Audit.action == "protocol.treatments_moved")).all()
        assert (noted.staff_id, noted.detail["treatments"]) == (actor.staff_id, 1)


@pytest.mark.parametrize("state", ["sending", "sent", "delivered", "unknown", "undelivered", "failed"])
def test_what_was_sent_or_may_have_been_is_never_sent_again(desk: Desk, state: str) -> None:
    """Not even when the new version gives the step another day."""
    with desk.database.begin() as session:
        old = desk.treated(session, SMS)
        set_state(session, old.id, "day-1", state)
        publish_steps(session, desk, steps(2, 4, 8))
        protocol, actor = protocol_of(session, desk), owner(session, desk)
        seen = moves.foresee(session, desk.clinic, protocol, NOW).effect
        assert moves.move_running(session, actor, desk.clinic, protocol, NOW) == seen == Effect(move=2)
        assert versions(session, old.id) == {"day-3": 2, "day-7": 2}
        assert [row[:3] for row in reminders_of(session, old.id)] == [(f"day-{n}", 1, "owed") for n in (1, 3, 7)]
        sent = [message for message in messages_of(session, old.id, state) if message[0] == "step:day-1"]
        assert len(sent) == 1


def test_what_a_worker_holds_is_taken_back_and_what_it_calls_for_is_not(desk: Desk) -> None:
    with desk.database.begin() as session:
        old = desk.treated(session, SMS)
        publish_new_words(session, desk)
        set_state(session, old.id, "day-1", "sending")
        set_state(session, old.id, "day-3", "claimed")
        moves.move_running(session, owner(session, desk), desk.clinic, protocol_of(session, desk), NOW)
        assert messages_of(session, old.id, "claimed") == []
        assert [message[0] for message in messages_of(session, old.id, "sending")] == ["step:day-1"]
        assert versions(session, old.id) == {"day-3": 2, "day-7": 2}


def test_steps_that_come_move_and_go(desk: Desk) -> None:
    with desk.database.begin() as session:
        old = desk.treated(session, SMS)
        typed = [*steps(1, 8, keys=("day-1", "day-7")), TypedStep("", "14", "10:00", "58", is_check_in=False)]
        publish_steps(session, desk, typed)
        protocol, actor = protocol_of(session, desk), owner(session, desk)
        seen = moves.foresee(session, desk.clinic, protocol, NOW)
        assert seen.effect == Effect(keep=1, move=1, add=1, cancel=1)
        assert {text.place.step for text in seen.texts} == {"day-3", "day-14"}
        assert moves.move_running(session, actor, desk.clinic, protocol, NOW) == seen.effect
        assert reminders_of(session, old.id) == [
            ("day-1", 1, "owed", ""),
            ("day-14", 1, "owed", ""),
            ("day-3", 1, "skipped", "not_in_protocol"),
            ("day-7", 1, "owed", ""),
        ]
        assert versions(session, old.id) == {"day-1": 2, "day-7": 2, "day-14": 2}


def test_a_step_that_begins_to_ask_is_answered_as_a_question(desk: Desk) -> None:
    with desk.database.begin() as session:
        old = desk.treated(session, SMS)
        typed = [*steps(1, 7, keys=("day-1", "day-7")), TypedStep("day-3", "3", "10:00", "58", is_check_in=True)]
        protocol, actor = protocol_of(session, desk), owner(session, desk)
        protocol_drafts.start(session, actor, protocol, NOW)
        protocol_drafts.change_steps(session, actor, protocol, typed, NOW)
        for language, channel in itertools.product(Language, Channel):
            question = session.get_one(ProtocolVersion, old.protocol_version_id).content["texts"][language]["day-7"]
            at = Place("day-3", language, channel)
            protocol_drafts.change_text(session, actor, protocol, at, question[channel], NOW)
        protocol_versions.publish(session, actor, desk.clinic, protocol, NOW)
        moves.move_running(session, actor, desk.clinic, protocol, NOW)
        asks = select(Reminder.step).where(Reminder.treatment_id == old.id, Reminder.is_check_in)
        assert set(session.scalars(asks)) == {"day-3", "day-7"}


def test_cancelled_treatments_stay_where_they_are(desk: Desk) -> None:
    with desk.database.begin() as session:
        cancelled = desk.treated(session, SMS)
        treatments.cancel(session, desk.actor, cancelled, "moved away", NOW)
        publish_new_words(session, desk)
        protocol, actor = protocol_of(session, desk), owner(session, desk)
        assert moves.foresee(session, desk.clinic, protocol, NOW).treatments == 0
        assert moves.move_running(session, actor, desk.clinic, protocol, NOW) == Effect()
        assert protocols.parse(session.get_one(ProtocolVersion, cancelled.protocol_version_id))
        assert messages_of(session, cancelled.id) == []


def test_a_follow_up_that_is_over_is_not_running(desk: Desk) -> None:
    with desk.database.begin() as session:
        desk.treated(session, SMS)
        publish_new_words(session, desk)
        protocol = protocol_of(session, desk)
        assert moves.foresee(session, desk.clinic, protocol, NOW + timedelta(days=10)).treatments == 1
        assert moves.foresee(session, desk.clinic, protocol, NOW + timedelta(days=41)).treatments == 0


def test_a_patient_who_opted_out_is_owed_nothing_by_the_new_version(desk: Desk) -> None:
    with desk.database.begin() as session:
        old = desk.treated(session, SMS)
        consents.withdraw(session, desk.actor, old.patient_id, Channel.SMS, NOW)
        publish_steps(session, desk, [*steps(1, 3, 7), TypedStep("", "14", "10:00", "58", is_check_in=False)])
        protocol, actor = protocol_of(session, desk), owner(session, desk)
        moves.move_running(session, actor, desk.clinic, protocol, NOW)
        assert messages_of(session, old.id) == []
        assert ("day-14", 1, "skipped", "no_consent") in reminders_of(session, old.id)
