"""Whether an imported line's treatment is here already, also when the desk has moved it since."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from reminders.care.texts_in import one_line
from reminders.care.treatment_input import TreatmentInput, treated_at
from reminders.database import keyring_of
from reminders.errors import InvalidInputError, Problem
from reminders.models import Clinic, Patient, Protocol, Treatment


@dataclass(frozen=True, slots=True)
class Told:
    """What a line says of its treatment, with `key`: a keyed fingerprint of patient, protocol, date, appointment.

    The fingerprint stays on the treatment when its date is corrected here, so the same line is recognised again.
    """

    patient: Patient
    protocol_key: str
    local_date: date
    key: str


def told(session: Session, clinic: Clinic, patient: Patient, given: TreatmentInput, now: datetime) -> Told:
    """What the line says of its treatment.

    Raises:
        InvalidInputError: as `treated_at`.
    """
    zone = ZoneInfo(clinic.timezone)
    day = treated_at(given, zone, now).astimezone(zone).date()
    return Told(patient, given.protocol_key, day, line_key(session, patient.id, given, day))


def line_key(session: Session, patient_id: uuid.UUID, given: TreatmentInput, day: date) -> str:
    """The fingerprint of a line about a treatment on that local date."""
    line = f"{patient_id} {given.protocol_key} {day.isoformat()} {one_line(given.external_id)}"
    return keyring_of(session).index("import", line)


def find(session: Session, line: Told) -> Treatment | None:
    """The treatment that an earlier line of the same meaning made, wherever it was moved."""
    own = (Treatment.clinic_id == line.patient.clinic_id, Treatment.import_key == line.key)
    return session.scalar(select(Treatment).where(*own))


def recognise(session: Session, line: Told, existing: Treatment) -> None:
    """Take `existing`, which shares the line's appointment number or its day, for the line's own if it is; remember it.

    Raises:
        InvalidInputError: on treatment_id, if it is not: appointment_of_other_patient, appointment_of_other_protocol
            or appointment_on_other_date. Nothing is moved silently.
    """
    problem = _difference(session, line, existing)
    if problem:
        raise InvalidInputError({"treatment_id": Problem(problem)})
    if existing.import_key is None:
        existing.import_key = line.key


def _difference(session: Session, line: Told, existing: Treatment) -> str:
    if existing.patient_id != line.patient.id:
        return "appointment_of_other_patient"
    if session.get_one(Protocol, existing.protocol_id).key != line.protocol_key:
        return "appointment_of_other_protocol"
    return "" if existing.local_date == line.local_date else "appointment_on_other_date"
