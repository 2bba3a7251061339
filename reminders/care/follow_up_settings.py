"""A clinic sets how patients who do not answer, or are getting better, are followed up."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from reminders.care import audit
from reminders.care.actors import Actor
from reminders.errors import InvalidInputError, Problem
from reminders.models import Clinic
from reminders.models.follow_up_rules import LIMITS, FollowUpRules, follow_up_rules, with_follow_up_rules

_LONGEST = 6
"""Digits: bounded before they are read."""


def set_follow_up(
    session: Session, actor: Actor, clinic: Clinic, typed: Mapping[str, str | None], now: datetime
) -> FollowUpRules:
    """Change the rules of `clinic` that `typed` names (as in `FollowUpRules`); None leaves one as it is. The rules that
    hold now. What changed is noted in the audit trail.

    Raises:
        InvalidInputError: on the rule's name, not_a_number or number_outside.
    """
    asked = select(Clinic).where(Clinic.id == clinic.id).with_for_update(key_share=True)
    stored = session.scalars(asked.execution_options(populate_existing=True)).one()
    before = follow_up_rules(stored.options)
    after = replace(before, **_parsed(typed))
    if after == before:
        return before
    stored.options = with_follow_up_rules(stored.options, after)
    session.flush()
    changed = {name: value for name, value in asdict(after).items() if value != asdict(before)[name]}
    audit.note(session, actor, "clinic.follow_up_changed", "clinic", clinic.id, now, changed)
    return after


def _parsed(typed: Mapping[str, str | None]) -> dict[str, int]:
    given = {name: value.strip() for name in LIMITS if (value := typed.get(name)) is not None}
    problems = {name: problem for name, value in given.items() if (problem := _problem(name, value))}
    if problems:
        raise InvalidInputError(problems)
    return {name: int(value) for name, value in given.items()}


def _problem(name: str, value: str) -> Problem | None:
    least, most = LIMITS[name]
    if not (value.isascii() and value.isdigit()):
        return Problem("not_a_number")
    inside = len(value) <= _LONGEST and least <= int(value) <= most
    return None if inside else Problem("number_outside", limit=f"{least} - {most}")
