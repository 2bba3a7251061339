"""What e-mails from nobody whom a clinic knows may set off: anybody can write a From, and as many as they like."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, exists, func, select
from sqlalchemy.orm import Session

from reminders.models import Message, Reply, Ticket
from reminders.models.kinds import Channel, MessageKind, TicketKind, TicketState
from reminders.outbox import in_state
from schedules.lifecycle import State

MOST_TO_ONE = 3
"""Safety e-mails to one such address within `COUNTS_FOR`, whichever text they are."""

MOST_TO_ALL = 10
"""The same to all such addresses of a clinic together."""

COUNTS_FOR = timedelta(hours=1)

_TO_WHO_WROTE = (MessageKind.SAFETY, MessageKind.ANSWER, MessageKind.CONFIRMATION)

_AHEAD = (State.PLANNED, State.CLAIMED, State.SENDING)

_STRANGERS = (Reply.channel == Channel.EMAIL, Reply.patient_id.is_(None))


MOST_ANSWERS = 10
"""Other e-mails to all such addresses of a clinic together: answers to HELP, confirmations of STOP."""


@dataclass(frozen=True, slots=True)
class Told:
    """How many safety e-mails, and others, a clinic's strangers got within `COUNTS_FOR`."""

    safety: int = 0
    others: int = 0


NOTHING_TOLD = Told()


def told(connection: Connection, clinic_id: uuid.UUID, now: datetime) -> Told:
    """What the clinic's strangers got of late. One statement."""
    return Told(*connection.execute(_TOLD, {"clinic": clinic_id, "since": now - COUNTS_FOR}).one())


def alarm_rings(session: Session, clinic_id: uuid.UUID) -> bool:
    """Whether an alarm about a stranger's e-mail has calls ahead of it, and nobody has taken it yet. One statement."""
    return bool(session.connection().execute(_RINGS, {"clinic": clinic_id}).scalar())


_IS_SAFETY = Message.kind == MessageKind.SAFETY
_TOLD = (
    select(func.count().filter(_IS_SAFETY), func.count().filter(~_IS_SAFETY))
    .select_from(Reply)
    .join(Message, Message.reply_id == Reply.id)
    .where(Reply.clinic_id == bindparam("clinic"), Reply.received_at > bindparam("since"), *_STRANGERS)
    .where(Message.kind.in_(_TO_WHO_WROTE), Message.patient_id.is_(None))
)
_RINGS = select(
    exists()
    .where(Ticket.clinic_id == bindparam("clinic"), Ticket.state == TicketState.OPEN)
    .where(Ticket.kind == TicketKind.RED_FLAG, Ticket.reply_id == Reply.id, *_STRANGERS)
    .where(Message.ticket_id == Ticket.id, Message.kind == MessageKind.ALERT, in_state(*_AHEAD))
)
