"""The one guarded UPDATE by which a message changes state."""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Select, Update, literal_column, select, update
from sqlalchemy.orm import Session

from reminders.database import core_table
from reminders.models import Message, MessageReminder
from schedules.lifecycle import LIVE, State, sources

Instant: TypeAlias = datetime | ColumnElement[datetime]
"""A moment, or the parameter of a statement that is built once and given the moment each time."""


@dataclass(frozen=True, slots=True)
class Move:
    """A state to reach, when and why; `also` sets further columns in the same UPDATE."""

    target: State
    now: Instant
    reason: str = ""
    also: Mapping[str, Any] = field(default_factory=dict)

    def values(self) -> dict[str, Any]:
        """The columns that the UPDATE sets. Whoever held the row holds it no longer, unless `also` says so."""
        freed = {"claim_token": None, "lease_until": None, "check_at": None}
        return {"state": self.target, "state_at": self.now, "reason": self.reason, **freed, **self.also}


def in_state(*states: State) -> ColumnElement[bool]:
    """`state IN (...)` with the words written out, so that both databases recognise their partial indexes."""
    written = [literal_column(f"'{state.value}'", Message.state.type) for state in sorted(states)]
    return Message.state == written[0] if len(written) == 1 else Message.state.in_(written)


def stands_in(*states: State) -> ColumnElement[bool]:
    """`in_state` for messages that are looked up by their ids: the states are parameters here, so that PostgreSQL does
    not read the partial index on all that is in hand, with the dead entries of all that was, to find a few of them."""
    return Message.state.in_(sorted(states))


def in_hand() -> ColumnElement[bool]:
    """Claimed, sending or unknown: word for word what the partial index on them says, as SQLite wants it."""
    return in_state(State.CLAIMED, State.SENDING, State.UNKNOWN)


def may_become(target: State) -> ColumnElement[bool]:
    """What belongs in the WHERE of every move to `target`: the table of legal moves."""
    return in_state(*sources(target))


def may_become_by_id(target: State) -> ColumnElement[bool]:
    """The same, for statements that name the messages by their ids; see `stands_in`."""
    return stands_in(*sources(target))


def pick_free(messages: Select[uuid.UUID]) -> Select[uuid.UUID]:
    """The ids that `messages` selects, locked, without those that another transaction has locked.

    Materialised, or PostgreSQL might evaluate it again for each row of the UPDATE, past its limit. SQLite, where only
    one transaction writes, leaves the lock out.
    """
    locked = messages.with_for_update(skip_locked=True, key_share=True, of=Message)
    picked = locked.cte("picked").prefix_with("MATERIALIZED")
    return select(picked.c.id)


def move(session: Session, change: Move, *where: ColumnElement[bool]) -> list[uuid.UUID]:
    """Move the messages that match and may move; the ids of those that really did."""
    statement = update(Message).where(may_become(change.target), *where).values(**change.values()).returning(Message.id)
    moved = list(session.scalars(statement, execution_options={"synchronize_session": False}))
    if change.target not in LIVE:
        unlink(session, moved)
    return moved


def moving(change: Move, *where: ColumnElement[bool]) -> Update:
    """The UPDATE of `move` for a statement that is put together once and names its message by its id.

    Whoever runs it ends the links of what has ended: `unlinking`.
    """
    return update(core_table(Message)).where(may_become_by_id(change.target), *where).values(**change.values())


def unlinking(*where: ColumnElement[bool]) -> Update:
    """The UPDATE of `unlink`, for the same."""
    return update(core_table(MessageReminder)).where(MessageReminder.live, *where).values(live=False)


def unlink(session: Session, message_ids: Collection[uuid.UUID]) -> None:
    """End the live links of messages that have ended, so that something else may carry their reminders."""
    if message_ids:
        session.execute(
            update(MessageReminder)
            .where(MessageReminder.message_id.in_(message_ids), MessageReminder.live)
            .values(live=False),
            execution_options={"synchronize_session": False},
        )
