"""What a patient's page shows."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from reminders.care import consults
from reminders.care.patient_input import PatientInput
from reminders.care.timeline import timeline
from reminders.models import Patient, Protocol, Provider, Treatment
from reminders.models.kinds import TreatmentState
from reminders.web.pages.consent_view import consent_lines, under_age
from reminders.web.pages.inbox_view import LABEL_COLOURS
from reminders.web.pages.moved import told
from reminders.web.pages.record_view import relations
from reminders.web.pages.timeline_view import timeline_view
from reminders.web.visitors import Member


@dataclass(frozen=True)
class TreatmentLine:
    """One treatment as the page lists it."""

    treatment: Treatment
    protocol: str
    provider: str

    @property
    def is_active(self) -> bool:
        """Whether its follow-up runs."""
        return self.treatment.state is TreatmentState.ACTIVE


def input_of(patient: Patient) -> PatientInput:
    """What is on file, as the edit form would have it typed."""
    names = [name for name in PatientInput.__dataclass_fields__ if name not in {"guardian", "language"}]
    guardian = patient.guardian or {}
    return PatientInput(
        language=patient.language.value,
        guardian=str(guardian.get("name", "")),
        **{name: getattr(patient, name) or "" for name in names},
    )


def patient_context(session: Session, member: Member, patient: Patient) -> dict[str, Any]:
    """Everything on a patient's page. A constant number of queries, however much was sent."""
    return {
        "patient": patient,
        "lines": consent_lines(session, member, patient),
        "under_age": under_age(member, patient),
        "relations": relations(member.language),
        "typed": {},
        "consults": consults.of_patient(session, patient),
        "treatments": _treatment_lines(session, member, patient),
        "timeline": timeline_view(timeline(session, member.clinic, patient), member.language, member.zone, member.now),
        "label_colours": LABEL_COLOURS,
        "moved": told(member.request.query_params, "moved"),
        "problems": {},
    }


def _treatment_lines(session: Session, member: Member, patient: Patient) -> list[TreatmentLine]:
    rows = session.execute(
        select(Treatment, Protocol.name, Provider.name)
        .join(Protocol, Protocol.id == Treatment.protocol_id)
        .outerjoin(Provider, Provider.id == Treatment.provider_id)
        .where(Treatment.patient_id == patient.id)
        .order_by(Treatment.treated_at.desc())
    )
    language = member.language.value
    return [TreatmentLine(treatment, names.get(language, ""), provider or "") for treatment, names, provider in rows]
