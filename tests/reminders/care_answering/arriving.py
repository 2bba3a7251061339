"""Inbound messages for these tests, received and understood as the webhook does it."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from reminders.care.replies import Inbound, receive, understand
from reminders.database import Database
from reminders.models import Clinic, Reply, Sender
from reminders.models.kinds import Channel, ReplyKind
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
    """Receive a text and understand it, in two transactions."""
    with database.begin() as session:
        reply = receive(session, inbound(session, clinic, body, **given), now)
    assert reply is not None
    with database.begin() as session:
        understand(session, reply.id, now)
    with database.begin() as session:
        return session.get_one(Reply, reply.id)
