"""What a patient's page shows."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from reminders.care import consult_lists, superseding
from reminders.care.patient_input import PatientInput
from reminders.care.timeline import timeline
from reminders.models import Patient, Protocol, Provider, Treatment
from reminders.models.kinds import TreatmentState
from reminders.web.pages.consent_view import consent_lines, under_age
from reminders.web.pages.episode_names import episode_names, timeline_reader
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

    superseded_by: Treatment | None = None
    is_replaceable: bool = False
    """A later one could take its place."""

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


def patient_context(session: Session, member: Member, patient: Patient, only: UUID | None = None) -> dict[str, Any]:
    """Everything on a patient's page. A constant number of queries, however much was sent.

    `only`: of a patient who has several treatments, the timeline of this one.
    """
    names = episode_names(session, member, {patient.id})
    chosen = only if only in names else None
    entries = [one for one in timeline(session, member.clinic, patient) if not chosen or chosen in one.treatments]
    return {
        "episodes": names,
        "chosen": chosen,
        "patient": patient,
        "lines": consent_lines(session, member, patient),
        "under_age": under_age(member, patient),
        "relations": relations(member.language),
        "typed": {},
        "consults": consult_lists.of_patient(session, patient),
        "treatments": _treatment_lines(session, member, patient),
        "timeline": timeline_view(entries, timeline_reader(member, names)),
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
    language, found = member.language.value, rows.all()
    replaceable = superseding.replaceable(session, patient.id)
    by_id = {treatment.id: treatment for treatment, *_ in found}
    return [
        TreatmentLine(
            treatment,
            names.get(language, ""),
            provider or "",
            by_id.get(treatment.superseded_by_id) if treatment.superseded_by_id else None,
            treatment.id in replaceable,
        )
        for treatment, names, provider in found
    ]
