"""A line that is here already, perhaps elsewhere by now; and lines that fail alone. On both databases."""

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from reminders.care import treatments
from reminders.care.imports import run as run_module
from reminders.care.patients import PatientInput
from reminders.care.treatments import TreatedWhen, TreatmentInput
from reminders.models import Protocol, Treatment
from reminders.models.kinds import Channel
from tests.conftest import NOW
from tests.reminders.care_recording.conftest import Desk
from tests.reminders.care_recording.test_imports import HEADER, run, sizes

APPOINTMENTS = HEADER + ";No rendez-vous"
LISE, GUY = "Roy;Lise;514 555 0101;;{};oui;{}", "Roy;Guy;514 555 0102;;{};oui;{}"


def moved(desk: Desk, to: str) -> None:
    """The desk corrects the date of the only treatment."""
    with desk.database.begin() as session:
        treatment = session.scalars(select(Treatment)).one()
        treatments.move(session, desk.actor, desk.clinic, treatment, TreatedWhen(to), NOW)


def test_an_appointment_number_of_another_patient_swallows_no_treatment(desk: Desk) -> None:
    assert run(desk, LISE.format("09/03/2026", "A-1"), header=APPOINTMENTS) == [(2, "accepted", "")]
    before = sizes(desk)
    found = run(desk, GUY.format("09/03/2026", "A-1"), LISE.format("09/03/2026", "A-1"), header=APPOINTMENTS)
    assert found == [(2, "skipped", "appointment_of_other_patient"), (3, "already", "")]
    assert sizes(desk) == before


def test_an_appointment_with_another_date_is_said_and_not_moved(desk: Desk) -> None:
    run(desk, LISE.format("09/03/2026", "A-1"), header=APPOINTMENTS)
    found = run(desk, LISE.format("08/03/2026", "A-1"), header=APPOINTMENTS)
    assert found == [(2, "skipped", "appointment_on_other_date")]
    with desk.database.read() as session:
        assert session.scalars(select(Treatment.local_date)).one().day == 9


def test_an_appointment_of_another_kind_is_said(desk: Desk) -> None:
    run(desk, LISE.format("09/03/2026", "A-1"), header=APPOINTMENTS)
    with desk.database.begin() as session:
        session.scalars(select(Treatment)).one().protocol_id = other = uuid4()
        name = {"en": "Peeling", "fr": "Peeling"}
        session.add(Protocol(id=other, clinic_id=desk.clinic.id, key="peel", name=name, created_at=NOW))
    found = run(desk, LISE.format("07/03/2026", "A-1"), header=APPOINTMENTS)
    assert found == [(2, "skipped", "appointment_of_other_protocol")]


@pytest.mark.parametrize(("header", "number"), [(HEADER + ";Note", ""), (APPOINTMENTS, "A-1")])
def test_importing_twice_adds_nothing_after_the_desk_corrected_a_date(desk: Desk, header: str, number: str) -> None:
    line = LISE.format("09/03/2026", number)
    assert run(desk, line, header=header) == [(2, "accepted", "")]
    moved(desk, "2026-03-06")
    before = sizes(desk)
    assert run(desk, line, header=header) == [(2, "already", "")]
    assert sizes(desk) == before


def test_the_desks_own_treatment_is_known_to_the_file_after_a_correction_too(desk: Desk) -> None:
    line = "Roy;Lise;514 555 0101;;09/03/2026;oui"
    with desk.database.begin() as session:
        lise = desk.add(session, PatientInput("Lise", "Roy", "fr", "514 555 0101"))
        desk.agree(session, lise, Channel.SMS)
        desk.record(session, lise, TreatmentInput("microneedling", "2026-03-09"))
    assert run(desk, line) == [(2, "already", "")]
    moved(desk, "2026-03-06")
    assert run(desk, line) == [(2, "already", "")]
    assert sizes(desk)["treatment"] == 1


def test_another_appointment_on_the_day_that_one_was_moved_from_is_taken(desk: Desk) -> None:
    run(desk, LISE.format("09/03/2026", "A-1"), header=APPOINTMENTS)
    moved(desk, "2026-03-06")
    both = (LISE.format("09/03/2026", "A-1"), LISE.format("09/03/2026", "A-2"))
    assert run(desk, *both, header=APPOINTMENTS) == [(2, "already", ""), (3, "accepted", "both_go_on")]
    assert [status for _, status, _ in run(desk, *both, header=APPOINTMENTS)] == ["already"] * 2


def test_the_file_number_of_somebody_erased_stops_its_line_alone(desk: Desk) -> None:
    header = HEADER + ";No dossier"
    with desk.database.begin() as session:
        erased = desk.add(session, PatientInput("Anne", "Côté", "fr", "514 555 0199", external_id="D-9"))
        erased.erased_at = NOW
    rows = [
        f"Roy;{name};514 555 010{n};;09/03/2026;oui;{number}"
        for n, (name, number) in enumerate((("Lise", "D-1"), ("Anne", "D-9"), ("Guy", "D-2")), start=1)
    ]
    assert run(desk, *rows, header=header) == [
        (2, "accepted", ""),
        (3, "skipped", "external_id_taken"),
        (4, "accepted", ""),
    ]


def test_what_the_database_could_not_save_is_in_the_report_and_the_rest_is_saved(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = run_module.audit.note

    def fails_once(*args: Any) -> None:
        monkeypatch.setattr(run_module.audit, "note", given)
        raise OperationalError("", {}, Exception())

    monkeypatch.setattr(run_module, "_CHUNK", 1)
    monkeypatch.setattr(run_module, "_CHUNK_ON_SQLITE", 1)
    monkeypatch.setattr(run_module.audit, "note", fails_once)
    rows = [row.format("09/03/2026", "").removesuffix(";") for row in (LISE, GUY)]
    assert run(desk, *rows) == [(2, "skipped", "not_saved"), (3, "accepted", "")]
    assert sizes(desk)["patient"] == 1
