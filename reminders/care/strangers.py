"""What e-mails from nobody whom a clinic knows may set off: anybody can write a From, and as many as they like."""

import uuid
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

_AHEAD = (State.PLANNED, State.CLAIMED, State.SENDING)

_STRANGERS = (Reply.channel == Channel.EMAIL, Reply.patient_id.is_(None))


def told(connection: Connection, clinic_id: uuid.UUID, now: datetime) -> int:
    """How many safety e-mails the clinic's strangers got of late. One statement."""
    return connection.execute(_TOLD, {"clinic": clinic_id, "since": now - COUNTS_FOR}).scalar_one()


def alarm_rings(session: Session, clinic_id: uuid.UUID) -> bool:
    """Whether an alarm about a stranger's e-mail has calls ahead of it, and nobody has taken it yet. One statement."""
    return bool(session.connection().execute(_RINGS, {"clinic": clinic_id}).scalar())


_TOLD = (
    select(func.count())
    .select_from(Reply)
    .join(Message, Message.reply_id == Reply.id)
    .where(Reply.clinic_id == bindparam("clinic"), Reply.received_at > bindparam("since"), *_STRANGERS)
    .where(Message.kind == MessageKind.SAFETY, Message.patient_id.is_(None))
)
_RINGS = select(
    exists()
    .where(Ticket.clinic_id == bindparam("clinic"), Ticket.state == TicketState.OPEN)
    .where(Ticket.kind == TicketKind.RED_FLAG, Ticket.reply_id == Reply.id, *_STRANGERS)
    .where(Message.ticket_id == Ticket.id, Message.kind == MessageKind.ALERT, in_state(*_AHEAD))
)
