"""The audit trail: who saw or changed what, when."""

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from reminders.care.actors import Actor
from reminders.models import Audit

SEEN_ONCE_IN = timedelta(hours=1)
"""Within this time a further look of the same person at the same thing is not noted again (decision 36)."""


def was_seen(session: Session, actor: Actor, action: str, subject_id: uuid.UUID, now: datetime) -> bool:
    """Whether it is on the trail already that this person has just looked ("patient.seen"). The index of clinic and
    time serves it."""
    recent = (Audit.clinic_id == actor.clinic_id, Audit.at > now - SEEN_ONCE_IN)
    same = (Audit.staff_id == actor.staff_id, Audit.action == action, Audit.subject_id == subject_id)
    return session.scalar(select(Audit.id).where(*recent, *same).limit(1)) is not None


def note(  # noqa: PLR0913, PLR0917 - one entry has this many parts, and each caller knows all of them
    session: Session,
    actor: Actor,
    action: str,
    subject_kind: str,
    subject_id: uuid.UUID | None,
    now: datetime,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Add one entry to the trail ("patient.changed"). `detail` holds ids, counts and field names, never values."""
    session.add(Audit(**entry(actor, action, (subject_kind, subject_id), now, detail)))


def entry(
    actor: Actor,
    action: str,
    subject: tuple[str, uuid.UUID | None],
    now: datetime,
    detail: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """One entry as a row, for whoever writes many rows at once."""
    kind, subject_id = subject
    return {
        "clinic_id": actor.clinic_id,
        "at": now,
        "staff_id": actor.staff_id,
        "api_key_id": actor.api_key_id,
        "action": action,
        "subject_kind": kind,
        "subject_id": subject_id,
        "detail": {"source": actor.source, **(detail or {})},
    }
