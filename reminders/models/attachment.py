"""What hangs on a patient's reply: a picture, or the fact that there was something else."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Index, Integer, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from reminders.columns import Sealed, SealedBytes, words
from reminders.database import Base, ClinicOwned
from reminders.ids import new_id
from reminders.models.kinds import AttachmentState

_WAITING = text("state = 'waiting'")


class Attachment(ClinicOwned, Base):
    """One thing on one reply, by its `position` there. A row that waits is the job of fetching it.

    `attempts` says how often somebody has begun to, and is the token of whoever does: who finds another number there
    has lost it. `next_try_at` is when the next may begin.
    """

    __tablename__ = "attachment"
    __table_args__ = (
        UniqueConstraint("reply_id", "position"),
        Index("ix_attachment_waiting", "next_try_at", sqlite_where=_WAITING, postgresql_where=_WAITING),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    clinic_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clinic.id"), index=True)
    patient_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("patient.id"), index=True)
    reply_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("reply.id"))
    position: Mapped[int] = mapped_column(Integer)
    state: Mapped[AttachmentState] = mapped_column(words(AttachmentState))
    reason: Mapped[str] = mapped_column(String(32), default="")
    """Why there is no picture: a word of `imaging.Refusal` or `twilio_media`."""
    content_type: Mapped[str] = mapped_column(String(100), default="")
    """What the provider said that it is; once kept, what it is."""
    size: Mapped[int] = mapped_column(Integer, default=0)
    """Bytes that are kept."""
    source_url: Mapped[str | None] = mapped_column(Sealed("attachment.source_url"))
    data: Mapped[bytes | None] = mapped_column(SealedBytes("attachment.data"), deferred=True)
    """The clean picture. Only who asks for it by name reads it."""
    created_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    next_try_at: Mapped[datetime | None]
