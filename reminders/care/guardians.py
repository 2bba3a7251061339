"""Who may write in a patient's place: a guardian, a minor's parent, whoever shares the address."""

from collections.abc import Sequence
from datetime import date

from reminders.models import Patient

OF_AGE = 18
"""Years from which a patient is taken to write for themselves, unless a guardian is on file."""


def may_speak_for_another(holders: Sequence[Patient], today: date) -> bool:
    """Whether a message from the address of these patients may be about another person than its sender."""
    return len(holders) > 1 or any(patient.guardian or is_minor(patient, today) for patient in holders)


def is_minor(patient: Patient, today: date) -> bool:
    """Whether a patient is known to be under 18 on that local date; without a birth date they are not."""
    if not patient.birth_date:
        return False
    born = date.fromisoformat(patient.birth_date)
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day)) < OF_AGE
