"""From claimed to sending: the row says that the provider is being called before it is. For delivery only."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, insert, update
from sqlalchemy.orm import Session

from reminders.models import Attempt, Message
from reminders.outbox.moves import may_become
from schedules.lifecycle import State


@dataclass(frozen=True, slots=True)
class Beginning:
    """One call about to be made: what it says, to whom, as which attempt (`number` counts from 1)."""

    message_id: uuid.UUID
    attempt_id: uuid.UUID
    clinic_id: uuid.UUID
    sender_id: uuid.UUID
    number: int
    to: str
    address_index: str
    subject: str | None
    body: str
    body_hash: str
    segments: int


def begin(session: Session, beginnings: Sequence[Beginning], now: datetime, lease_until: datetime) -> None:
    """Move messages to sending and write their attempts: two statements, whatever their number. Commit before you call.

    The caller has locked the rows and seen them claimed under its own token in this same transaction.
    """
    if not beginnings:
        return
    connection = session.connection()
    statement = (
        update(Message.__table__)  # type: ignore[arg-type]
        .where(Message.id == bindparam("message"), may_become(State.SENDING))
        .values(
            state=State.SENDING,
            state_at=now,
            reason="",
            lease_until=lease_until,
            subject=bindparam("new_subject"),
            body=bindparam("new_body"),
        )
    )
    rows = [{"message": b.message_id, "new_subject": b.subject, "new_body": b.body} for b in beginnings]
    connection.execute(statement, rows)
    connection.execute(insert(Attempt.__table__), [_attempt(b, now) for b in beginnings])  # type: ignore[arg-type]


def _attempt(beginning: Beginning, now: datetime) -> dict[str, object]:
    return {
        "id": beginning.attempt_id,
        "clinic_id": beginning.clinic_id,
        "message_id": beginning.message_id,
        "sender_id": beginning.sender_id,
        "number": beginning.number,
        "to": beginning.to,
        "address_index": beginning.address_index,
        "body_hash": beginning.body_hash,
        "segments": beginning.segments,
        "started_at": now,
        "error_code": "",
        "lookups": 0,
    }
