"""Which treatments each row of a patient's timeline belongs to. Pure."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from reminders.care.timeline.rows import Rows
from reminders.models import CheckIn, Reply, Ticket, Treatment

Ids = tuple[uuid.UUID, ...]


class Belonging:
    """The treatments of each row; a message that carries reminders of two belongs to both, a consent to none.

    A reply belongs where its answer was taken to belong, else where the message that it answers does, else where its
    ticket does.
    """

    def __init__(self, rows: Rows) -> None:
        self._of_message = _of_messages(rows)
        self._of_reply: dict[uuid.UUID, Ids] = {
            **_by_reply(rows.of(Ticket)),
            **{reply.id: self._of_message.get(reply.answers_id, ()) for reply in rows.of(Reply) if reply.answers_id},
            **_by_reply(rows.of(CheckIn)),
        }

    def of(self, row: Any) -> Ids:
        """The treatments that a row belongs to."""
        if isinstance(row, Treatment):
            return (row.id,)
        if isinstance(row, Reply):
            return self._of_reply.get(row.id, ())
        own = getattr(row, "treatment_id", None)
        return self._of_message.get(row.id) or ((own,) if own else ())


def _of_messages(rows: Rows) -> Mapping[uuid.UUID, Ids]:
    carried: defaultdict[uuid.UUID, list[uuid.UUID]] = defaultdict(list)
    for reminder in rows.reminders:
        for message_id in rows.carrying[reminder.id]:
            carried[message_id].append(reminder.treatment_id)
    own = {message.id: (message.treatment_id,) for message in rows.messages if message.treatment_id}
    return own | {message_id: tuple(dict.fromkeys(ids)) for message_id, ids in carried.items()}


def _by_reply(found: Iterable[Any]) -> dict[uuid.UUID, Ids]:
    return {row.reply_id: (row.treatment_id,) for row in found if row.reply_id and row.treatment_id}
