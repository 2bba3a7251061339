"""The evidence of a patient's consents from the command line."""

import csv
import io
from pathlib import Path

import pytest
from sqlalchemy import select

from reminders.care import consents, patients
from reminders.care.actors import Actor
from reminders.care.csv_cells import BYTE_ORDER_MARK
from reminders.database import Database
from reminders.ids import new_id
from reminders.models import Audit, Clinic
from reminders.models.instance import now
from reminders.models.kinds import Channel, Language
from reminders.settings import load
from tests.reminders.cli.conftest import Command


@pytest.mark.parametrize(("language", "said"), [("en", "consent given"), ("fr", "consentement donné")])
def test_it_is_printed_as_csv_and_noted(command: Command, tmp_path: Path, language: str, said: str) -> None:
    command("migrate")
    given = ("--name", "Lumière", "--phone", "514-555-0123", "--address", "1, rue A")
    assert command("create-clinic", *given, "--owner-name", "C", "--owner-email", "c@clinic.example").exit_code == 0
    settings = load({"REMINDERS_DATA_DIR": str(tmp_path / "var")}, dotenv=tmp_path / "none")
    database = Database(settings.database_url, settings.keyring())
    with database.begin() as session:
        clinic, moment = session.scalars(select(Clinic)).one(), now(session)
        typed = patients.PatientInput(given_name="Marie", phone="514-555-0134")
        actor = Actor(clinic.id, "form")
        patient = patients.add(session, actor, clinic, patients.clean(typed, clinic), moment)
        grant = consents.Grant(patient.id, Channel.SMS, consents.CURRENT, "as shown", Language.FR)
        consents.grant(session, actor, grant, moment)
    printed = command("consent-evidence", str(patient.id), "--language", language)
    assert printed.exit_code == 0, printed.output
    _, row = csv.reader(io.StringIO(printed.stdout.removeprefix(BYTE_ORDER_MARK)))
    assert {"Marie", "as shown", said} <= set(row)
    with database.read() as session:
        noted = session.scalars(select(Audit).where(Audit.action == "consent.exported")).one()
        assert (noted.subject_id, noted.detail) == (patient.id, {"source": "command", "as": "csv"})
    nobody = command("consent-evidence", str(new_id()))
    assert (nobody.exit_code, "no patient of this id" in nobody.output) == (2, True)
