"""Check-ins: which one a patient was asked, and what they answered; a later answer stands beside the earlier."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, select
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


def row_of(answer: CheckInAnswer, now: datetime) -> dict[str, Any]:
    """One more answer as a row; the newest holds."""
    return {**answer.__dict__, "answered_at": now}


def latest(session: Session, treatment_id: uuid.UUID) -> CheckIn | None:
    """The answer that holds for a treatment."""
    return session.scalars(
        select(CheckIn)
        .where(CheckIn.treatment_id == treatment_id)
        .order_by(CheckIn.answered_at.desc(), CheckIn.id.desc())
        .limit(1)
    ).first()


def asked_of(whose: ColumnElement[bool]) -> Select[uuid.UUID]:
    """The reminder of the newest check-in among the messages that are `whose`, sent since the parameter `asked_since`,
    answered or not."""
    return (
        select(Reminder.id)
        .join(MessageReminder, MessageReminder.reminder_id == Reminder.id)
        .join(Message, Message.id == MessageReminder.message_id)
        .where(whose, Reminder.is_check_in, Message.sent_at >= bindparam("asked_since"))
        .order_by(Message.sent_at.desc(), Message.id.desc())
        .limit(1)
    )
