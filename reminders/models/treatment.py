"""Protocols, treatments, and what each step owes each treatment."""

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, Integer, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from reminders.columns import Sealed, words
from reminders.database import Base, ClinicOwned
from reminders.ids import new_id
from reminders.models.kinds import ReminderState, TreatmentState

_DRAFTS = text("published_at IS NULL")
_ASKED = text("is_check_in AND state = 'owed'")


class Protocol(ClinicOwned, Base):
    """A clinic's template of steps for one kind of treatment; its content is in its versions."""

    __tablename__ = "protocol"
    __table_args__ = (UniqueConstraint("clinic_id", "key"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    clinic_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clinic.id"), index=True)
    key: Mapped[str] = mapped_column(String(64))
    name: Mapped[dict[str, str]] = mapped_column(JSON)
    """The name by language, for staff; it never goes into a text."""
    held_at: Mapped[datetime | None]
    held_reason: Mapped[str | None] = mapped_column(Sealed("protocol.held_reason"))
    created_at: Mapped[datetime]


class ProtocolVersion(ClinicOwned, Base):
    """Steps and texts as somebody approved them. Frozen once published; treatments stay on theirs.

    One that is not published yet is a draft, and a protocol has one at most.
    """

    __tablename__ = "protocol_version"
    __table_args__ = (
        UniqueConstraint("protocol_id", "number"),
        Index(
            "uq_protocol_version_draft",
            "protocol_id",
            unique=True,
            sqlite_where=_DRAFTS,
            postgresql_where=_DRAFTS,
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    clinic_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clinic.id"), index=True)
    protocol_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("protocol.id"))
    number: Mapped[int]
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    """`{"steps": [...], "texts": {language: {step key: {channel: {...}}}}}`, as in schedules/library."""
    published_at: Mapped[datetime | None]
    approved_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime]


class Treatment(ClinicOwned, Base):
    """One episode of care; `treated_at` (UTC) is day 0, `local_date` the same day in the clinic's zone.

    `ordinal` is 1 but for a second treatment of the same protocol on the same day, which staff confirmed.
    """

    __tablename__ = "treatment"
    __table_args__ = (
        UniqueConstraint("clinic_id", "external_id"),
        UniqueConstraint("clinic_id", "import_key"),
        UniqueConstraint("patient_id", "protocol_id", "local_date", "ordinal"),
        Index(None, "clinic_id", "created_at"),
        Index(None, "clinic_id", "treated_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    clinic_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clinic.id"))
    patient_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("patient.id"))
    protocol_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("protocol.id"))
    protocol_version_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("protocol_version.id"))
    provider_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("provider.id"))
    external_id: Mapped[str | None] = mapped_column(String(100))
    import_key: Mapped[str | None] = mapped_column(String(64))
    """A keyed fingerprint of the line that it was imported from: the line is known also when the date was corrected."""
    treated_at: Mapped[datetime]
    local_date: Mapped[date]
    ordinal: Mapped[int] = mapped_column(Integer, default=1)
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """Device, needle depth, cartridge lot: for reports."""
    state: Mapped[TreatmentState] = mapped_column(words(TreatmentState), default=TreatmentState.ACTIVE)
    state_at: Mapped[datetime]
    state_reason: Mapped[str] = mapped_column(Sealed("treatment.state_reason"), default="")
    """Why, in the words of whoever cancelled it: they may name people."""
    superseded_by_id: Mapped[uuid.UUID | None]
    """The later treatment that took its place. Not a foreign key: rows are copied in order, and it points ahead."""
    recorded_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime]


class Reminder(ClinicOwned, Base):
    """What one step owes one treatment. Skipped and cancelled ones stay, with the reason."""

    __tablename__ = "reminder"
    __table_args__ = (
        UniqueConstraint("treatment_id", "step", "round"),
        Index("ix_reminder_check_in", "due_at", sqlite_where=_ASKED, postgresql_where=_ASKED),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    clinic_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clinic.id"), index=True)
    treatment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("treatment.id"))
    step: Mapped[str] = mapped_column(String(64))
    round: Mapped[int] = mapped_column(Integer, default=1)
    is_check_in: Mapped[bool] = mapped_column(default=False)
    due_at: Mapped[datetime]
    useful_until: Mapped[datetime]
    state: Mapped[ReminderState] = mapped_column(words(ReminderState), default=ReminderState.OWED)
    state_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(String(64), default="")
    """Why it is skipped or cancelled; of one that is owed, what but the calendar calls for it."""
    created_at: Mapped[datetime]
