"""What the record form begins with."""

from datetime import UTC, datetime, time

from sqlalchemy.orm import Session

from reminders.care.patients import PatientInput
from reminders.care.recording_defaults import defaults
from reminders.care.treatment_input import TreatmentInput
from reminders.ids import new_id
from reminders.web.pages.record_form import RecordForm
from reminders.web.visitors import Member


def begun(session: Session, member: Member, patient_id: str) -> RecordForm:
    """A form for whoever is chosen already ("" for nobody): treated now by the clinic's clock, with the protocol and
    the provider that this member chose last today, else the clinic's latest."""
    local = member.now.astimezone(member.zone)
    begins = datetime.combine(local.date(), time.min, member.zone).astimezone(UTC)
    last = defaults(session, member.clinic.id, member.staff.id, begins)
    treatment = TreatmentInput(last.protocol_key, local.date().isoformat(), f"{local:%H:%M}", last.provider)
    nobody = PatientInput(language=member.clinic.language.value)
    return RecordForm("", patient_id, nobody, treatment, frozenset(), form_key=str(new_id()))
