"""The usual receipt, of a message that is on its way, in one statement: kept, applied, and committed by itself."""

import uuid
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import CTE, Connection, Select, bindparam, exists, func, select
from sqlalchemy.dialects.postgresql import insert

from reminders.bulk import among
from reminders.channels.twilio_codes import state
from reminders.database import core_table
from reminders.delivery.news import NOTE
from reminders.delivery.receipts import ReceiptIn
from reminders.ids import new_id
from reminders.models import Attempt, Message, MessageReminder, Receipt
from reminders.outbox import Move, moving, stands_in, unlinking
from schedules.lifecycle import CANCELLABLE, State, sources


def record_usual(connection: Connection, receipt: ReceiptIn, senders: Collection[uuid.UUID], now: datetime) -> bool:
    """Keep and apply a receipt of one of the `senders`' attempts, if it proves nothing that needs a closer look.

    False: nothing was done, and `receipts.record` has the word. That is so on SQLite, which has no such statement.
    """
    statement = None if connection.dialect.name == "sqlite" else _STATEMENTS.get(state(receipt.status))
    if statement is None:
        return False
    row = {
        "new": new_id(),
        "attempt": receipt.attempt_id,
        "senders": list(senders),
        "known_as": receipt.provider_id[:200],
        "status": receipt.status[:32],
        "code": receipt.error_code[:32],
        "now": now,
    }
    return bool(connection.execute(statement, row).scalar_one())


_NOTHING_NEW = frozenset(State) - sources(State.SENT) - CANCELLABLE
"""What is beyond being sent, whatever became of it."""


def _about(*states: State) -> CTE:
    """The attempt, its message locked. As the message stands once the lock is ours: another receipt may have come."""
    return (
        select(Attempt.id, Attempt.clinic_id, Attempt.message_id)
        .join(Message, Message.id == Attempt.message_id)
        .where(Attempt.id == bindparam("attempt"), among(Attempt.sender_id, "senders"), stands_in(*states))
        .with_for_update(key_share=True, of=Message)
        .cte("about")
    )


def _kept(about: CTE) -> CTE:
    given = {"id": "new", "provider_id": "known_as", "status": "status", "error_code": "code", "received_at": "now"}
    columns = core_table(Receipt).c
    values = [bindparam(name, type_=columns[column].type) for column, name in given.items()]
    row = select(*values, about.c.clinic_id, about.c.id)
    into = insert(core_table(Receipt)).from_select([*given, "clinic_id", "attempt_id"], row)
    return into.on_conflict_do_nothing().returning(columns.attempt_id).cte("kept")


def _sent() -> Select[int]:
    """It was sent, which was known: all that is new is the receipt."""
    about = _about(*_NOTHING_NEW)
    kept = _kept(about)
    noted = NOTE.where(exists(select(kept.c.attempt_id))).cte("noted")
    return select(func.count()).select_from(about).add_cte(noted)


def _delivered() -> Select[int]:
    """It was sent and has arrived."""
    about = _about(State.SENT)
    kept = _kept(about)
    is_new = exists(select(kept.c.attempt_id))
    now = bindparam("now", type_=Message.sent_at.type)
    arrived = Move(State.DELIVERED, now, also={"sent_at": func.coalesce(Message.sent_at, now), "delivered_at": now})
    parts = (
        NOTE.where(is_new).cte("noted"),
        moving(arrived, Message.id == about.c.message_id, is_new).cte("moved"),
        unlinking(MessageReminder.message_id == about.c.message_id, is_new).cte("unlinked"),
    )
    return select(func.count()).select_from(about).add_cte(*parts)


_STATEMENTS: Mapping[State, Select[Any]] = {State.SENT: _sent(), State.DELIVERED: _delivered()}
