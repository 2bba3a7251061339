"""A clinic sets its sending rules: what becomes of texts in doubt, and how much a month of texts may cost."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from reminders.care import audit
from reminders.care.actors import Actor
from reminders.errors import InvalidInputError, Problem
from reminders.models import Clinic
from reminders.models.options import OnUnknown, SendingRules, rules_of, with_rules

NO_LIMIT = "none"
"""How somebody types that a month has no maximum; nothing at all says the same."""

MOST_SEGMENTS = 10_000_000
"""More in a month is a slip of the keyboard."""


@dataclass(frozen=True, slots=True)
class TypedRules:
    """What somebody typed; None leaves that rule as it is.

    `unknown` is try_again or ask_staff, `monthly_segments` a whole number, or "" or "none" for no maximum.
    """

    unknown: str | None = None
    monthly_segments: str | None = None


def set_rules(session: Session, actor: Actor, clinic: Clinic, typed: TypedRules, now: datetime) -> SendingRules:
    """Change the rules of `clinic`; the rules that hold now. What changed is noted in the audit trail.

    Raises:
        InvalidInputError: on `unknown` (choice_unknown) or `monthly_segments` (not_a_number, number_outside).
    """
    asked = select(Clinic).where(Clinic.id == clinic.id).with_for_update(key_share=True)
    stored = session.scalars(asked.execution_options(populate_existing=True)).one()
    before = rules_of(stored.options)
    after = _parsed(typed, before)
    if after == before:
        return before
    stored.options = with_rules(stored.options, after)
    session.flush()
    audit.note(session, actor, "clinic.rules_changed", "clinic", clinic.id, now, _changed(before, after))
    return after


def _parsed(typed: TypedRules, before: SendingRules) -> SendingRules:
    problems: dict[str, Problem] = {}
    unknown, most = before.unknown, before.monthly_segments
    if typed.unknown is not None:
        if typed.unknown in set(OnUnknown):
            unknown = OnUnknown(typed.unknown)
        else:
            problems["unknown"] = Problem("choice_unknown", choices=", ".join(OnUnknown))
    if typed.monthly_segments is not None:
        try:
            most = _segments(typed.monthly_segments.strip())
        except InvalidInputError as error:
            problems |= error.problems
    if problems:
        raise InvalidInputError(problems)
    return SendingRules(unknown, most)


def _segments(typed: str) -> int | None:
    if typed.lower() in {"", NO_LIMIT}:
        return None
    if not (typed.isascii() and typed.isdigit()):
        raise InvalidInputError({"monthly_segments": Problem("not_a_number")})
    # Bounded before it is read: int() of a very long number raises.
    if len(typed) > len(str(MOST_SEGMENTS)) or int(typed) > MOST_SEGMENTS:
        raise InvalidInputError({"monthly_segments": Problem("number_outside", limit=str(MOST_SEGMENTS))})
    return int(typed)


def _changed(before: SendingRules, after: SendingRules) -> Mapping[str, Any]:
    """The new values of the rules that changed: settings of the clinic, nobody's data."""
    changed: dict[str, Any] = {}
    if after.unknown is not before.unknown:
        changed["unknown"] = after.unknown.value
    if after.monthly_segments != before.monthly_segments:
        changed["monthly_segments"] = after.monthly_segments
    return changed
