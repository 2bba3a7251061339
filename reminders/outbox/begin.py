"""From claimed to sending: the row says that the provider is being called before it is. For delivery only."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import cast

from sqlalchemy import Insert, Table, Update, bindparam, insert, literal, select, update
from sqlalchemy.orm import Session

from reminders.bulk import Rows
from reminders.models import Attempt, Message
from reminders.outbox.moves import may_become_by_id
from schedules.lifecycle import State

_MESSAGE, _ATTEMPT = cast("Table", Message.__table__), cast("Table", Attempt.__table__)


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


_OF_ATTEMPT = {
    "attempt_id": _ATTEMPT.c.id,
    "clinic_id": _ATTEMPT.c.clinic_id,
    "message_id": _ATTEMPT.c.message_id,
    "sender_id": _ATTEMPT.c.sender_id,
    "number": _ATTEMPT.c.number,
    "to": _ATTEMPT.c.to,
    "address_index": _ATTEMPT.c.address_index,
    "body_hash": _ATTEMPT.c.body_hash,
    "segments": _ATTEMPT.c.segments,
}
"""What a beginning says of its attempt."""

_BEGUN = Rows("begun", {name: column.type for name, column in _OF_ATTEMPT.items()})
_TEXTS = Rows("texts", {name: _MESSAGE.c[name].type for name in ("id", "subject", "body")})


def begin(session: Session, beginnings: Sequence[Beginning], now: datetime, lease_until: datetime) -> None:
    """Move messages to sending and write their attempts: two statements, whatever their number. Commit before you call.

    The caller has locked the rows and seen them claimed under its own token in this same transaction.
    """
    if not beginnings:
        return
    connection = session.connection()
    dialect = connection.dialect.name
    texts = [{"id": one.message_id, "subject": one.subject, "body": one.body} for one in beginnings]
    attempts = [{name: getattr(one, name) for name in _OF_ATTEMPT} for one in beginnings]
    connection.execute(_to_sending(dialect), {"texts": texts, "begun_at": now, "lease": lease_until})
    connection.execute(_attempts(dialect), {"begun": attempts, "begun_at": now})


@cache
def _to_sending(dialect: str) -> Update:
    texts = _TEXTS.table(dialect)
    return (
        update(Message.__table__)  # type: ignore[arg-type]
        .where(_MESSAGE.c.id == texts.c.id, may_become_by_id(State.SENDING))
        .values(
            state=State.SENDING,
            state_at=bindparam("begun_at"),
            reason="",
            lease_until=bindparam("lease"),
            subject=texts.c.subject,
            body=texts.c.body,
        )
    )


@cache
def _attempts(dialect: str) -> Insert:
    begun = _BEGUN.table(dialect)
    fresh = {
        "started_at": bindparam("begun_at", type_=_ATTEMPT.c.started_at.type),
        "error_code": literal(""),
        "lookups": literal(0),
    }
    names = [*(column.name for column in _OF_ATTEMPT.values()), *fresh]
    return insert(_ATTEMPT).from_select(names, select(*(begun.c[name] for name in _OF_ATTEMPT), *fresh.values()))
