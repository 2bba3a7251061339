"""A clinic says what it is called, how patients reach it and in which language it greets."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from reminders.care import audit, clinics
from reminders.care.actors import Actor
from reminders.care.protocol_versions import all_versions, rules_for
from reminders.care.texts_in import one_line
from reminders.models import Clinic
from reminders.models.kinds import Language
from reminders.wording.findings import blocking
from reminders.wording.linter import lint


@dataclass(frozen=True, slots=True)
class TypedClinic:
    """What somebody typed. Without a `short_name` texts sign with the name's beginning."""

    name: str
    short_name: str = ""
    language: str = ""
    phone: str = ""
    address: str = ""
    booking_url: str = ""


def set_clinic(session: Session, actor: Actor, clinic: Clinic, typed: TypedClinic, now: datetime) -> bool:
    """Change what `clinic` is called and reached by; whether anything did. What is still to be sent says it as it is
    when it goes.

    Raises:
        InvalidInputError: as for a new clinic (`clinics.check`), by field.
    """
    asked = select(Clinic).where(Clinic.id == clinic.id).with_for_update(key_share=True)
    stored = session.scalars(asked.execution_options(populate_existing=True)).one()
    given = {one.name: getattr(typed, one.name) for one in fields(TypedClinic)}
    clinics.check(clinics.NewClinic(**given, timezone=stored.timezone))
    values = _values(given)
    changed = sorted(name for name, value in values.items() if value != getattr(stored, name))
    for name in changed:
        setattr(stored, name, values[name])
    session.flush()
    if changed:
        audit.note(session, actor, "clinic.changed", "clinic", clinic.id, now, {"fields": changed})
    return bool(changed)


def texts_that_do_not_fit(session: Session, clinic: Clinic) -> list[str]:
    """The keys of the protocols whose published texts break the clinic's own rules by its name, phone or links as they
    are now: a longer name may cost a segment more than is allowed."""
    return [
        one.protocol.key
        for one in all_versions(session, clinic.id)
        if one.published and blocking(lint(one.published.content, rules_for(clinic, one.protocol)))
    ]


def _values(given: Mapping[str, str]) -> dict[str, str | Language]:
    lines = {name: one_line(value) for name, value in given.items() if name != "language"}
    short = lines["short_name"] or lines["name"][: clinics.LIMITS["short_name"]].strip()
    return {**lines, "short_name": short, "language": Language(given["language"])}
