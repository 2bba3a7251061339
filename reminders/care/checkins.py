"""Check-ins: which one a patient was asked, and what they answered; a later answer stands beside the earlier."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, case, func, or_, select
from sqlalchemy.orm import Session

from reminders.models import CheckIn, Message, MessageReminder, Reminder
from reminders.models.kinds import CheckInOutcome

ANSWERABLE_FOR = timedelta(days=7)
"""How long after it was sent a check-in can be answered, by its page as by a digit; later, it would be about other days.

One that is not known to have gone out counts from the end of its usefulness: its link may have arrived all the same.
"""


def answerable(message: Message, at: datetime) -> bool:
    """Whether an answer that came at `at` is still one: the rule of `asked_of`, for the message that was answered."""
    return (message.sent_at or message.useful_until) >= at - ANSWERABLE_FOR


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


def asked_of(whose: ColumnElement[bool], best: ColumnElement[bool], *then: ColumnElement[bool]) -> Select[uuid.UUID]:
    """The reminder of the check-in that an answer is to, whether answered before or not: the `best` of the messages that
    are `whose`, else one of `then`, else the newest. Asked since the parameter `asked_since`, as `answerable` says."""
    in_turn = case(*((which, place) for place, which in enumerate((best, *then))), else_=1 + len(then))
    return (
        select(Reminder.id)
        .join(MessageReminder, MessageReminder.reminder_id == Reminder.id)
        .join(Message, Message.id == MessageReminder.message_id)
        .where(whose, Reminder.is_check_in, or_(Message.sent_at.is_not(None), best))
        .where(func.coalesce(Message.sent_at, Message.useful_until) >= bindparam("asked_since"))
        .order_by(in_turn, Message.sent_at.desc(), Message.id.desc())
        .limit(1)
    )
