"""What would come of the record form as it stands: nothing is saved by looking."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy.orm import Session

from reminders.care import treatments
from reminders.care.minors import today
from reminders.care.patients import CleanPatient
from reminders.care.preview import Preview
from reminders.errors import InvalidInputError, Problem
from reminders.models import Patient
from reminders.models.kinds import Channel
from reminders.web.pages import record_people as people
from reminders.web.pages.record_form import RecordForm
from reminders.web.visitors import Member


class Doubt(StrEnum):
    """Why a treatment is not saved by the press of one key: somebody should look first."""

    DUPLICATE = "duplicate"
    EARLIER = "earlier"
    BACKDATED = "backdated"
    NOTHING_SENT = "nothing_sent"
    NOT_ALL_SENT = "not_all_sent"


@dataclass(frozen=True)
class Look:
    """Whom the form means so far, what they would receive as far as can be said, and what is wrong or missing.

    `patient` is None as long as the form means nobody who could be recorded.
    """

    patient: Patient | CleanPatient | None
    found: Preview | None
    channels: frozenset[Channel]
    problems: Mapping[str, Problem]

    def whole(self) -> tuple[Patient | CleanPatient, Preview]:
        """The patient and the preview.

        Raises:
            InvalidInputError: everything that is wrong, with the patient and with the treatment, at once.
        """
        if self.patient is None or self.found is None or self.problems:
            raise InvalidInputError(dict(self.problems))
        return self.patient, self.found


def look(session: Session, member: Member, filled: RecordForm) -> Look:
    """The form as it stands, half typed or whole.

    Raises:
        NotFoundError: whoever is chosen is no patient of this clinic.
    """
    problems: dict[str, Problem] = {}
    patient = None
    try:
        patient = people.patient_of(session, member, filled)
        people.check_consents(member, patient, filled)
    except InvalidInputError as error:
        problems |= error.problems
    reader = patient or people.as_far_as_typed(member, filled)
    channels = people.channels_of(session, reader, filled) if reader else frozenset(Channel)
    try:
        found = treatments.preview(session, member.clinic, reader, channels, filled.treatment, member.now)
    except InvalidInputError as error:
        return Look(patient, None, channels, problems | error.problems)
    return Look(patient, found, channels, problems)


def doubts(found: Preview, member: Member) -> tuple[Doubt, ...]:
    """What speaks against saving at once."""
    skipped = [entry for entry in found.entries if entry.skipped_reason]
    held = {
        Doubt.DUPLICATE: found.duplicate_of is not None,
        Doubt.EARLIER: bool(found.earlier),
        Doubt.BACKDATED: _day(found, member) != today(member.clinic, member.now),
        Doubt.NOTHING_SENT: len(skipped) == len(found.entries),
        Doubt.NOT_ALL_SENT: 0 < len(skipped) < len(found.entries),
    }
    return tuple(doubt for doubt, holds in held.items() if holds)


def _day(found: Preview, member: Member) -> date:
    return found.treated_at.astimezone(member.zone).date()
