"""A text or an e-mail by one of the clinic's senders to the member of staff who asks for it: does it really arrive?"""

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from reminders.care import audit
from reminders.care.actors import Actor
from reminders.errors import InvalidInputError, Problem
from reminders.models import Audit, Message, Staff
from reminders.models.kinds import Channel, MessageKind
from reminders.outbox import Draft, enqueue, keys
from reminders.outbox.enqueue import senders_of

TESTED = "sender.tested"
"""What the audit trail calls it."""

_USEFUL_FOR = timedelta(hours=1)
_SHOWN_FOR = timedelta(days=1)
"""How long what became of a test is told."""


def send_test(session: Session, actor: Actor, channel: Channel, now: datetime) -> None:
    """Queue a test on `channel` to whoever acts; again within the same minute it stays one.

    It is an alert, like all that goes to staff: at any hour, and the clinic's holds keep it as they keep anything.

    Raises:
        InvalidInputError: on the channel's name, test_no_phone or test_no_sender.
    """
    staff = session.scalars(select(Staff).where(Staff.id == actor.staff_id)).one()
    sender_id = senders_of(session, actor.clinic_id).get(channel)
    if channel is Channel.SMS and not staff.phone:
        raise InvalidInputError({channel.value: Problem("test_no_phone")})
    if sender_id is None:
        raise InvalidInputError({channel.value: Problem("test_no_sender")})
    message = Draft(
        clinic_id=actor.clinic_id,
        kind=MessageKind.ALERT,
        channel=channel,
        template="alert:sender",
        language=staff.language,
        dedupe_key=keys.sender_test_key(sender_id, staff.id, now),
        due_at=now,
        useful_until=now + _USEFUL_FOR,
        staff_id=staff.id,
    )
    for message_id in enqueue(session, [message], now):
        detail = {"channel": channel.value, "message": str(message_id)}
        audit.note(session, actor, TESTED, "sender", sender_id, now, detail)


def last_tests(session: Session, staff_id: uuid.UUID, now: datetime) -> Mapping[Channel, Message]:
    """The newest test of each channel that somebody has asked for within a day. Two statements, by indexes alone."""
    own = (Audit.at > now - _SHOWN_FOR, Audit.action == TESTED, Audit.staff_id == staff_id)
    asked = session.scalars(select(Audit.detail).where(*own).order_by(Audit.at.desc()).limit(20)).all()
    ids = [uuid.UUID(detail["message"]) for detail in asked]
    found = session.scalars(select(Message).where(Message.id.in_(ids)).order_by(Message.created_at))
    return {message.channel: message for message in found}
