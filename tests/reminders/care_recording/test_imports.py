"""A practice system's export imported: the report by line, twice without harm, and every wrong file. Both databases."""

import codecs
from collections import Counter
from collections.abc import Mapping
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from reminders.care import consents, imports
from reminders.care.imports import ImportReport
from reminders.care.imports.columns import HEADERS
from reminders.care.imports.report import report_lines
from reminders.care.imports.words import COLUMNS, HEADINGS, REASONS
from reminders.care.patients import PatientInput
from reminders.errors import InvalidInputError, NotFoundError
from reminders.models import Base, Message, Patient, Reminder
from reminders.models.kinds import Channel, Language
from tests.conftest import NOW
from tests.data import make_practice_export
from tests.reminders.care_recording.conftest import Desk

EXPORT = make_practice_export.PATH.read_bytes()
LAST_LINES = b"\r\n".join([EXPORT.splitlines()[0], *EXPORT.splitlines()[246:]])
"""The export's header, and its last 55 lines: where the wrong ones are."""

HEADER = "Nom;Prénom;Téléphone;Courriel;Date du traitement;Consentement texto"

ACCEPTED = {"": 220, "no_consent": 17, "too_late": 21}
SKIPPED = {
    "name_missing": 1, "name_unreadable": 1, "control_characters": 1, "phone_impossible": 3, "email_impossible": 2,
    "date_missing": 1, "date_unreadable": 3, "date_far_past": 2, "treatment_in_future": 2, "time_nonexistent": 1,
    "time_unreadable": 2, "birth_date_unreadable": 1, "birth_date_in_future": 1, "birth_date_far_past": 1,
    "protocol_unknown": 1, "protocol_missing": 1, "consent_unreadable": 1, "language_unknown": 1, "other_patient": 1,
    "too_many_cells": 1, "duplicate_in_file": 14,
}  # fmt: skip

CLASHES = (
    *("appointment_of_other_patient", "appointment_of_other_protocol", "appointment_on_other_date"),
    *("external_id_taken", "not_saved"),
)


def counts(report: ImportReport, status: str) -> dict[str, int]:
    return dict(Counter(line.reason for line in report.lines if line.status == status))


def sizes(desk: Desk) -> dict[str, int]:
    """How many rows each table has."""
    with desk.database.read() as session:
        tables = Base.metadata.sorted_tables
        return {table.name: session.scalar(select(func.count()).select_from(table)) or 0 for table in tables}


def run(desk: Desk, *rows: str, header: str = HEADER) -> list[tuple[int, str, str]]:
    data = "\r\n".join([header, *rows]).encode()
    report = imports.import_csv(desk.database, desk.clinic.id, data, NOW)
    return [(line.line, line.status, line.reason) for line in report.lines]


def test_the_file_is_what_its_script_makes() -> None:
    assert make_practice_export.render() == EXPORT
    assert EXPORT.count(b"\r\n") == 301


def test_the_export_is_imported_line_by_line_and_again_adds_nothing(desk: Desk) -> None:
    report = imports.import_csv(desk.database, desk.clinic.id, EXPORT, NOW)
    assert [line.line for line in report.lines] == list(range(2, 302))
    assert counts(report, "accepted") == ACCEPTED
    assert counts(report, "skipped") == SKIPPED
    found = sizes(desk)
    # One row a patient, but for the 15 who came twice; the wrong and the repeated lines left nothing.
    assert (found["treatment"], found["patient"]) == (258, 243)
    assert found["reminder"] == 3 * 258
    assert found["provider"] == 3
    with desk.database.read() as session:
        silent = select(Reminder.treatment_id).where(Reminder.state == "owed").distinct()
        assert len(session.scalars(silent).all()) == ACCEPTED[""]
        owed = session.scalar(select(func.count()).select_from(Reminder).where(Reminder.state == "owed"))
        assert found["message"] == owed
        assert found["message_reminder"] == owed
    second = imports.import_csv(desk.database, desk.clinic.id, EXPORT, NOW)
    assert sizes(desk) == found
    assert counts(second, "already") == {"": sum(ACCEPTED.values())}
    assert [line for line in second.lines if line.status == "skipped"] == [
        line for line in report.lines if line.status == "skipped"
    ]


def test_a_dry_run_says_the_same_and_leaves_nothing(desk: Desk) -> None:
    before = sizes(desk)
    trial = imports.import_csv(desk.database, desk.clinic.id, LAST_LINES, NOW, dry_run=True)
    assert sizes(desk) == before
    assert trial.lines == imports.import_csv(desk.database, desk.clinic.id, LAST_LINES, NOW).lines


