"""What the form for the next treatment begins with: what its recorder chose last today, else the clinic's latest."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from reminders.models import Protocol, Provider, Treatment


@dataclass(frozen=True, slots=True)
class Defaults:
    """A protocol's key and a provider's name; "" where nothing is known."""

    protocol_key: str = ""
    provider: str = ""


def defaults(session: Session, clinic_id: uuid.UUID, staff_id: uuid.UUID, since: datetime) -> Defaults:
    """What `staff_id` recorded last since that moment (when the clinic's day began, UTC), else what the clinic did.

    At most two statements, however many treatments there are. What was imported says nothing of today's work.
    """
    own = _latest(session, clinic_id, Treatment.recorded_by == staff_id, Treatment.created_at >= since)
    return own or _latest(session, clinic_id) or Defaults()


def _latest(session: Session, clinic_id: uuid.UUID, *which: ColumnElement[bool]) -> Defaults | None:
    query = (
        select(Protocol.key, Provider.name)
        .select_from(Treatment)
        .join(Protocol, Protocol.id == Treatment.protocol_id)
        .outerjoin(Provider, Provider.id == Treatment.provider_id)
        .where(Treatment.clinic_id == clinic_id, Treatment.import_key.is_(None), *which)
        .order_by(Treatment.created_at.desc(), Treatment.id.desc())
        .limit(1)
    )
    found = session.execute(query).first()
    return Defaults(found[0], found[1] or "") if found else None
