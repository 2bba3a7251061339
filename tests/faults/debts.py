"""Owing two thousand messages: one is recorded through `care`, the others are copies of it to other addresses.

To record one costs twenty times as much, and would be most of what a fault test does.
"""

import uuid
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Table, delete, insert, select
from sqlalchemy.orm import Session

from reminders.database import Base
from reminders.delivery.facts import INDEX_KIND
from reminders.ids import new_id
from reminders.models.kinds import Channel
from tests.promises.world import World, address, number

_PERSONAL = frozenset({"patient", "name_token", "consent", "treatment", "reminder", "message", "message_reminder"})
"""Tables in which a person who is owed a message has rows."""

_CAUSED = frozenset({"attempt", "receipt", "event", "ticket"})
"""Tables that sending adds to."""

_COLUMN = {Channel.SMS: "phone", Channel.EMAIL: "email"}
_NAMES = {Channel.SMS: number, Channel.EMAIL: address}

Rows = Sequence[tuple[Table, Mapping[str, Any]]]


class Debts:
    """A check-in due on the world's Tuesday, to as many people as wanted."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._one = {Channel.SMS: self._record(Channel.SMS), Channel.EMAIL: self._record(Channel.EMAIL)}

    def owe(self, channel: Channel, first: int, count: int) -> list[str]:
        """Owe a message to each of the phones or mailboxes from the `first` on, all due now; their addresses."""
        names = [_NAMES[channel](n) for n in range(first, first + count)]
        people = [self._copy(channel, name) for name in names]
        with self._world.database.begin() as session:
            for rows in zip(*people, strict=True):
                session.execute(insert(rows[0][0]), [values for _, values in rows])
        return names

    def _record(self, channel: Channel) -> Rows:
        owe = self._world.owe_texts if channel is Channel.SMS else self._world.owe_emails
        owe(1)
        with self._world.database.begin() as session:
            rows = _personal_rows(session)
            forget(session)
        return rows

    def _copy(self, channel: Channel, name: str) -> Rows:
        ids = {row["id"]: new_id() for _, row in self._one[channel] if "id" in row}
        index = self._world.database.keyring.index(INDEX_KIND[channel], name)
        reached = {_COLUMN[channel]: name, f"{_COLUMN[channel]}_index": index}
        other = partial(_other, ids)
        return [
            (table, {key: other(value) for key, value in row.items()} | (reached if table.name == "patient" else {}))
            for table, row in self._one[channel]
        ]


def forget(session: Session) -> None:
    """Delete everybody, and all that was ever owed and sent to them."""
    for table in reversed(Base.metadata.sorted_tables):
        if table.name in _PERSONAL | _CAUSED:
            session.execute(delete(table))


def _personal_rows(session: Session) -> Rows:
    tables = [table for table in Base.metadata.sorted_tables if table.name in _PERSONAL]
    return [(table, dict(row._mapping)) for table in tables for row in session.execute(select(table))]


def _other(ids: Mapping[uuid.UUID, uuid.UUID], value: Any) -> Any:
    """The copy's value: its own ids, also within the message's key."""
    if isinstance(value, uuid.UUID):
        return ids.get(value, value)
    if isinstance(value, str) and value.startswith("reminder:"):
        kind, reminder, *more = value.split(":")
        return ":".join((kind, str(ids[uuid.UUID(reminder)]), *more))
    return value