def test_a_dry_run_and_a_writer_do_not_wait_for_each_other(desk: Desk) -> None:
    """SQLite has one writer. Seen to fail (after its 30 seconds) when the trial wrote into the database itself."""
    with desk.database.begin() as session:
        desk.add(session)
        trial = imports.import_csv(desk.database, desk.clinic.id, LAST_LINES, NOW, dry_run=True)
        assert {line.reason for line in trial.lines} & {"not_saved"} == set()


@pytest.mark.parametrize(
    ("encoding", "delimiter"), [("cp1252", ";"), ("utf-8", ","), ("utf-16", "\t"), ("utf-8-sig", "\t")]
)
def test_every_usual_form_of_file_reads_alike(desk: Desk, encoding: str, delimiter: str) -> None:
    rows = [HEADER, "Hébert;Noé;514-555-0101;;09/03/2026;Oui", '"Roy, fils";Éva;;eva@example.org;2026-03-09;']
    text = "\n".join(delimiter.join(f'"{cell.strip(chr(34))}"' for cell in row.split(";")) for row in rows)
    report = imports.import_csv(desk.database, desk.clinic.id, text.encode(encoding), NOW)
    assert [(line.line, line.status, line.reason) for line in report.lines] == [
        (2, "accepted", ""),
        (3, "accepted", "no_consent"),
    ]
    with desk.database.read() as session:
        assert {patient.name for patient in session.scalars(select(Patient))} == {"Noé Hébert", "Éva Roy, fils"}


def test_english_headers_and_whole_names(desk: Desk) -> None:
    header = "Patient Name,Cell Phone,E-mail,Treatment Date,SMS consent"
    assert run(
        desk, '"Tremblay, Marie",514 555 0101,,2026-03-09,yes', "Paul Roy,,p@example.org,9-3-2026,", header=header
    ) == [
        (2, "accepted", ""),
        (3, "accepted", "no_consent"),
    ]
    with desk.database.read() as session:
        names = {(patient.given_name, patient.family_name) for patient in session.scalars(select(Patient))}
    assert names == {("Marie", "Tremblay"), ("Paul", "Roy")}


def test_a_family_shares_a_number_and_a_father_his_name(desk: Desk) -> None:
    header = HEADER + ";Date de naissance"
    rows = (
        "Roy;Jean;514 555 0101;;09/03/2026;oui;01/02/1960",
        "Roy;Jean;(514) 555-0101;;09/03/2026;oui;01/02/1990",
        "Roy;Lise;+1 514 555 0101;;09/03/2026;oui;",
    )
    assert [status for _, status, _ in run(desk, *rows, header=header)] == ["accepted"] * 3
    assert sizes(desk)["patient"] == 3


def test_somebody_without_any_address_is_still_one_person(desk: Desk) -> None:
    row = "Roy;Lise;;;09/03/2026;non"
    assert run(desk, row) == [(2, "accepted", "no_address")]
    assert run(desk, row, "Roy;Lise;;;08/03/2026;non") == [(2, "already", ""), (3, "accepted", "no_address")]
    assert sizes(desk)["patient"] == 1


def test_the_desks_patient_is_completed_and_not_overwritten(desk: Desk) -> None:
    with desk.database.begin() as session:
        marie = desk.add(session, PatientInput("Marie", "Roy", "en", "514 555 0101"))
    header = HEADER + ";No dossier;Langue"
    assert run(desk, "ROY;marie;514 555 0101;m@example.org;09/03/2026;oui;D-9;F", header=header)[0][1] == "accepted"
    with desk.database.read() as session:
        found = session.scalars(select(Patient)).one()
        assert (found.id, found.name, found.language) == (marie.id, "Marie Roy", Language.EN)
        assert (found.email, found.external_id) == ("m@example.org", "D-9")


def test_consent_comes_later_but_never_back(desk: Desk) -> None:
    without, with_consent = "Roy;Lise;514 555 0101;;09/03/2026;", "Roy;Lise;514 555 0101;;09/03/2026;Oui"
    assert run(desk, without) == [(2, "accepted", "no_consent")]
    assert run(desk, with_consent) == [(2, "accepted", "consent_added")]
    with desk.database.begin() as session:
        lise = session.scalars(select(Patient)).one()
        assert consents.history(session, lise.id)[0].wording.endswith("Consentement texto = Oui")
        assert session.scalars(select(Message.state)).all() == ["planned", "planned", "planned"]
        consents.withdraw(session, desk.actor, lise.id, Channel.SMS, NOW)
    assert run(desk, with_consent) == [(2, "already", "")]
    with desk.database.read() as session:
        assert consents.current(session, lise.id) == {}


