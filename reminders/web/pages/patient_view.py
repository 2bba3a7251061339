"""What a patient's page shows."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.orm import Session

from reminders.care import consult_lists, superseding
from reminders.care.patient_input import PatientInput
from reminders.care.timeline import Course, history
from reminders.models import Patient, Protocol, Provider, Treatment
from reminders.models.kinds import TreatmentState
from reminders.web.pages.consent_view import consent_lines, under_age
from reminders.web.pages.episode_names import episode_names, timeline_reader
from reminders.web.pages.inbox_view import LABEL_COLOURS
from reminders.web.pages.moved import told
from reminders.web.pages.patient_course import course_chart
from reminders.web.pages.patient_standing import standing
from reminders.web.pages.record_view import relations
from reminders.web.pages.timeline_days import FILTERS, shown
from reminders.web.pages.timeline_view import timeline_view
from reminders.web.visitors import Member

_AFTER_MARK = re.compile(r"(?<=[@.])")
"""Where a long address may break."""


@dataclass(frozen=True)
class TreatmentLine:
    """One treatment as the page lists it."""

    treatment: Treatment
    protocol: str
    provider: str

    superseded_by: Treatment | None = None
    is_replaceable: bool = False
    """A later one could take its place."""

    course: Course | None = None
    chart: Markup | None = None
    """How severe it was said to be, drawn over its days."""

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
    found = history(session, member.clinic, patient)
    reader = timeline_reader(member, names, patient)
    lines = consent_lines(session, member, patient)
    view = timeline_view([one for one in found.entries if not chosen or chosen in one.treatments], reader)
    asked = member.request.query_params
    return {
        "episodes": names,
        "chosen": chosen,
        "patient": patient,
        "email_parts": _AFTER_MARK.split(patient.email or ""),
        "lines": lines,
        "under_age": under_age(member, patient),
        "relations": relations(member.language),
        "typed": {},
        "consults": consult_lists.of_patient(session, patient),
        "treatments": _treatment_lines(session, member, patient, found.courses),
        "standing": standing(found, patient, lines, reader),
        "timeline": shown(view, member.zone, asked.get("show", ""), asked.get("skip", "")),
        "filters": FILTERS,
        "label_colours": LABEL_COLOURS,
        "moved": told(asked, "moved"),
        "problems": {},
    }


def _treatment_lines(
    session: Session, member: Member, patient: Patient, courses: Mapping[UUID, Course]
) -> list[TreatmentLine]:
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
            courses.get(treatment.id),
            course_chart(courses.get(treatment.id), member.language),
        )
        for treatment, names, provider in found
    ]
