"""The treatments of a patient who has several, named for whoever reads the page."""

from collections.abc import Collection, Mapping
from uuid import UUID

from sqlalchemy.orm import Session

from reminders.care.episodes import told_apart
from reminders.models import Patient
from reminders.web.i18n import catalogue
from reminders.web.moments import Words
from reminders.web.pages.timeline_view import Reader
from reminders.web.visitors import Member


def episode_names(session: Session, member: Member, patient_ids: Collection[UUID]) -> dict[UUID, str]:
    """By treatment "Microneedling, March 3, 2026", for the patients who have more than one; the latest first."""
    texts, words = catalogue(member.language), Words(member.language, member.zone)
    return {
        treatment_id: texts.text("overlap.of", protocol=one.name(member.language), day=words.day(one.local_date))
        for treatment_id, one in told_apart(session, patient_ids).items()
    }


def timeline_reader(member: Member, names: Mapping[UUID, str], patient: Patient | None = None) -> Reader:
    """Somebody who reads a timeline now, of a `patient` who is called by name there unless somebody else may write in
    their place."""
    name = patient.given_name if patient and not patient.guardian else ""
    return Reader(member.language, member.zone, member.now, names, name)
