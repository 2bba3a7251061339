"""A clinic sets what its texts may be: how many segments, and whether they may name the treatment."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from reminders.care import audit
from reminders.care.actors import Actor
from reminders.errors import InvalidInputError, Problem
from reminders.models import Clinic
from reminders.models.options import ContentRules, content_rules_of, with_content_rules

MOST = 10
"""Carriers advise against longer texts, and join no more with certainty."""


def set_content_rules(
    session: Session, actor: Actor, clinic: Clinic, most_segments: str, now: datetime, *, may_name_treatment: bool
) -> ContentRules:
    """Change the rules by which drafts of `clinic` are judged from now on; what is published stays published.

    Raises:
        InvalidInputError: on most_segments, not_a_number or number_outside.
    """
    asked = select(Clinic).where(Clinic.id == clinic.id).with_for_update(key_share=True)
    stored = session.scalars(asked.execution_options(populate_existing=True)).one()
    before, after = content_rules_of(stored.options), ContentRules(_segments(most_segments.strip()), may_name_treatment)
    if after != before:
        stored.options = with_content_rules(stored.options, after)
        detail = {"most_segments": after.most_segments, "may_name_treatment": after.may_name_treatment}
        audit.note(session, actor, "clinic.content_rules_changed", "clinic", clinic.id, now, detail)
    return after


def _segments(typed: str) -> int:
    if not (typed.isascii() and typed.isdigit()):
        raise InvalidInputError({"most_segments": Problem("not_a_number")})
    # Bounded before it is read: int() of a very long number raises.
    if len(typed) > len(str(MOST)) or not 1 <= int(typed) <= MOST:
        raise InvalidInputError({"most_segments": Problem("number_outside", limit=str(MOST))})
    return int(typed)
