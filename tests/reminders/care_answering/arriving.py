"""Inbound messages for these tests, received and understood as the webhook does it."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from reminders.care.replies import Inbound, keep, understand_received
from reminders.database import Database
from reminders.models import Clinic, Message, Reply, Sender, Ticket
from reminders.models.kinds import Channel, MessageKind, ReplyKind, TicketKind
from tests.conftest import NOW
from tests.reminders.care_answering.builders import PHONE


def inbound(session: Session, clinic: Clinic, body: str, **given: Any) -> Inbound:
    """A text from the patient of `add_patient`."""
    channel = given.get("channel", Channel.SMS)
    sender = session.scalars(select(Sender).where(Sender.clinic_id == clinic.id, Sender.channel == channel)).one()
    values: dict[str, Any] = {
        "channel": channel,
        "kind": ReplyKind.TEXT,
        "provider_id": f"SM{uuid.uuid4().hex}",
        "from_address": PHONE,
    }
    return Inbound(sender_id=sender.id, clinic_id=clinic.id, body=body, **{**values, **given})


def say(database: Database, clinic: Clinic, body: str, now: datetime = NOW, **given: Any) -> Reply:
    """Receive a text and understand it, as the webhook does it."""
    with database.read() as session:
        text = inbound(session, clinic, body, **given)
    with database.apart() as connection:
        received = keep(connection, text, now)
        assert received is not None
        understand_received(database, connection, received, now)
    with database.begin() as session:
        return session.get_one(Reply, received.reply.id)


OURS = (MessageKind.ANSWER, MessageKind.SAFETY, MessageKind.CONFIRMATION, MessageKind.ALERT)


def tickets(database: Database) -> list[tuple[TicketKind, str]]:
    """Kind and reason of all tickets, in the order in which they were opened."""
    with database.read() as session:
        return [
            (kind, reason) for kind, reason in session.execute(select(Ticket.kind, Ticket.reason).order_by(Ticket.id))
        ]


def messages(database: Database) -> Sequence[Message]:
    """What went out because of replies, the most urgent first; of an alarm its first text."""
    first_text = (Message.due_at == Message.created_at) & (Message.channel == Channel.SMS)
    ours = (Message.kind.in_(OURS), or_(Message.kind != MessageKind.ALERT, first_text))
    with database.begin() as session:
        return session.scalars(select(Message).where(*ours).order_by(Message.priority)).all()


def templates(database: Database) -> list[str]:
    """The templates of `messages`."""
    return [message.template for message in messages(database)]
