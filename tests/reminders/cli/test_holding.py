"""Holds from the command line, and the list of them, which names no person."""

import re
from pathlib import Path

import pytest
from sqlalchemy import select

from reminders.care import patients
from reminders.care.actors import Actor
from reminders.database import Database
from reminders.models import Audit, Clinic
from reminders.models.instance import now
from reminders.settings import load
from tests.reminders.cli.conftest import Command

WHY = ("--reason", "the wrong text")
SINCE = r"since \d{4}-\d\d-\d\d \d\d:\d\d (UTC|EST|EDT)"


def _create(command: Command, name: str, number: str) -> None:
    given = ("--name", name, "--phone", f"514-555-{number}", "--address", "1, rue A")
    owner = ("--owner-name", "Camille Roy", "--owner-email", f"{number}@clinic.example")
    assert command("create-clinic", *given, *owner).exit_code == 0


@pytest.fixture
def database(command: Command, tmp_path: Path) -> Database:
    """A clinic of the command's own."""
    command("migrate")
    _create(command, "Lumière", "0123")
    settings = load({"REMINDERS_DATA_DIR": str(tmp_path / "var")}, dotenv=tmp_path / "none")
    return Database(settings.database_url, settings.keyring())


@pytest.fixture
def patient_id(database: Database) -> str:
    """Somebody on file."""
    with database.begin() as session:
        clinic = session.scalars(select(Clinic)).one()
        typed = patients.PatientInput(given_name="Zzgiven", family_name="Zzfamily", phone="514-555-0134")
        given = patients.clean(typed, clinic)
        return str(patients.add(session, Actor(clinic.id, "form"), clinic, given, now(session)).id)


def _scopes(patient_id: str) -> dict[str, tuple[str, ...]]:
    return {
        "everything": ("all",),
        "clinic Lumière": ("clinic",),
        "protocol microneedling of Lumière": ("protocol", "microneedling"),
        f"patient {patient_id} of Lumière": ("patient", patient_id),
    }


def test_each_is_put_on_listed_and_lifted(command: Command, database: Database, patient_id: str) -> None:
    assert command("holds").stdout == "Nothing is on hold.\n"
    for listed, scope in _scopes(patient_id).items():
        done = command("hold", *scope, *WHY)
        assert (done.exit_code, "on hold" in done.stdout) == (0, True), done.output
        assert re.fullmatch(f"{listed}, {SINCE}\n", command("holds").stdout)
        again = command("hold", *scope, "--reason", "another")
        assert (again.exit_code, "on hold already" in again.stdout) == (0, True)
        lifted = command("release", *scope)
        assert (lifted.exit_code, "lifted" in lifted.stdout or "goes on" in lifted.stdout) == (0, True), lifted.output
        again = command("release", *scope)
        assert (again.exit_code, "on hold" in again.stdout) == (0, True)
        assert command("holds").stdout == "Nothing is on hold.\n"
    with database.read() as session:
        trail = [
            entry for entry in session.scalars(select(Audit).order_by(Audit.id)) if entry.action != "patient.added"
        ]
    assert [entry.action.partition(".")[2] for entry in trail] == ["held", "released"] * 4
    assert all(entry.detail == {"source": "command"} for entry in trail)


def test_the_list_names_no_person_and_no_reason(command: Command, patient_id: str) -> None:
    for scope in _scopes(patient_id).values():
        command("hold", *scope, *WHY)
    listed = command("holds").stdout
    assert [line.split()[0].strip(",") for line in listed.splitlines()] == [
        "everything",
        "clinic",
        "protocol",
        "patient",
    ]
    assert "Zz" not in listed
    assert "wrong text" not in listed


def test_what_safety_texts_do_is_said(command: Command, patient_id: str) -> None:
    for scope in _scopes(patient_id).values():
        said = command("hold", *scope, *WHY).stdout
        wide = scope[0] in {"all", "clinic"}
        assert ("safety texts and alerts included" if wide else "but safety texts and alerts") in said


@pytest.mark.parametrize(
    "wrong",
    [
        ("hold", "all"),
        ("hold", "all", "--reason", " "),
        ("hold", "clinic", "--clinic", "Nowhere", *WHY),
        ("hold", "protocol", "peeling", *WHY),
        ("hold", "patient", "Zzgiven", *WHY),
        ("hold", "patient", "00000000-0000-4000-8000-000000000000", *WHY),
        ("release", "patient", "00000000-0000-4000-8000-000000000000"),
        ("release", "protocol", "peeling"),
    ],
)
@pytest.mark.usefixtures("database")
def test_what_cannot_be_is_said_in_a_line(command: Command, wrong: tuple[str, ...]) -> None:
    done = command(*wrong)
    assert done.exit_code == 2
    assert done.stderr.strip()
    assert command("holds").stdout == "Nothing is on hold.\n"


@pytest.mark.usefixtures("database")
def test_of_several_clinics_one_is_named(command: Command) -> None:
    _create(command, "Étoile", "0124")
    assert "say which clinic, by its whole name; there are: " in command("hold", "clinic", *WHY).stderr
    assert command("hold", "clinic", "--clinic", "Étoile", *WHY).exit_code == 0
    assert command("hold", "protocol", "microneedling", "--clinic", "Lumière", *WHY).exit_code == 0
    assert re.fullmatch(
        f"clinic Étoile, {SINCE}\nprotocol microneedling of Lumière, {SINCE}\n", command("holds").stdout
    )
