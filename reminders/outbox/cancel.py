"""Stopping and moving messages that have not left yet."""

import uuid
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, bindparam, select, update
from sqlalchemy.orm import Session

from reminders.models import Message, MessageReminder
from reminders.outbox.moves import Move, in_state, move
from schedules.lifecycle import CANCELLABLE, State


def cancel(session: Session, where: ColumnElement[bool], reason: str, now: datetime) -> list[uuid.UUID]:
    """Cancel what matches and the provider has not been called for; the ids of what was cancelled."""
    return move(session, Move(State.CANCELLED, now, reason), where)


def move_due(session: Session, message_ids_due: Mapping[uuid.UUID, tuple[datetime, datetime]], now: datetime) -> None:
    """Give messages that have not left yet a new (due_at, useful_until), both UTC.

    One that a worker has just claimed goes back to planned: that worker then finds it gone and leaves it alone.
    """
    if not message_ids_due:
        return
    statement = (
        update(Message.__table__)  # type: ignore[arg-type]
        .where(Message.id == bindparam("message"), in_state(*CANCELLABLE))
        .values(
            state=State.PLANNED,
            state_at=now,
            reason="moved",
            claim_token=None,
            lease_until=None,
            due_at=bindparam("due"),
            useful_until=bindparam("until"),
        )
    )
    rows = [{"message": key, "due": due, "until": until} for key, (due, until) in message_ids_due.items()]
    session.connection().execute(statement, rows)


def call_off_successors(session: Session, message_id: uuid.UUID, reason: str, now: datetime) -> bool:
    """Cancel what was to take the place of a message that has arrived after all.

    Returns whether nothing is left that might still be sent for it: a successor whose call is under way or in doubt
    may yet come back to be tried again.
    """
    same = select(MessageReminder.reminder_id).where(MessageReminder.message_id == message_id)
    theirs = select(MessageReminder.message_id).where(
        MessageReminder.reminder_id.in_(same), MessageReminder.live, MessageReminder.message_id != message_id
    )
    cancel(session, Message.id.in_(theirs), reason, now)
    in_doubt = select(Message.id).where(Message.id.in_(theirs), in_state(State.SENDING, State.UNKNOWN))
    return session.scalars(in_doubt).first() is None
