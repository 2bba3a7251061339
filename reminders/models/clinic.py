"""A clinic, its senders, and the people who work there."""

import uuid
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, Integer, String, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from reminders.columns import Sealed, words
from reminders.database import Base, ClinicOwned
from reminders.ids import new_id
from reminders.models.kinds import Channel, Language, Role, Theme

_TO_COME = text("done_at IS NULL")

NOT_CONNECTED = ""
"""The address of a sender whose channel is not connected: nothing leaves by it until it is."""


class Clinic(Base):
    """One clinic: its zone (IANA name), sending window (local), closed days and how patients reach it."""

    __tablename__ = "clinic"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(120))
    short_name: Mapped[str] = mapped_column(String(40))
    timezone: Mapped[str] = mapped_column(String(64))
    language: Mapped[Language] = mapped_column(words(Language))
    opens: Mapped[time]
    closes: Mapped[time]
    province: Mapped[str] = mapped_column(String(2), default="QC", server_default="QC")
    """Whose public holidays are offered as closed days (ISO 3166-2:CA, without the country)."""
    closed_weekdays: Mapped[list[int]] = mapped_column(JSON, default=list)
    """ISO weekdays (1 Monday to 7 Sunday) on which nobody could receive a check-in's answer."""
    closed_dates: Mapped[list[str]] = mapped_column(JSON, default=list)
    """ISO dates with the same effect."""
    phone: Mapped[str] = mapped_column(String(32), default="")
    address: Mapped[str] = mapped_column(String(200), default="")
    booking_url: Mapped[str] = mapped_column(String(200), default="")
    held_at: Mapped[datetime | None]
    held_reason: Mapped[str | None] = mapped_column(Sealed("clinic.held_reason"))
    options: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    created_at: Mapped[datetime]

    @property
    def closed_on(self) -> frozenset[date]:
        """The closed dates as dates."""
        return frozenset(date.fromisoformat(day) for day in self.closed_dates)


class Sender(ClinicOwned, Base):
    """A clinic's number or mail identity: whom the patient sees, how fast it may send, and whether it is paused.

    `credentials` empty means the ones in the environment. `rate` is segments (or e-mails) a second; `next_free_at`
    is the instant before which its budget is spent.
    """

    __tablename__ = "sender"
    __table_args__ = (UniqueConstraint("channel", "account", "address"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    clinic_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clinic.id"), index=True)
    channel: Mapped[Channel] = mapped_column(words(Channel))
    account: Mapped[str] = mapped_column(String(64), default="")
    address: Mapped[str] = mapped_column(String(200))
    service: Mapped[str] = mapped_column(String(64), default="")
    credentials: Mapped[Any | None] = mapped_column(Sealed("sender.credentials"))
    rate: Mapped[float] = mapped_column(default=1.0)
    next_free_at: Mapped[datetime]
    paused_until: Mapped[datetime | None]
    paused_reason: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[datetime]


class Provider(ClinicOwned, Base):
    """Who performs treatments."""

    __tablename__ = "provider"
    __table_args__ = (UniqueConstraint("clinic_id", "name_index"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    clinic_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clinic.id"), index=True)
    name: Mapped[str] = mapped_column(Sealed("provider.name"))
    name_index: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]


class Staff(ClinicOwned, Base):
    """Somebody who signs in. Without a password they come in by a one-time link and set one."""

    __tablename__ = "staff"
    __table_args__ = (UniqueConstraint("email_index"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    clinic_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clinic.id"), index=True)
    name: Mapped[str] = mapped_column(Sealed("staff.name"))
    email: Mapped[str] = mapped_column(Sealed("staff.email"))
    email_index: Mapped[str] = mapped_column(String(64))
    phone: Mapped[str | None] = mapped_column(Sealed("staff.phone"))
    on_call: Mapped[bool] = mapped_column(default=False)
    role: Mapped[Role] = mapped_column(words(Role))
    language: Mapped[Language] = mapped_column(words(Language))
    theme: Mapped[Theme] = mapped_column(words(Theme), default=Theme.SYSTEM, server_default=Theme.SYSTEM)
    digest: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether the week's report goes to them by e-mail."""
    password_hash: Mapped[str | None] = mapped_column(String(200))
    failed_sign_ins: Mapped[int] = mapped_column(Integer, default=0)
    locked_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]


class SavedAnswer(ClinicOwned, Base):
    """An answer that staff write often: what it is called and what it says, by language ("en", "fr")."""

    __tablename__ = "saved_answer"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    clinic_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clinic.id"), index=True)
    title: Mapped[dict[str, str]] = mapped_column(Sealed("saved_answer.title"))
    body: Mapped[dict[str, str]] = mapped_column(Sealed("saved_answer.body"))
    created_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]


class HandOver(ClinicOwned, Base):
    """From `at` on this member of staff alone is on call; `done_at` is when that was made so. See `care.hand_overs`."""

    __tablename__ = "hand_over"
    __table_args__ = (Index("ix_hand_over_due", "at", sqlite_where=_TO_COME, postgresql_where=_TO_COME),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    clinic_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clinic.id"), index=True)
    staff_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff.id"))
    at: Mapped[datetime]
    recorded_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime]
    done_at: Mapped[datetime | None]


class SignInLink(ClinicOwned, Base):
    """A one-time link: an invitation, or the demo's way in. Only its hash is kept."""

    __tablename__ = "sign_in_link"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    clinic_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clinic.id"), index=True)
    staff_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff.id"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class StaffSession(ClinicOwned, Base):
    """A signed-in browser, kept on the server; only the hash of its cookie is here."""

    __tablename__ = "staff_session"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    clinic_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clinic.id"), index=True)
    staff_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff.id"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    csrf_token: Mapped[str] = mapped_column(Sealed("staff_session.csrf_token"))
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class ApiKey(ClinicOwned, Base):
    """A key for the JSON API; only its hash is kept."""

    __tablename__ = "api_key"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    clinic_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clinic.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[list[str]] = mapped_column(JSON, default=list)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class IdempotencyKey(ClinicOwned, Base):
    """An API request already answered, so that a repeat gets the same answer and does nothing."""

    __tablename__ = "idempotency_key"
    __table_args__ = (UniqueConstraint("clinic_id", "key"), Index(None, "created_at"))

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    clinic_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clinic.id"), index=True)
    key: Mapped[str] = mapped_column(String(200))
    fingerprint: Mapped[str] = mapped_column(String(64))
    status: Mapped[int]
    answer: Mapped[Any] = mapped_column(Sealed("idempotency_key.answer"))
    created_at: Mapped[datetime]
