"""Who may write in a patient's place: a guardian, a minor's parent, whoever shares the address."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

OF_AGE = 18
"""Years from which a patient is taken to write for themselves, unless a guardian is on file."""


@dataclass(frozen=True, slots=True)
class Person:
    """A patient at an address; `birth_date` is ISO 8601."""

    patient_id: uuid.UUID
    guardian: Any | None
    birth_date: str | None


def may_speak_for_another(holders: Sequence[Person], today: date) -> bool:
    """Whether a message from the address of these patients may be about another person than its sender."""
    return len(holders) > 1 or any(person.guardian or is_minor(person.birth_date, today) for person in holders)


def is_minor(birth_date: str | None, today: date) -> bool:
    """Whether somebody is known to be under 18 on that local date; without a birth date they are not."""
    age = years(birth_date, today)
    return age is not None and age < OF_AGE


def years(birth_date: str | None, today: date) -> int | None:
    """How old somebody is on that local date; None without a birth date."""
    if not birth_date:
        return None
    born = date.fromisoformat(birth_date)
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))