def test_the_first_phone_column_that_is_filled_in_counts(desk: Desk) -> None:
    header = HEADER.replace("Téléphone", "Tél. maison;Tél. cell.")
    rows = ("Roy;Lise;514 555 0101;514 555 0102;;09/03/2026;oui", "Roy;Guy;514 555 0101;;;09/03/2026;oui")
    run(desk, *rows, header=header)
    with desk.database.read() as session:
        phones = {patient.given_name: patient.phone for patient in session.scalars(select(Patient))}
    assert phones == {"Lise": "+15145550102", "Guy": "+15145550101"}


def test_a_wrong_line_leaves_nothing_of_itself(desk: Desk) -> None:
    before = sizes(desk)
    assert run(desk, "Roy;Lise;514 555 0101;;09/03/2062;oui") == [(2, "skipped", "treatment_in_future")]
    assert sizes(desk) == before


def test_blank_lines_and_cells_over_several_lines_keep_their_numbers(desk: Desk) -> None:
    rows = ("", ";;;;;", 'Roy;"Lise\nAnne";514 555 0101;;09/03/2026;oui', "Roy;Guy;514 555 0102;;09/03/2026;oui")
    assert run(desk, *rows) == [(4, "skipped", "control_characters"), (6, "accepted", "")]


@pytest.mark.parametrize(
    ("data", "problem", "params"),
    [
        (b"", "file_empty", {}),
        (b"\r\n \r\n", "file_empty", {}),
        (codecs.BOM_UTF8, "file_empty", {}),
        (b"x" * (10 * 1024 * 1024 + 1), "file_too_big", {"limit": "10"}),
        (b"PK\x03\x04\x00\x00" * 9, "file_not_text", {}),
        (b"\xff\xfeN\x00o\x00m\x00", "columns_missing", None),
        (b"\xff\xfeN", "file_encoding", {"line": "1"}),
        (b"Nom;Date\nRoy\x81;x", "file_encoding", {"line": "2"}),
        ("Nom;Date\nHélène;".encode() + b"\xe9", "file_encoding", {"line": "2"}),
        (b"hello", "columns_missing", None),
        (b"Nom;Telephone\nRoy;1", "columns_missing", {"columns": "treated_on"}),
        (b'Nom;Date\nRoy;"09/03/2026\nX;Y\n', "csv_unreadable", {"line": "2"}),
        (b'Nom;Date\nRoy;"09"/03\n', "csv_unreadable", {"line": "2"}),
        (b"Nom;Date\n" + b"Roy;x\n" * 5001, "too_many_rows", {"limit": "5000"}),
        (b"Nom;Date\n" + b"R" * 200_000, "csv_unreadable", {"line": "2"}),
    ],
)
def test_refuses_files(desk: Desk, data: bytes, problem: str, params: Mapping[str, str] | None) -> None:
    with pytest.raises(InvalidInputError) as error:
        imports.import_csv(desk.database, desk.clinic.id, data, NOW)
    found = error.value.problems["file"]
    assert found.key == problem
    assert params is None or found.params == params
    for language in Language:
        assert "{" not in imports.problem_text(found, language)


def test_another_clinic_gets_nothing(desk: Desk) -> None:
    with pytest.raises(NotFoundError):
        imports.import_csv(desk.database, uuid4(), EXPORT, NOW)
    assert sizes(desk)["patient"] == 0


def test_the_report_reads_in_both_languages_and_names_nobody(desk: Desk) -> None:
    report = imports.import_csv(desk.database, desk.clinic.id, LAST_LINES, NOW, dry_run=True)
    english, french = (report_lines(report, language) for language in Language)
    assert english[:2] == ["Trial run: nothing is saved.", "28 accepted, 27 skipped, 0 already there"]
    assert "Line 2: SKIPPED – the name is missing" in english
    assert "Ligne 30 : ÉCARTÉE – le traitement est dans l’avenir" in french
    for line in (*english, *french):
        assert "{" not in line
        assert "_" not in line
        assert not any(name in line for name in (*make_practice_export.FAMILY_NAMES, "555", "@"))


def test_every_word_is_there_in_both_languages() -> None:
    for table in (HEADINGS, COLUMNS, REASONS):
        assert set(table[Language.EN]) == set(table[Language.FR])
    assert {*ACCEPTED, *SKIPPED, *CLASHES} - {""} <= set(REASONS[Language.EN])


def test_no_header_means_two_things() -> None:
    known = [name for names in HEADERS.values() for name in names]
    assert len(known) == len(set(known))
