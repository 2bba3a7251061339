"""What somebody is owed, before it is a row."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reminders.clock import require_aware
from reminders.models.kinds import Channel, Language, MessageKind

PRIORITY: Mapping[MessageKind, int] = {
    MessageKind.SAFETY: 0,
    MessageKind.ALERT: 1,
    MessageKind.CONFIRMATION: 2,
    MessageKind.ANSWER: 3,
    MessageKind.STAFF: 4,
    MessageKind.REMINDER: 5,
    MessageKind.NUDGE: 6,
}
"""Lower goes first."""

NO_WAITING = PRIORITY[MessageKind.ALERT]
"""Messages of this priority or a lower number do not wait until their sender's budget allows; they are charged."""


@dataclass(frozen=True, slots=True)
class Draft:
    """One message to enqueue. `dedupe_key` comes from `reminders.outbox.keys`; times are aware.

    Raises:
        ValueError: a time is naive, or `useful_until` lies before `due_at`.
    """

    clinic_id: uuid.UUID
    kind: MessageKind
    channel: Channel
    template: str
    language: Language
    dedupe_key: str
    due_at: datetime
    useful_until: datetime
    patient_id: uuid.UUID | None = None
    staff_id: uuid.UUID | None = None
    treatment_id: uuid.UUID | None = None
    protocol_version_id: uuid.UUID | None = None
    reply_id: uuid.UUID | None = None
    ticket_id: uuid.UUID | None = None
    params: Mapping[str, Any] | None = None
    urgent: bool = False
    reason: str = ""
    """Why it is there, where that is not plain: it takes another message's place."""
    reminder_ids: tuple[uuid.UUID, ...] = ()

    def __post_init__(self) -> None:
        if require_aware(self.useful_until) < require_aware(self.due_at):
            raise ValueError("a message cannot stop being useful before it is due")
