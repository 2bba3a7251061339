"""The command that takes out the evidence of a patient's consents."""

from uuid import UUID

import click
from sqlalchemy import select

from reminders.care import patients
from reminders.care.actors import Actor
from reminders.care.evidence import evidence, note_export
from reminders.cli.common import LANGUAGES, clear_errors, open_database, start
from reminders.errors import NotFoundError
from reminders.models import Clinic, Patient
from reminders.models.instance import now
from reminders.models.kinds import Language
from reminders.web.evidence_words import as_csv


@click.command("consent-evidence")
@click.argument("patient_id", metavar="PATIENT", type=click.UUID)
@click.option("--language", type=LANGUAGES, default="en", show_default=True)
@clear_errors
def consent_evidence(patient_id: UUID, language: str) -> None:
    """Print what a patient agreed to and withdrew, as CSV.

    PATIENT is the id in the address of their page. That it was taken out is noted in the audit trail.
    """
    database = open_database(start())
    with database.read() as session:
        clinic_id = session.scalar(select(Patient.clinic_id).where(Patient.id == patient_id))
    if clinic_id is None:
        raise NotFoundError("there is no patient of this id")
    with database.begin(clinic=clinic_id) as session:
        patient = patients.get(session, clinic_id, patient_id)
        clinic = session.get_one(Clinic, clinic_id)
        lines = evidence(session, patient)
        note_export(session, Actor(clinic_id, "command"), patient, "csv", now(session))
    click.echo(as_csv(clinic, patient, lines, Language(language)), nl=False)


COMMANDS = (consent_evidence,)
