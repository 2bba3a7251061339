"""Messages (the jobs), the calls made for them, and what providers and delivery say of them."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, Integer, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from reminders.columns import Sealed, words
from reminders.database import Base, ClinicOwned
from reminders.ids import new_id
from reminders.models.kinds import Channel, EventKind, Language, MessageKind, Outcome
from schedules.lifecycle import State

_PLANNED = text("state = 'planned'")
_IN_HAND = text("state IN ('claimed', 'sending', 'unknown')")
_TO_CHECK = text("check_at IS NOT NULL")
_ANSWERS = text("reply_id IS NOT NULL")
_ABOUT_TICKETS = text("ticket_id IS NOT NULL")


class Message(ClinicOwned, Base):
    """One thing to send to one person on one channel: the job.

    `template` names the text ("step:day-1", "answer:persisting") and `params` what fills it; `body` is what was sent,
    kept once it is rendered. The address is the person's own at the moment of sending. `due_at`, `useful_until`,
    `lease_until` and `check_at` (when to ask the provider again) are UTC.
    """

    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("dedupe_key"),
        Index("ix_message_due", "sender_id", "priority", "due_at", sqlite_where=_PLANNED, postgresql_where=_PLANNED),
        Index("ix_message_in_hand", "state", "lease_until", sqlite_where=_IN_HAND, postgresql_where=_IN_HAND),
        Index("ix_message_expiry", "useful_until", sqlite_where=_PLANNED, postgresql_where=_PLANNED),
        Index("ix_message_check", "check_at", sqlite_where=_TO_CHECK, postgresql_where=_TO_CHECK),
        Index("ix_message_reply_id", "reply_id", sqlite_where=_ANSWERS, postgresql_where=_ANSWERS),
        Index("ix_message_ticket_id", "ticket_id", sqlite_where=_ABOUT_TICKETS, postgresql_where=_ABOUT_TICKETS),
        Index(None, "patient_id", "due_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    clinic_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clinic.id"), index=True)
    patient_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("patient.id"))
    staff_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff.id"))
    treatment_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("treatment.id"), index=True)
    protocol_version_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("protocol_version.id"))
    reply_id: Mapped[uuid.UUID | None]
    """The reply that this answers. Not a foreign key: replies point at messages, and a ring could not be dropped."""
    ticket_id: Mapped[uuid.UUID | None]
    sender_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("sender.id"))
    channel: Mapped[Channel] = mapped_column(words(Channel))
    kind: Mapped[MessageKind] = mapped_column(words(MessageKind))
    urgent: Mapped[bool] = mapped_column(default=False)
    """A staff message that may leave outside the window."""
    priority: Mapped[int] = mapped_column(Integer)
    """Lower goes first; `reminders.outbox.PRIORITY` has the values."""
    language: Mapped[Language] = mapped_column(words(Language))
    template: Mapped[str] = mapped_column(String(64))
    params: Mapped[Any | None] = mapped_column(Sealed("message.params"))
    subject: Mapped[str | None] = mapped_column(Sealed("message.subject"))
    body: Mapped[str | None] = mapped_column(Sealed("message.body"))
    dedupe_key: Mapped[str] = mapped_column(String(160))
    due_at: Mapped[datetime]
    useful_until: Mapped[datetime]
    state: Mapped[State] = mapped_column(words(State), default=State.PLANNED)
    state_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(String(64), default="")
    tries: Mapped[int] = mapped_column(Integer, default=0)
    claim_token: Mapped[uuid.UUID | None]
    lease_until: Mapped[datetime | None]
    check_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class MessageReminder(ClinicOwned, Base):
    """Which reminders a message carries. A link is live until its message ends, and a reminder has one live link."""

    __tablename__ = "message_reminder"
    __table_args__ = (
        Index(
            "uq_message_reminder_live",
            "reminder_id",
            unique=True,
            sqlite_where=text("live"),
            postgresql_where=text("live"),
        ),
    )

    message_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("message.id"), primary_key=True)
    reminder_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("reminder.id"), primary_key=True)
    clinic_id: Mapped[uuid.UUID] = mapped_column()
    live: Mapped[bool] = mapped_column(default=True)


class Attempt(ClinicOwned, Base):
    """One call to a provider. Its id travels with the call, so a receipt proves that the call arrived.

    `body_hash` (keyed) and `address_index` recognise the message in the provider's own list; `lookups` counts how
    often that list was asked.
    """

    __tablename__ = "attempt"
    __table_args__ = (UniqueConstraint("message_id", "number"), Index(None, "provider_id"))

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    clinic_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clinic.id"))
    message_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("message.id"))
    sender_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("sender.id"))
    number: Mapped[int]
    to: Mapped[str] = mapped_column(Sealed("attempt.to"))
    address_index: Mapped[str] = mapped_column(String(64))
    body_hash: Mapped[str] = mapped_column(String(64))
    segments: Mapped[int] = mapped_column(Integer, default=1)
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    outcome: Mapped[Outcome | None] = mapped_column(words(Outcome))
    error_code: Mapped[str] = mapped_column(String(32), default="")
    provider_id: Mapped[str | None] = mapped_column(String(200))
    lookups: Mapped[int] = mapped_column(Integer, default=0)
    looked_up_at: Mapped[datetime | None]


class Receipt(ClinicOwned, Base):
    """What a provider reported of an attempt, each status once, in whatever order it came."""

    __tablename__ = "receipt"
    __table_args__ = (UniqueConstraint("attempt_id", "provider_id", "status"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    clinic_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clinic.id"))
    attempt_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("attempt.id"))
    provider_id: Mapped[str] = mapped_column(String(200))
    status: Mapped[str] = mapped_column(String(32))
    error_code: Mapped[str] = mapped_column(String(32), default="")
    received_at: Mapped[datetime]


class Spending(ClinicOwned, Base):
    """What a clinic's texts have come to in one calendar month ("2026-03") of its zone, in segments.

    That is the sum over its attempts at texts, without those that the provider has definitely not taken.
    """

    __tablename__ = "spending"

    clinic_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clinic.id"), primary_key=True)
    month: Mapped[str] = mapped_column(String(7), primary_key=True)
    segments: Mapped[int] = mapped_column(Integer)


class Event(ClinicOwned, Base):
    """What delivery has to tell care, written with the settlement and handled later in a transaction of its own."""

    __tablename__ = "event"
    __table_args__ = (
        Index(
            "ix_event_open",
            "at",
            sqlite_where=text("handled_at IS NULL"),
            postgresql_where=text("handled_at IS NULL"),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    clinic_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clinic.id"), index=True)
    kind: Mapped[EventKind] = mapped_column(words(EventKind))
    message_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("message.id"))
    sender_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("sender.id"))
    detail: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """Codes, counts and ids only, never a person's data."""
    at: Mapped[datetime]
    handled_at: Mapped[datetime | None]
