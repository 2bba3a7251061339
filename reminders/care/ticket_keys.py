"""What keeps one cause from opening two tickets: the key of each kind of ticket."""

import uuid
from datetime import date

from reminders.models.kinds import Channel, TicketKind

ALARM_TEST = "alarm_test"
"""The reason of the ticket of a weekly test alert."""


def key_for(kind: TicketKind, cause: uuid.UUID) -> str:
    """The key of the ticket of this kind that one reply, message or reminder causes."""
    return f"ticket:{kind.value}:{cause}"


def key_for_sender(sender_id: uuid.UUID, day: date) -> str:
    """The key of the ticket that says that a sender is paused: one a day."""
    return f"ticket:paused:{sender_id}:{day.isoformat()}"


def key_for_spending(clinic_id: uuid.UUID, month: str, most: int) -> str:
    """The key of the ticket that says that a clinic's texts have reached its maximum: one for each that is set."""
    return f"ticket:spending:{clinic_id}:{month}:{most}"


def key_for_hours(event_id: uuid.UUID, patient_id: uuid.UUID | None) -> str:
    """The key of the ticket that says that one patient's plan, or that of many, did not follow a change of hours."""
    return f"ticket:hours:{event_id}:{patient_id or 'many'}"


def key_for_nobody(clinic_id: uuid.UUID, day: date) -> str:
    """The key of the ticket that says that nobody can be alerted: one a day."""
    return f"ticket:nobody:{clinic_id}:{day.isoformat()}"


def key_for_alarm_test(clinic_id: uuid.UUID, day: date) -> str:
    """The key of the weekly test alert of the ISO week that a clinic's local date is in."""
    week = day.isocalendar()
    return f"ticket:{ALARM_TEST}:{clinic_id}:{week.year}-W{week.week:02}"


def key_for_lost_alerts(ticket_id: uuid.UUID, staff_id: uuid.UUID, channel: Channel) -> str:
    """The key of the ticket that says that one person's alerts about one ticket do not arrive on one channel."""
    return f"ticket:alert_lost:{ticket_id}:{staff_id}:{channel}"
