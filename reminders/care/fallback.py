"""A reminder whose message did not arrive gets another message, on the other channel."""

import uuid
from datetime import datetime

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from reminders.models import Message, MessageReminder, Reminder
from reminders.models.kinds import Channel, ReminderState
from reminders.outbox import Draft, enqueue, keys


def send_instead(session: Session, message: Message, channel: Channel, now: datetime) -> list[uuid.UUID]:
    """Queue a message on `channel` for what `message` owed and nothing else carries now. The ids really added."""
    owed = open_reminders(session, message)
    if not owed:
        return []
    draft = Draft(
        clinic_id=message.clinic_id,
        kind=message.kind,
        channel=channel,
        template=message.template,
        language=message.language,
        dedupe_key=keys.reminder_key(owed[0], channel, _tries(session, owed[0], channel) + 1),
        due_at=max(message.due_at, now),
        useful_until=message.useful_until,
        patient_id=message.patient_id,
        treatment_id=message.treatment_id,
        protocol_version_id=message.protocol_version_id,
        params=message.params,
        reminder_ids=tuple(owed),
    )
    return enqueue(session, [draft], now)


def open_reminders(session: Session, message: Message) -> list[uuid.UUID]:
    """The reminders that `message` carried, are still owed, and that no live message carries."""
    carried = select(MessageReminder.reminder_id).where(MessageReminder.message_id == message.id)
    carried_by_another = exists().where(
        MessageReminder.reminder_id == Reminder.id, MessageReminder.live, MessageReminder.message_id != message.id
    )
    query = select(Reminder.id).where(
        Reminder.id.in_(carried), Reminder.state == ReminderState.OWED, ~carried_by_another
    )
    return list(session.scalars(query.order_by(Reminder.id)))


def _tries(session: Session, reminder_id: uuid.UUID, channel: Channel) -> int:
    """How many messages a reminder has had on a channel."""
    query = (
        select(func.count())
        .select_from(MessageReminder)
        .join(Message, Message.id == MessageReminder.message_id)
        .where(MessageReminder.reminder_id == reminder_id, Message.channel == channel)
    )
    return session.scalar(query) or 0
