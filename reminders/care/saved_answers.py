"""Answers that staff write often, kept in both languages: what they are called, what they say, and whether they may."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from reminders.care import audit
from reminders.care.actors import Actor
from reminders.care.texts_in import one_line, text_problem
from reminders.care.thread import LONGEST
from reminders.errors import InvalidInputError, NotFoundError, Problem
from reminders.models import Clinic, Patient, SavedAnswer
from reminders.models.kinds import Language
from reminders.models.options import content_rules_of
from reminders.wording.findings import Finding
from reminders.wording.saved_rules import check_answer, keeps_out

MOST = 100
"""Saved answers that a clinic may have: more would not be found in a list."""

_LONGEST_TITLE = 60
_NAME = "{first_name}"


@dataclass(frozen=True, slots=True)
class Typed:
    """A saved answer as it was typed, by language."""

    title: Mapping[Language, str] = field(default_factory=dict)
    body: Mapping[Language, str] = field(default_factory=dict)


def kept(session: Session, clinic_id: uuid.UUID) -> Sequence[SavedAnswer]:
    """The clinic's saved answers, the oldest first; at most MOST."""
    there = (SavedAnswer.clinic_id == clinic_id, SavedAnswer.archived_at.is_(None))
    return session.scalars(select(SavedAnswer).where(*there).order_by(SavedAnswer.created_at, SavedAnswer.id)).all()


def get(session: Session, clinic_id: uuid.UUID, answer_id: uuid.UUID) -> SavedAnswer:
    """One of them.

    Raises:
        NotFoundError: there is none, it is another clinic's, or it was put away.
    """
    mine = (SavedAnswer.id == answer_id, SavedAnswer.clinic_id == clinic_id, SavedAnswer.archived_at.is_(None))
    found = session.scalar(select(SavedAnswer).where(*mine))
    if found is None:
        raise NotFoundError("no such saved answer")
    return found


def add(session: Session, actor: Actor, clinic: Clinic, typed: Typed, now: datetime) -> SavedAnswer:
    """Keep a new one.

    Raises:
        InvalidInputError: on title_en, title_fr, body_en or body_fr: text_missing, too_long, control_characters or
            answer_findings (see `findings`); on title_en also too_many_answers.
    """
    values = _checked(clinic, typed)
    mine = (SavedAnswer.clinic_id == clinic.id, SavedAnswer.archived_at.is_(None))
    if session.scalars(select(func.count(SavedAnswer.id)).where(*mine)).one() >= MOST:
        raise InvalidInputError({"title_en": Problem("too_many_answers", most=str(MOST))})
    made = SavedAnswer(clinic_id=clinic.id, created_by=actor.staff_id, created_at=now, changed_at=now, **values)
    session.add(made)
    session.flush()
    audit.note(session, actor, "saved_answer.added", "saved_answer", made.id, now)
    return made


def change(
    session: Session, actor: Actor, clinic: Clinic, change: tuple[SavedAnswer, Typed], now: datetime
) -> SavedAnswer:
    """Say it otherwise from now on. Raises as `add`."""
    answer, typed = change
    values = _checked(clinic, typed)
    answer.title, answer.body, answer.changed_at = values["title"], values["body"], now
    audit.note(session, actor, "saved_answer.changed", "saved_answer", answer.id, now)
    return answer


def archive(session: Session, actor: Actor, answer: SavedAnswer, now: datetime) -> None:
    """Put it away: nobody is offered it any more."""
    answer.archived_at = now
    audit.note(session, actor, "saved_answer.archived", "saved_answer", answer.id, now)


def findings(clinic: Clinic, typed: Typed) -> Mapping[Language, Sequence[Finding]]:
    """What is found in what it says, by language."""
    rules, name = content_rules_of(clinic.options), clinic.short_name or clinic.name
    return {one: check_answer(typed.body.get(one, ""), one, rules, name) for one in Language}


def filled(answer: SavedAnswer, patient: Patient) -> str:
    """What it says to this patient, in their language."""
    return str(answer.body.get(patient.language.value, "")).replace(_NAME, patient.given_name)


def _checked(clinic: Clinic, typed: Typed) -> dict[str, dict[str, str]]:
    title = {one.value: one_line(typed.title.get(one, "")) for one in Language}
    body = {one.value: _lines(typed.body.get(one, "")) for one in Language}
    problems = {f"title_{one}": _problem(text, _LONGEST_TITLE) for one, text in title.items()}
    problems |= {f"body_{one}": _problem(text.replace("\n", " "), LONGEST) for one, text in body.items()}
    wrong = {name: problem for name, problem in problems.items() if problem}
    for language, found in findings(clinic, typed).items():
        if any(map(keeps_out, found)):
            wrong.setdefault(f"body_{language.value}", Problem("answer_findings"))
    if wrong:
        raise InvalidInputError(wrong)
    return {"title": title, "body": body}


def _lines(typed: str) -> str:
    return "\n".join(line.strip() for line in typed.strip().splitlines())


def _problem(text: str, longest: int) -> Problem | None:
    return Problem("text_missing") if not text else text_problem(text, longest)
