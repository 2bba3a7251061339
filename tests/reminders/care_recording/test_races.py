"""Two desks at one moment: the second waits for the first, and then sees what it did. On both databases."""

import threading
from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session

from reminders.care import patients
from reminders.errors import DuplicateError
from reminders.models import Treatment
from reminders.models.kinds import Channel
from tests.reminders.care_recording.conftest import Desk, messages_of, reminders_of

_HEAD_START = 0.4
"""Seconds for which the first keeps its transaction open, so that the second meets it there."""


def side_by_side(desk: Desk, first: Callable[[Session], object], second: Callable[[Session], object]) -> list[str]:
    """Run `second` while `first` has acted and not committed; the names of the errors that came of it."""
    acted, errors = threading.Event(), []

    def later() -> None:
        acted.wait(10)
        try:
            with desk.database.begin() as session:
                second(session)
        except Exception as error:
            errors.append(type(error).__name__)

    thread = threading.Thread(target=later)
    thread.start()
    with desk.database.begin() as session:
        first(session)
        session.flush()
        acted.set()
        thread.join(_HEAD_START)
    thread.join(30)
    return errors


def test_the_same_treatment_recorded_at_two_desks_is_one(desk: Desk) -> None:
    with desk.database.begin() as session:
        marie_id = desk.add(session).id

    def record(session: Session) -> None:
        desk.record(session, patients.get(session, desk.clinic.id, marie_id))

    assert side_by_side(desk, record, record) == [DuplicateError.__name__]
    with desk.database.read() as session:
        assert len(session.scalars(select(Treatment)).all()) == 1


def test_consents_granted_at_two_desks_plan_each_step_once(desk: Desk) -> None:
    with desk.database.begin() as session:
        treatment = desk.treated(session, agreed=())

    def agree(channel: Channel) -> Callable[[Session], object]:
        return lambda session: desk.agree(session, patients.get(session, desk.clinic.id, treatment.patient_id), channel)

    assert side_by_side(desk, agree(Channel.EMAIL), agree(Channel.SMS)) == []
    with desk.database.read() as session:
        assert [channel for _, channel, _ in messages_of(session, treatment.id)] == ["sms"] * 3
        assert [state for _, _, state, _ in reminders_of(session, treatment.id)] == ["skipped", "owed"] * 3
