"""A clinic sets its rules: texts in doubt, what a month of texts may cost, links in texts, when somebody is there."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from reminders.care import audit
from reminders.care.actors import Actor
from reminders.care.texts_in import one_line, text_problem
from reminders.delivery import spending
from reminders.errors import InvalidInputError, Problem
from reminders.models import Clinic
from reminders.models.options import OnUnknown, SendingRules, rules_of, with_rules
from reminders.wording.segments import outside_gsm7

NO_LIMIT = "none"
"""How somebody types that a month has no maximum; nothing at all says the same."""

YES_OR_NO = ("yes", "no")
"""How somebody chooses whether a rule holds."""

MOST_SEGMENTS = 10_000_000
"""More in a month is a slip of the keyboard."""

LONGEST_HOURS = 60
"""With more the safety texts that name the hours would need a fourth segment."""


@dataclass(frozen=True, slots=True)
class TypedRules:
    """What somebody typed; None leaves that rule as it is.

    `unknown` is try_again or ask_staff, `monthly_segments` a whole number, or "" or "none" for no maximum,
    `link_in_texts` yes or no. `hours_en` and `hours_fr` are one short line each, or "" both.
    """

    unknown: str | None = None
    monthly_segments: str | None = None
    hours_en: str | None = None
    hours_fr: str | None = None
    link_in_texts: str | None = None


def set_rules(session: Session, actor: Actor, clinic: Clinic, typed: TypedRules, now: datetime) -> SendingRules:
    """Change the rules of `clinic`; the rules that hold now. What changed is noted in the audit trail.

    Raises:
        InvalidInputError: on `unknown` or `link_in_texts` (choice_unknown), `monthly_segments` (not_a_number,
            number_outside), `hours_en` or `hours_fr` (hours_in_one_language, too_long, control_characters,
            dear_characters).
    """
    asked = select(Clinic).where(Clinic.id == clinic.id).with_for_update(key_share=True)
    stored = session.scalars(asked.execution_options(populate_existing=True)).one()
    before = rules_of(stored.options)
    after = _parsed(typed, before)
    if after == before:
        return before
    stored.options = with_rules(stored.options, after)
    session.flush()
    if after.monthly_segments != before.monthly_segments:
        spending.lift(session, stored, now)
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
    if typed.link_in_texts not in {None, *YES_OR_NO}:
        problems["link_in_texts"] = Problem("choice_unknown", choices=", ".join(YES_OR_NO))
    hours = _hours(typed, before)
    problems |= _wrong_hours(hours)
    if problems:
        raise InvalidInputError(problems)
    link = before.link_in_texts if typed.link_in_texts is None else typed.link_in_texts == YES_OR_NO[0]
    return SendingRules(unknown, most, link_in_texts=link, **hours)


def _hours(typed: TypedRules, before: SendingRules) -> dict[str, str]:
    return {
        name: getattr(before, name) if getattr(typed, name) is None else one_line(getattr(typed, name))
        for name in ("hours_en", "hours_fr")
    }


def _wrong_hours(hours: Mapping[str, str]) -> dict[str, Problem]:
    """Neither language is left without, and no text becomes dearer or too long by them."""
    said = any(hours.values())
    found = {name: _wrong_line(line) if line else Problem("hours_in_one_language") for name, line in hours.items()}
    return {name: problem for name, problem in found.items() if problem} if said else {}


def _wrong_line(line: str) -> Problem | None:
    dear = outside_gsm7(line)
    if problem := text_problem(line, LONGEST_HOURS):
        return problem
    return Problem("dear_characters", characters=" ".join(sorted(set(dear)))) if dear else None


def _segments(typed: str) -> int | None:
    if typed.lower() in {"", NO_LIMIT}:
        return None
    digits = typed.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()):
        raise InvalidInputError({"monthly_segments": Problem("not_a_number")})
    # Bounded before it is read: int() of a very long number raises.
    if len(typed) > len(str(MOST_SEGMENTS)) or not 0 <= int(typed) <= MOST_SEGMENTS:
        limits = f"0 – {MOST_SEGMENTS}"
        raise InvalidInputError({"monthly_segments": Problem("number_outside", limit=limits)})
    return int(typed)


def _changed(before: SendingRules, after: SendingRules) -> Mapping[str, Any]:
    """The new values of the rules that changed: settings of the clinic, nobody's data."""
    changed: dict[str, Any] = {}
    if after.unknown is not before.unknown:
        changed["unknown"] = after.unknown.value
    names = ("monthly_segments", "hours_en", "hours_fr", "link_in_texts")
    changed |= {name: getattr(after, name) for name in names if getattr(after, name) != getattr(before, name)}
    return changed
