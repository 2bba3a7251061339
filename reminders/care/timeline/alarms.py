"""What a patient's red flag set off among staff: who was alerted when and by what."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from reminders.care.timeline.entries import TimelineEntry
from reminders.models import Message, Patient, Staff, Ticket
from reminders.models.kinds import MessageKind
from schedules.lifecycle import State

_CALLED = (State.SENDING, State.SENT, State.DELIVERED, State.UNKNOWN, State.UNDELIVERED, State.FAILED)
"""What was never handed over alerted nobody: most calls are called off, since somebody has taken the alarm."""


def alarm_entries(session: Session, patient: Patient) -> list[TimelineEntry]:
    """The alerts about a patient's tickets that went out; names of staff only. One query."""
    called = (Message.kind == MessageKind.ALERT, Message.state.in_(_CALLED), Ticket.patient_id == patient.id)
    query = select(Message, Staff.name).join(Ticket, Ticket.id == Message.ticket_id)
    rows = session.execute(query.join(Staff, Staff.id == Message.staff_id).where(*called)).all()
    return [
        TimelineEntry(
            at=message.sent_at or message.due_at,
            kind="alert",
            title_key="timeline_alerted",
            params={"who": name, "channel": message.channel.value},
            state=message.state.value,
            channel=message.channel,
            subject_id=message.id,
        )
        for message, name in rows
    ]
