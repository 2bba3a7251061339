"""Check-ins: which one a patient was asked, and what they answered; a later answer stands beside the earlier."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, insert, select
from sqlalchemy.orm import Session

from reminders.models import CheckIn, Message, MessageReminder, Reminder
from reminders.models.kinds import CheckInOutcome

ANSWERABLE_FOR = timedelta(days=7)
"""How long after it was sent a bare digit is still an answer to a check-in."""


@dataclass(frozen=True)
class AskedCheckIn:
    """A check-in that went out."""

    clinic_id: uuid.UUID
    treatment_id: uuid.UUID
    reminder_id: uuid.UUID


@dataclass(frozen=True)
class CheckInAnswer:
    """An answer to keep: by reply, or by page with `answers` (what was ticked and written, JSON-safe)."""

    clinic_id: uuid.UUID
    treatment_id: uuid.UUID
    outcome: CheckInOutcome
    reminder_id: uuid.UUID | None = None
    reply_id: uuid.UUID | None = None
    answers: Any | None = None


_KEEP = insert(CheckIn.__table__)  # type: ignore[arg-type]


def record_outcome(session: Session, answer: CheckInAnswer, now: datetime) -> None:
    """Keep one more answer; the newest holds."""
    session.connection().execute(_KEEP, {**answer.__dict__, "answered_at": now})


def latest(session: Session, treatment_id: uuid.UUID) -> CheckIn | None:
    """The answer that holds for a treatment."""
    return session.scalars(
        select(CheckIn)
        .where(CheckIn.treatment_id == treatment_id)
        .order_by(CheckIn.answered_at.desc(), CheckIn.id.desc())
        .limit(1)
    ).first()


def asked(session: Session, patient_ids: Sequence[uuid.UUID], now: datetime) -> AskedCheckIn | None:
    """The newest check-in sent to any of these patients within the last week, answered or not."""
    if not patient_ids:
        return None
    theirs = asked_of(Message.patient_id.in_(patient_ids))
    found = session.execute(theirs, {"asked_since": now - ANSWERABLE_FOR}).first()
    return None if found is None else AskedCheckIn(*found)


def asked_of(whose: ColumnElement[bool]) -> Select[uuid.UUID, uuid.UUID, uuid.UUID]:
    """What selects the newest check-in among the messages that are `whose`, sent since the parameter `asked_since`."""
    return (
        select(Reminder.clinic_id, Reminder.treatment_id, Reminder.id)
        .join(MessageReminder, MessageReminder.reminder_id == Reminder.id)
        .join(Message, Message.id == MessageReminder.message_id)
        .where(whose, Reminder.is_check_in, Message.sent_at >= bindparam("asked_since"))
        .order_by(Message.sent_at.desc(), Message.id.desc())
        .limit(1)
    )
