"""Patients, what they agreed to, and the addresses that must not be written to."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from reminders.columns import Sealed, words
from reminders.database import Base, ClinicOwned
from reminders.ids import new_id
from reminders.models.kinds import Channel, ConsentAction, Language, Purpose


class Patient(ClinicOwned, Base):
    """A person treated by the clinic. Numbers are E.164; the `_index` columns find them without showing them."""

    __tablename__ = "patient"
    __table_args__ = (
        UniqueConstraint("clinic_id", "external_id"),
        Index(None, "clinic_id", "phone_index"),
        Index(None, "clinic_id", "email_index"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    clinic_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clinic.id"))
    external_id: Mapped[str | None] = mapped_column(String(100))
    given_name: Mapped[str] = mapped_column(Sealed("patient.given_name"))
    family_name: Mapped[str] = mapped_column(Sealed("patient.family_name"))
    language: Mapped[Language] = mapped_column(words(Language))
    timezone: Mapped[str | None] = mapped_column(String(64))
    phone: Mapped[str | None] = mapped_column(Sealed("patient.phone"))
    phone_index: Mapped[str | None] = mapped_column(String(64))
    email: Mapped[str | None] = mapped_column(Sealed("patient.email"))
    email_index: Mapped[str | None] = mapped_column(String(64))
    birth_date: Mapped[str | None] = mapped_column(Sealed("patient.birth_date"))
    guardian: Mapped[Any | None] = mapped_column(Sealed("patient.guardian"))
    priority: Mapped[int] = mapped_column(Integer, default=0)
    held_at: Mapped[datetime | None]
    held_reason: Mapped[str | None] = mapped_column(Sealed("patient.held_reason"))
    created_at: Mapped[datetime]
    erased_at: Mapped[datetime | None]

    @property
    def name(self) -> str:
        """Given and family name, as staff read it."""
        return f"{self.given_name} {self.family_name}".strip()


class NameToken(ClinicOwned, Base):
    """A word of a patient's name, as keyed hashes of its beginnings: finds "mar" without storing "Marie" readably.

    `reminders.care.names` makes it. Its clinic is its patient's, who points at it.
    """

    __tablename__ = "name_token"

    clinic_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    token: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    patient_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("patient.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class Consent(ClinicOwned, Base):
    """One entry in the ledger of a patient's consents; nothing is ever changed in it. The newest entry holds."""

    __tablename__ = "consent"
    __table_args__ = (Index(None, "patient_id", "channel", "purpose", "at"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    clinic_id: Mapped[uuid.UUID] = mapped_column()
    patient_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("patient.id"))
    channel: Mapped[Channel] = mapped_column(words(Channel))
    purpose: Mapped[Purpose] = mapped_column(words(Purpose))
    action: Mapped[ConsentAction] = mapped_column(words(ConsentAction))
    at: Mapped[datetime]
    source: Mapped[str] = mapped_column(String(32))
    """Where it came from: form, api, import, reply, email, page, carrier, staff, under_age."""
    staff_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff.id"))
    api_key_id: Mapped[uuid.UUID | None]
    reply_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("reply.id"))
    given_by: Mapped[Any | None] = mapped_column(Sealed("consent.given_by"))
    """Whoever agreed in the patient's place: {"name", "relation"}; None if it was the patient."""
    wording_version: Mapped[str] = mapped_column(String(32), default="")
    wording: Mapped[str] = mapped_column(Text, default="")
    language: Mapped[Language | None] = mapped_column(words(Language))


class OptOut(ClinicOwned, Base):
    """An address that must not be written to, whoever holds it; outlives the patient's erasure as a keyed hash."""

    __tablename__ = "opt_out"
    __table_args__ = (UniqueConstraint("clinic_id", "channel", "address_index"), Index(None, "clinic_id", "at"))

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    clinic_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clinic.id"), index=True)
    channel: Mapped[Channel] = mapped_column(words(Channel))
    address_index: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    source: Mapped[str] = mapped_column(String(32))
    by_carrier: Mapped[bool] = mapped_column(default=False)
    """The carrier has answered the patient, so we must not."""
    lifted_at: Mapped[datetime | None]
