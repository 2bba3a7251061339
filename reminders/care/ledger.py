"""The consent ledger's own rows: written, never changed; of one channel and purpose the newest holds."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from sqlalchemy import select
from sqlalchemy.orm import Session

from reminders.care import audit
from reminders.care.actors import Actor
from reminders.ids import new_id
from reminders.models import Audit, Consent
from reminders.models.kinds import Channel, Purpose

TICK = timedelta(microseconds=1)
"""Two entries at one instant would leave it open which holds."""

Agreement: TypeAlias = tuple[Channel, Purpose]
"""What is agreed to: messages of this purpose on this channel."""


def entries(session: Session, patient_id: uuid.UUID) -> Sequence[Consent]:
    """A patient's whole ledger, on every channel and purpose, oldest first (a withdrawal after a grant)."""
    whose = select(Consent).where(Consent.patient_id == patient_id)
    return session.scalars(whose.order_by(Consent.at, Consent.action, Consent.id)).all()


def newest(session: Session, patient_id: uuid.UUID) -> dict[Agreement, Consent]:
    """The entry that holds, for everything that the patient was ever asked."""
    return {(entry.channel, entry.purpose): entry for entry in entries(session, patient_id)}


def row(actor: Actor, patient_id: uuid.UUID, entry: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """A new entry with who made it: a member of staff, or the key of a practice system."""
    own: dict[str, Any] = {"id": new_id(), "clinic_id": actor.clinic_id, "patient_id": patient_id, "at": at}
    who = {"source": actor.source, "staff_id": actor.staff_id, "api_key_id": actor.api_key_id}
    return {**own, "purpose": Purpose.AFTERCARE, **who, **entry}


def noted(actor: Actor, new: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """What the audit trail says of a new entry."""
    detail = {"channel": new["channel"].value, "purpose": new["purpose"].value, "patient": str(new["patient_id"])}
    return audit.entry(actor, f"consent.{new['action']}", ("consent", new["id"]), now, detail)


def append(session: Session, actor: Actor, before: Consent | None, new: dict[str, Any], now: datetime) -> Consent:
    """Store a new entry, after `before`, the one that held until now."""
    if before is not None:
        new["at"] = max(now, before.at + TICK)
    stored = Consent(**new)
    session.add(stored)
    session.flush()
    session.add(Audit(**noted(actor, new, now)))
    return stored
