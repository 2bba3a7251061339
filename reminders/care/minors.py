"""Who may agree: below 14 a parent or the tutor, from 14 on the patient too.

The source is Quebec's (facts/compliance.md, rule 8: Law 25): the consent of a minor under 14 "is given by the person
having parental authority or by the tutor", that of a minor of 14 or over also by the minor (P-39.1, s. 14; s. 4.1 on
collecting). So a guardian's consent goes on when the patient turns 14, until either of them withdraws it.
"""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from reminders.care import ledger
from reminders.care.actors import Actor
from reminders.care.guardians import years
from reminders.care.names import words
from reminders.care.texts_in import one_line, text_problem
from reminders.errors import InvalidInputError, Problem
from reminders.models import Clinic, Consent, Patient
from reminders.models.kinds import ConsentAction, Relation

DECIDES_FROM = 14
"""Years from which a patient may agree for themselves."""

UNDER_AGE = "under_age"
"""The source of a withdrawal that a corrected birth date has written."""

GIVEN_BY, RELATION = "given_by", "given_by_relation"
"""The names of the two fields that say who agrees in a patient's place."""

_LONGEST_NAME = 160


@dataclass(frozen=True, slots=True)
class Giver:
    """Whoever agrees in a patient's place, as typed; "" if the patient does. `relation` is parent or tutor."""

    name: str = ""
    relation: str = ""

    def clean(self) -> dict[str, str] | None:
        """As the ledger keeps it; None for the patient.

        Raises:
            InvalidInputError: on given_by or given_by_relation.
        """
        name, relation = one_line(self.name), self.relation.strip().lower()
        if not (name or relation):
            return None
        problems = {GIVEN_BY: _name_problem(name), RELATION: _relation_problem(relation)}
        found = {field: problem for field, problem in problems.items() if problem}
        if found:
            raise InvalidInputError(found)
        return {"name": name, "relation": relation}


PATIENT = Giver()
"""The patient agrees themself."""


def _name_problem(name: str) -> Problem | None:
    if not name:
        return Problem("giver_missing")
    readable = any(map(str.isalpha, "".join(words(name))))
    return text_problem(name, _LONGEST_NAME) or (None if readable else Problem("name_unreadable"))


def _relation_problem(relation: str) -> Problem | None:
    return None if relation in set(Relation) else Problem("relation_unknown")


def today(clinic: Clinic, now: datetime) -> date:
    """The clinic's local date: on it somebody has had their birthday or not."""
    return now.astimezone(ZoneInfo(clinic.timezone)).date()


def needs_guardian(birth_date: str | None, day: date) -> bool:
    """Whether somebody is known to be under 14; without a birth date nobody is held up."""
    age = years(birth_date, day)
    return age is not None and age < DECIDES_FROM


def check_giver(birth_date: str | None, giver: Giver, day: date) -> dict[str, str] | None:
    """Whoever agreed, as the ledger keeps it; None for the patient.

    Raises:
        InvalidInputError: on given_by, guardian_needed: the patient is under 14 and nobody is named who may agree; or
            what is named cannot be.
    """
    given_by = giver.clean()
    if given_by is None and needs_guardian(birth_date, day):
        raise InvalidInputError({GIVEN_BY: Problem("guardian_needed", age=str(DECIDES_FROM))})
    return given_by


def withdraw_own(session: Session, actor: Actor, clinic: Clinic, patient: Patient, now: datetime) -> bool:
    """A birth date says that the patient is under 14: what they agreed to themself holds no longer. Whether any did.

    The caller brings what is planned in line.
    """
    if not needs_guardian(patient.birth_date, today(clinic, now)):
        return False
    granted = [one for one in ledger.newest(session, patient.id).values() if one.action is ConsentAction.GRANTED]
    own = [entry for entry in granted if entry.given_by is None]
    for entry in own:
        ended: dict[str, Any] = {"channel": entry.channel, "purpose": entry.purpose, "language": patient.language}
        ended |= {"action": ConsentAction.WITHDRAWN, "source": UNDER_AGE}
        ledger.append(session, actor, entry, ledger.row(actor, patient.id, ended, now), now)
    return bool(own)


def is_for_guardian(entry: Consent) -> bool:
    """Whether the ledger's last word is that a child had agreed themself: a guardian may agree anew, and takes nothing
    back that anybody has said."""
    return entry.action is ConsentAction.WITHDRAWN and entry.source == UNDER_AGE


def under_age(patients: Collection[Patient], day: date) -> frozenset[uuid.UUID]:
    """Those of these patients for whom only a guardian may agree."""
    return frozenset(patient.id for patient in patients if needs_guardian(patient.birth_date, day))
