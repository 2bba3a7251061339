"""Check-ins: which one a patient was asked, and what they answered; a later answer stands beside the earlier."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, case, func, or_, select
from sqlalchemy.orm import Session, aliased

from reminders.models import CheckIn, Message, MessageReminder, Reminder, Ticket
from reminders.models.kinds import CheckInOutcome, TicketState

ANSWERABLE_FOR = timedelta(days=7)
"""How long after it was sent a check-in can be answered, by page as by digit; later, it would be about other days.

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


@dataclass(frozen=True, slots=True)
class LaterAnswer:
    """What a patient answers now, where the answer that opened a ticket was another."""

    first: CheckInOutcome
    now: CheckInOutcome

    @property
    def is_better(self) -> bool:
        """Whether it has become better rather than worse."""
        return _WORST_LAST.index(self.now) < _WORST_LAST.index(self.first)


_WORST_LAST = (CheckInOutcome.CLEAR, CheckInOutcome.IMPROVING, CheckInOutcome.PERSISTING, CheckInOutcome.URGENT)


def later_answers(session: Session, clinic_id: uuid.UUID) -> Mapping[uuid.UUID, LaterAnswer]:
    """The later answers of a clinic's tickets that are not closed, by ticket. One query."""
    newest = aliased(CheckIn)
    last = (
        select(newest.id)
        .where(newest.treatment_id == CheckIn.treatment_id)
        .order_by(newest.answered_at.desc(), newest.id.desc())
        .limit(1)
        .correlate(CheckIn)
        .scalar_subquery()
    )
    holding = aliased(CheckIn)
    rows = session.execute(
        select(Ticket.id, CheckIn.outcome, holding.outcome)
        .join(CheckIn, (CheckIn.treatment_id == Ticket.treatment_id) & (CheckIn.reply_id == Ticket.reply_id))
        .join(holding, holding.id == last)
        .where(Ticket.clinic_id == clinic_id, Ticket.state != TicketState.CLOSED, holding.outcome != CheckIn.outcome)
    )
    return {ticket_id: LaterAnswer(first, now) for ticket_id, first, now in rows}


def asked_of(whose: ColumnElement[bool], best: ColumnElement[bool], *then: ColumnElement[bool]) -> Select[uuid.UUID]:
    """The reminder of the check-in that an answer is to, whether answered before or not.

    It is the `best` of the messages that are `whose`, else one of `then`, else the newest; it was asked since the
    parameter `asked_since`, as `answerable` says.
    """
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
