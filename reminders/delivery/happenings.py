"""Event rows: what delivery tells care, in the same commit as what caused it."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache

from sqlalchemy import Insert, insert, select
from sqlalchemy.orm import Session

from reminders.bulk import Rows
from reminders.ids import new_id
from reminders.models import Event
from reminders.models.kinds import EventKind


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing to tell. `detail` holds codes, reasons and counts, never a person's data."""

    kind: EventKind
    clinic_id: uuid.UUID
    message_id: uuid.UUID | None = None
    sender_id: uuid.UUID | None = None
    detail: Mapping[str, object] = field(default_factory=dict)


_COLUMNS = ("id", "clinic_id", "kind", "message_id", "sender_id", "detail", "at")
_EVENTS = Rows("events", {name: Event.__table__.c[name].type for name in _COLUMNS})


def tell(session: Session, happenings: Iterable[Happening], now: datetime) -> None:
    """Write the events: one statement, or none when there is nothing to tell."""
    rows = [
        {
            "id": new_id(),
            "clinic_id": one.clinic_id,
            "kind": one.kind,
            "message_id": one.message_id,
            "sender_id": one.sender_id,
            "detail": dict(one.detail),
            "at": now,
        }
        for one in happenings
    ]
    if rows:
        connection = session.connection()
        connection.execute(_insert(connection.dialect.name), {"events": rows})


@cache
def _insert(dialect: str) -> Insert:
    events = _EVENTS.table(dialect)
    columns = [events.c[name] for name in _COLUMNS]
    return insert(Event.__table__).from_select(_COLUMNS, select(*columns))  # type: ignore[arg-type]
