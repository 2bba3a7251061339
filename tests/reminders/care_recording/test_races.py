"""Two desks at one moment: the second waits for the first, and then sees what it did. On both databases.

Seen to fail when recording did not lock its patient.
"""

import threading
from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from reminders.care import patients
from reminders.care.patients import PatientInput
from reminders.care.treatments import TreatmentInput
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


@pytest.mark.parametrize("held", [True, False])
def test_the_same_treatment_recorded_at_two_desks_is_one(desk: Desk, held: bool) -> None:
    with desk.database.begin() as session:
        marie_id = desk.add(session).id

    def record(session: Session) -> None:
        desk.record(session, patients.get(session, desk.clinic.id, marie_id, held=held))

    assert side_by_side(desk, record, record) == [DuplicateError.__name__]
    with desk.database.read() as session:
        assert len(session.scalars(select(Treatment)).all()) == 1


def test_a_savepoint_that_is_taken_back_holds_nobody(desk: Desk) -> None:
    """Seen to fail when whoever was held in it counted as held afterwards."""
    with desk.database.begin() as session:
        marie_id = desk.add(session).id

    def held_in_vain(session: Session) -> None:
        with session.begin_nested() as savepoint:
            patient = patients.get(session, desk.clinic.id, marie_id, held=True)
            savepoint.rollback()
        desk.record(session, patient)

    def record(session: Session) -> None:
        desk.record(session, patients.get(session, desk.clinic.id, marie_id))

    assert side_by_side(desk, held_in_vain, record) == [DuplicateError.__name__]


def test_consents_granted_at_two_desks_plan_each_step_once(desk: Desk) -> None:
    with desk.database.begin() as session:
        treatment = desk.treated(session, agreed=())

    def agree(channel: Channel) -> Callable[[Session], object]:
        return lambda session: desk.agree(session, patients.get(session, desk.clinic.id, treatment.patient_id), channel)

    assert side_by_side(desk, agree(Channel.EMAIL), agree(Channel.SMS)) == []
    with desk.database.read() as session:
        assert [channel for _, channel, _ in messages_of(session, treatment.id)] == ["sms"] * 3
        assert [state for _, _, state, _ in reminders_of(session, treatment.id)] == ["skipped", "owed"] * 3


def test_one_external_id_recorded_for_two_patients_at_two_desks_is_one_treatment(desk: Desk) -> None:
    with desk.database.begin() as session:
        ids = [desk.add(session).id, desk.add(session, PatientInput("Paul", phone="514 555 0112")).id]

    def record(patient_id: UUID) -> Callable[[Session], object]:
        given = TreatmentInput("microneedling", "2026-03-10", "10:00", external_id="T-1")
        return lambda session: desk.record(session, patients.get(session, desk.clinic.id, patient_id), given)

    assert side_by_side(desk, *map(record, ids)) == [DuplicateError.__name__]
    with desk.database.read() as session:
        assert session.scalars(select(Treatment.patient_id)).all() == ids[:1]


def test_a_consent_that_is_being_written_counts_for_who_waits_for_it(desk: Desk) -> None:
    """Read in one statement with the lock, the ledger would be that of before the wait."""
    with desk.database.begin() as session:
        marie_id = desk.add(session).id

    def agree(session: Session) -> object:
        return desk.agree(session, patients.get(session, desk.clinic.id, marie_id), Channel.SMS)

    def record(session: Session) -> object:
        return desk.record(session, patients.get(session, desk.clinic.id, marie_id))

    assert side_by_side(desk, agree, record) == []
    with desk.database.read() as session:
        treatment_id = session.scalars(select(Treatment.id)).one()
        assert [channel for _, channel, _ in messages_of(session, treatment_id)] == ["sms"] * 3
