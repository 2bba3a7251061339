"""What e-mails from nobody whom a clinic knows may set off: anybody can write a From, and as many as they like."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Select, bindparam, exists, func, select
from sqlalchemy.orm import Session

from reminders.care.tickets import BY_REASON, PRIORITY
from reminders.models import Message, Patient, Reply, Ticket
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

_STRANGERS = (
    Reply.channel == Channel.EMAIL,
    Reply.patient_id.is_(None),
    # Of an address that two patients share nobody knows who wrote, but it is no stranger's.
    ~exists().where(Patient.clinic_id == Reply.clinic_id, Patient.email_index == Reply.from_index),
)

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


@dataclass(frozen=True, slots=True)
class Waiting:
    """A red flag that nobody was called about."""

    ticket_id: uuid.UUID
    reason: str


def alarm_rings(session: Session, clinic_id: uuid.UUID, reason: str) -> bool:
    """Whether an alarm about a stranger's e-mail, as grave as one of that `reason`, has calls ahead of it, and nobody
    has taken it yet. One statement; whoever takes it meanwhile waits for the end of this transaction, and then finds
    what has joined it."""
    return _is_there(session, _RINGS_HELD, clinic_id, reason)


def next_to_ring(session: Session, clinic_id: uuid.UUID) -> Waiting | None:
    """The gravest open red flag that came by e-mail and that nobody was called about, the oldest of several, unless an
    alarm as grave rings. Also one that is a patient's by now: it joined when it was a stranger's. One statement, two
    where there is one."""
    session.flush()
    row = session.connection().execute(_NEXT, {"clinic": clinic_id}).first()
    found = Waiting(*row) if row else None
    # What somebody else takes in this moment rings no more; to wait for them, as they may for us, would be for ever.
    return None if found and _is_there(session, _RINGS_STILL, clinic_id, found.reason) else found


def _is_there(session: Session, question: Select[uuid.UUID], clinic_id: uuid.UUID, reason: str) -> bool:
    grave = BY_REASON.get(reason, PRIORITY[TicketKind.RED_FLAG])
    return session.connection().execute(question, {"clinic": clinic_id, "grave": grave}).first() is not None


_IS_SAFETY = Message.kind == MessageKind.SAFETY
_TOLD = (
    select(func.count().filter(_IS_SAFETY), func.count().filter(~_IS_SAFETY))
    .select_from(Reply)
    .join(Message, Message.reply_id == Reply.id)
    .where(Reply.clinic_id == bindparam("clinic"), Reply.received_at > bindparam("since"), *_STRANGERS)
    .where(Message.kind.in_(_TO_WHO_WROTE), Message.patient_id.is_(None))
)
_OPEN_FLAGS = (
    Ticket.clinic_id == bindparam("clinic"),
    Ticket.state == TicketState.OPEN,
    Ticket.kind == TicketKind.RED_FLAG,
)
_ALERTED = (Message.ticket_id == Ticket.id, Message.kind == MessageKind.ALERT)
_RINGS = (
    select(Ticket.id)
    .join(Reply, Reply.id == Ticket.reply_id)
    .where(*_OPEN_FLAGS, *_STRANGERS, Ticket.priority <= bindparam("grave"))
    .where(exists().where(*_ALERTED, in_state(*_AHEAD)))
    .limit(1)
)
_RINGS_HELD = _RINGS.with_for_update(of=Ticket)
_RINGS_STILL = _RINGS.with_for_update(of=Ticket, skip_locked=True)
_NEXT = (
    select(Ticket.id, Ticket.reason)
    .join(Reply, Reply.id == Ticket.reply_id)
    .where(*_OPEN_FLAGS, Reply.channel == Channel.EMAIL, ~exists().where(*_ALERTED))
    .order_by(Ticket.priority, Ticket.opened_at, Ticket.id)
    .limit(1)
)
