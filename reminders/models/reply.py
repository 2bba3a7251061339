"""What patients say, what it was read as, and what staff must do about it."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, Integer, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from reminders.columns import Sealed, words
from reminders.database import Base, ClinicOwned
from reminders.ids import new_id
from reminders.models.kinds import (
    Channel,
    CheckInOutcome,
    ConsultState,
    Language,
    ReplyKind,
    TicketKind,
    TicketState,
)

MAIL = "mail"
"""Under which key of a reply's `raw` what must be known of an e-mail stands; `thread` there are the Message-IDs of its
conversation, oldest first, its own last."""


class Reply(ClinicOwned, Base):
    """An inbound message, kept before it is understood; `provider_id` is the provider's own, once.

    `patient_id` is empty for an unknown sender and for a number that several patients share.
    """

    __tablename__ = "reply"
    __table_args__ = (
        UniqueConstraint("channel", "provider_id"),
        Index(None, "clinic_id", "received_at"),
        Index(None, "clinic_id", "from_index"),
        Index(None, "patient_id", "received_at"),
        Index(
            "ix_reply_unseen",
            "clinic_id",
            "received_at",
            sqlite_where=text("seen_at IS NULL"),
            postgresql_where=text("seen_at IS NULL"),
        ),
        Index(
            "ix_reply_unread",
            "received_at",
            sqlite_where=text("read_at IS NULL"),
            postgresql_where=text("read_at IS NULL"),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    clinic_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clinic.id"), index=True)
    sender_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("sender.id"))
    patient_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("patient.id"))
    answers_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("message.id"))
    """The message that this most likely answers."""
    kind: Mapped[ReplyKind] = mapped_column(words(ReplyKind))
    channel: Mapped[Channel] = mapped_column(words(Channel))
    provider_id: Mapped[str] = mapped_column(String(200))
    sender_address: Mapped[str] = mapped_column(Sealed("reply.sender_address"))
    from_index: Mapped[str] = mapped_column(String(64))
    body: Mapped[str] = mapped_column(Sealed("reply.body"))
    media: Mapped[Any | None] = mapped_column(Sealed("reply.media"))
    raw: Mapped[Any | None] = mapped_column(Sealed("reply.raw"))
    opt_out_type: Mapped[str] = mapped_column(String(16), default="")
    """The keyword (STOP, START, HELP) that the carrier has already answered; empty when it has answered nothing."""
    to_unknown_number: Mapped[bool] = mapped_column(default=False)
    """It came to a number that is none of our senders', so that the clinic is only a guess."""
    received_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    """When triage read it; empty means that care still owes it a reading."""
    labels: Mapped[list[str]] = mapped_column(JSON, default=list)
    confidence: Mapped[float | None]
    language: Mapped[Language | None] = mapped_column(words(Language))
    evidence: Mapped[Any | None] = mapped_column(Sealed("reply.evidence"))
    handled_at: Mapped[datetime | None]
    seen_at: Mapped[datetime | None]
    """When a member of staff first had it on their screen as a conversation; `seen_by` is who."""
    seen_by: Mapped[uuid.UUID | None]


class CheckIn(ClinicOwned, Base):
    """An answer to a check-in; a later one stands beside the earlier, and the newest holds."""

    __tablename__ = "check_in"
    __table_args__ = (Index(None, "treatment_id", "answered_at"), Index(None, "clinic_id", "answered_at"))

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    clinic_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clinic.id"), index=True)
    treatment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("treatment.id"))
    reminder_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("reminder.id"))
    reply_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("reply.id"))
    outcome: Mapped[CheckInOutcome] = mapped_column(words(CheckInOutcome))
    answers: Mapped[Any | None] = mapped_column(Sealed("check_in.answers"))
    answered_at: Mapped[datetime]


class Severity(ClinicOwned, Base):
    """How severe a patient says it is, 0 (none) to 10, as a reminder asked; a later value stands beside the earlier."""

    __tablename__ = "severity"
    __table_args__ = (Index(None, "treatment_id", "answered_at"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    clinic_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clinic.id"))
    treatment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("treatment.id"))
    reminder_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("reminder.id"), index=True)
    reply_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("reply.id"))
    """The answer to a check-in that it came with; without one it was all that was asked."""
    value: Mapped[int]
    answered_at: Mapped[datetime]


class Consult(ClinicOwned, Base):
    """A consult offered to a patient, and how far it came."""

    __tablename__ = "consult"
    __table_args__ = (UniqueConstraint("treatment_id"), Index(None, "clinic_id", "offered_at"))

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    clinic_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clinic.id"), index=True)
    patient_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("patient.id"))
    treatment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("treatment.id"))
    state: Mapped[ConsultState] = mapped_column(words(ConsultState), default=ConsultState.OFFERED)
    offered_at: Mapped[datetime]
    state_at: Mapped[datetime]


class Ticket(ClinicOwned, Base):
    """Something that staff must act on. `dedupe_key` keeps one cause from opening two."""

    __tablename__ = "ticket"
    __table_args__ = (
        UniqueConstraint("dedupe_key"),
        Index(None, "clinic_id", "opened_at"),
        Index(
            "ix_ticket_open",
            "clinic_id",
            "priority",
            "opened_at",
            sqlite_where=text("state <> 'closed'"),
            postgresql_where=text("state <> 'closed'"),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    clinic_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clinic.id"), index=True)
    patient_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("patient.id"), index=True)
    treatment_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("treatment.id"))
    reply_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("reply.id"))
    message_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("message.id"))
    kind: Mapped[TicketKind] = mapped_column(words(TicketKind))
    priority: Mapped[int] = mapped_column(Integer)
    reason: Mapped[str] = mapped_column(String(32), default="")
    """Why it is of this kind where that is not plain: shared_number, unknown_number, voice_call, an error code."""
    dedupe_key: Mapped[str] = mapped_column(String(160))
    state: Mapped[TicketState] = mapped_column(words(TicketState), default=TicketState.OPEN)
    opened_at: Mapped[datetime]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff.id"))
    assigned_to: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff.id"))
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff.id"))
    outcome: Mapped[str] = mapped_column(String(64), default="")
    consult_before: Mapped[ConsultState | None] = mapped_column(words(ConsultState))
    """How far the consult had come when the outcome moved it: to where it goes back if closing is undone."""


class Audit(ClinicOwned, Base):
    """Who saw or changed what, when; ids and field names only."""

    __tablename__ = "audit"
    __table_args__ = (Index(None, "clinic_id", "at"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    clinic_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clinic.id"))
    at: Mapped[datetime]
    staff_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff.id"))
    api_key_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("api_key.id"))
    action: Mapped[str] = mapped_column(String(64))
    subject_kind: Mapped[str] = mapped_column(String(32))
    subject_id: Mapped[uuid.UUID | None]
    detail: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
