"""Patients added, changed and found, on both databases."""

from dataclasses import replace
from uuid import uuid4

import pytest
from sqlalchemy import func, select, text

from reminders.care import patients
from reminders.care.patients import PatientInput
from reminders.database import keyring_of
from reminders.errors import DuplicateError, InvalidInputError, NotFoundError
from reminders.models import Audit, NameToken, Patient
from tests.conftest import NOW
from tests.reminders.care_recording.conftest import MARIE, Desk


@pytest.mark.parametrize(
    "typed",
    ["mar tre", "TREMBLAY", "ève", "514-555-0111", "+1 (514) 555 0111", "5145550111", "Marie@Example.ORG", "D-1"],
)
def test_is_found(desk: Desk, typed: str) -> None:
    with desk.database.begin() as session:
        marie = desk.add(session)
        desk.add(session, PatientInput("Martine", "Gagnon", phone="514 555 0112", external_id="D-2"))
        assert patients.search(session, desk.clinic.id, typed, 10) == [marie]


@pytest.mark.parametrize(
    "typed", ["", "   ", "m", "%", "_", "a\0b", "marc", "514-555-0199", "x@example.org", "D-", "'; --"]
)
def test_finds_nobody(desk: Desk, typed: str) -> None:
    with desk.database.begin() as session:
        desk.add(session)
        assert patients.search(session, desk.clinic.id, typed, 10) == []


def test_another_clinic_finds_nobody(desk: Desk) -> None:
    with desk.database.begin() as session:
        marie = desk.add(session)
        for typed in ("mar tre", "514-555-0111", "marie@example.org", "D-1"):
            assert patients.search(session, uuid4(), typed, 10) == []
        with pytest.raises(NotFoundError):
            patients.get(session, uuid4(), marie.id)


def test_the_erased_are_not_found(desk: Desk) -> None:
    with desk.database.begin() as session:
        marie = desk.add(session)
        marie.erased_at = NOW
        session.flush()
        assert patients.search(session, desk.clinic.id, "mar", 10) == []
        with pytest.raises(NotFoundError):
            patients.get(session, desk.clinic.id, marie.id)


def test_a_family_shares_a_number(desk: Desk) -> None:
    with desk.database.begin() as session:
        marie = desk.add(session)
        leo = PatientInput("Léo", "Tremblay", phone="(514) 555-0111")
        assert patients.same_address(session, desk.clinic.id, patients.clean(leo, desk.clinic)) == [marie]
        assert desk.add(session, leo).phone_index == marie.phone_index
        assert len(patients.search(session, desk.clinic.id, "tremblay", 10)) == 2
        assert len(patients.search(session, desk.clinic.id, "tremblay", 1)) == 1
        nobody = patients.clean(PatientInput("Léa"), desk.clinic)
        assert patients.same_address(session, desk.clinic.id, nobody) == []


def test_nothing_personal_is_readable(desk: Desk) -> None:
    with desk.database.begin() as session:
        desk.add(session, replace(MARIE, guardian="Lucie", birth_date="1990-05-17"))
    with desk.database.engine.connect() as connection:
        stored = " ".join(
            str(value) if not isinstance(value, (bytes, memoryview)) else bytes(value).decode("latin-1")
            for table in ("patient", "name_token", "audit")
            for row in connection.execute(text(f"SELECT * FROM {table}"))
            for value in row
        ).lower()
    for told in ("marie", "tremblay", "5550111", "lucie", "1990"):
        assert told not in stored


def test_a_changed_name_is_found_by_the_new_one_only(desk: Desk) -> None:
    with desk.database.begin() as session:
        marie = desk.add(session)
        given = patients.clean(replace(MARIE, family_name="Roy"), desk.clinic)
        assert patients.change(session, desk.actor, desk.clinic, marie, given, NOW) == {"family_name"}
        assert patients.search(session, desk.clinic.id, "tremblay", 10) == []
        assert patients.search(session, desk.clinic.id, "roy", 10) == [marie]
        note = session.scalars(select(Audit).where(Audit.action == "patient.changed")).one()
        assert note.detail == {"source": "form", "fields": ["family_name"]}


def test_a_change_of_nothing_leaves_no_trace(desk: Desk) -> None:
    with desk.database.begin() as session:
        marie = desk.add(session)
        given = patients.clean(MARIE, desk.clinic)
        assert patients.change(session, desk.actor, desk.clinic, marie, given, NOW) == frozenset()
        assert session.scalars(select(Audit.action)).all() == ["patient.added"]


def test_an_external_id_is_taken_once(desk: Desk) -> None:
    with desk.database.begin() as session:
        marie = desk.add(session)
        paul = desk.add(session, PatientInput("Paul", external_id="D-2"))
        with pytest.raises(DuplicateError) as error:
            desk.add(session, PatientInput("Zoé", external_id="D-1"))
        assert error.value.existing_id == str(marie.id)
        given = patients.clean(PatientInput("Paul", external_id="D-1"), desk.clinic)
        with pytest.raises(DuplicateError):
            patients.change(session, desk.actor, desk.clinic, paul, given, NOW)
        assert session.scalar(select(func.count()).select_from(Patient)) == 2
        assert paul.external_id == "D-2"


@pytest.mark.parametrize(
    ("born", "problem"), [("2026-03-11", "birth_date_in_future"), ("1726-03-10", "birth_date_far_past")]
)
def test_birth_dates_make_sense(desk: Desk, born: str, problem: str) -> None:
    with desk.database.begin() as session:
        with pytest.raises(InvalidInputError) as error:
            desk.add(session, replace(MARIE, birth_date=born))
        assert error.value.problems["birth_date"].key == problem
        assert desk.add(session, replace(MARIE, birth_date="2026-03-10")).birth_date == "2026-03-10"


def test_tokens_are_as_many_as_words(desk: Desk) -> None:
    with desk.database.begin() as session:
        marie = desk.add(session)
        held = session.scalar(select(func.count()).select_from(NameToken).where(NameToken.patient_id == marie.id))
        # marie, eve, tremblay
        assert held == 3
        assert marie.email_index == keyring_of(session).index("email", "marie@example.org")
