"""Turning drafts into rows, each at most once."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from operator import attrgetter
from typing import Any

from sqlalchemy import bindparam, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from reminders.errors import NotFoundError
from reminders.ids import new_id
from reminders.models import Message, MessageReminder, Sender
from reminders.models.clinic import NOT_CONNECTED
from reminders.models.kinds import Channel
from reminders.outbox.drafts import PRIORITY, Draft
from schedules.lifecycle import State

# fmt: off
_COPIED = (
    "clinic_id", "kind", "channel", "template", "language", "dedupe_key", "due_at", "useful_until", "patient_id",
    "staff_id", "treatment_id", "protocol_version_id", "reply_id", "ticket_id", "params", "urgent", "reason",
)
# fmt: on
_copy = attrgetter(*_COPIED)
_CONNECTED = Sender.address != NOT_CONNECTED


_SENDERS = (
    select(Sender.channel, Sender.id)
    .where(Sender.clinic_id == bindparam("clinic"), _CONNECTED)
    .order_by(Sender.created_at.desc(), Sender.id.desc())
)
_INSERT = {
    name: dialect.insert(Message.__table__).on_conflict_do_nothing(index_elements=["dedupe_key"]).returning(Message.id)
    for name, dialect in (("sqlite", sqlite), ("postgresql", postgresql))
}


Senders = Mapping[tuple[uuid.UUID, Channel], uuid.UUID]
"""Each clinic's sender by channel; of several the first made."""


def enqueue(
    session: Session, drafts: Sequence[Draft], now: datetime, senders: Senders | None = None
) -> list[uuid.UUID]:
    """Add a message for each draft; the ids of those really added.

    A draft is left out when its dedupe key is taken, or when other messages already carry all of its reminders. Adds
    nothing twice, whoever else does the same at the same moment; never commits. `senders` are for whoever has read them
    already, with the same question.

    Raises:
        NotFoundError: the clinic has no sender for a draft's channel.
        sqlalchemy.exc.IntegrityError: another transaction has just taken one of the reminders; nothing is added.
    """
    wanted = _with_free_reminders(session, drafts)
    if not wanted:
        return []
    found = _senders(session, wanted) if senders is None else senders
    rows = [_row(draft, _sender_of(draft, found), now) for draft in wanted]
    added = _insert_missing(session, rows)
    links = [link for row, draft in zip(rows, wanted, strict=True) if row["id"] in added for link in _links(row, draft)]
    if links:
        session.execute(insert(MessageReminder.__table__), links)  # type: ignore[arg-type]
    return [row["id"] for row in rows if row["id"] in added]


def first_rows(
    drafts: Sequence[Draft], senders: Mapping[Channel, uuid.UUID], now: datetime
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The rows of messages, and of their links, for reminders that are made in the same statement as these, or none.

    Nothing can carry such a reminder yet, and its id is in the dedupe key, so there is nothing to look up: whoever
    made the ids writes the rows. `senders` is the clinic's by channel.

    Raises:
        NotFoundError: the clinic has no sender for a draft's channel.
    """
    by_clinic = {(draft.clinic_id, channel): id_ for draft in drafts[:1] for channel, id_ in senders.items()}
    rows = [_row(draft, _sender_of(draft, by_clinic), now) for draft in drafts]
    return rows, [link for row, draft in zip(rows, drafts, strict=True) for link in _links(row, draft)]


def sending_channels(session: Session, clinic_id: uuid.UUID) -> frozenset[Channel]:
    """The channels on which a clinic has a sender, so on which `enqueue` takes drafts of it."""
    return frozenset(session.scalars(select(Sender.channel).where(Sender.clinic_id == clinic_id, _CONNECTED)))


def senders_of(session: Session, clinic_id: uuid.UUID) -> dict[Channel, uuid.UUID]:
    """The sender that a clinic's messages go by, by channel; of several the first made."""
    # Past the ORM, which would put the same statement together each time; what it still holds must come first.
    session.flush()
    return {row.channel: row.id for row in session.connection().execute(_SENDERS, {"clinic": clinic_id})}


def _row(draft: Draft, sender_id: uuid.UUID, now: datetime) -> dict[str, Any]:
    copied = dict(zip(_COPIED, _copy(draft), strict=True))
    fresh = {"state": State.PLANNED, "state_at": now, "tries": 0, "created_at": now}
    return {"id": new_id(), "sender_id": sender_id, "priority": PRIORITY[draft.kind], **copied, **fresh}


def _links(row: Mapping[str, Any], draft: Draft) -> list[dict[str, Any]]:
    link = {"message_id": row["id"], "clinic_id": draft.clinic_id, "live": True}
    return [{**link, "reminder_id": reminder_id} for reminder_id in draft.reminder_ids]


def _insert_missing(session: Session, rows: list[dict[str, Any]]) -> set[uuid.UUID]:
    connection = session.connection()
    return set(connection.execute(_INSERT[connection.dialect.name], rows).scalars())


def _senders(session: Session, drafts: Iterable[Draft]) -> Senders:
    clinics = {draft.clinic_id for draft in drafts}
    return {
        (clinic_id, channel): sender_id
        for clinic_id in clinics
        for channel, sender_id in senders_of(session, clinic_id).items()
    }


def _sender_of(draft: Draft, senders: Senders) -> uuid.UUID:
    try:
        return senders[draft.clinic_id, draft.channel]
    except KeyError:
        raise NotFoundError(f"This clinic has no sender for {draft.channel.value}.") from None


def _with_free_reminders(session: Session, drafts: Sequence[Draft]) -> list[Draft]:
    """The drafts without the reminders that a live message carries; those left with none of theirs drop out."""
    asked = {reminder_id for draft in drafts for reminder_id in draft.reminder_ids}
    taken = _carried(session, asked)
    wanted = []
    for draft in drafts:
        free = tuple(reminder_id for reminder_id in draft.reminder_ids if reminder_id not in taken)
        taken.update(free)
        if free or not draft.reminder_ids:
            wanted.append(replace(draft, reminder_ids=free))
    return wanted


def _carried(session: Session, reminder_ids: set[uuid.UUID]) -> set[uuid.UUID]:
    if not reminder_ids:
        return set()
    return set(
        session.scalars(
            select(MessageReminder.reminder_id).where(
                MessageReminder.reminder_id.in_(reminder_ids), MessageReminder.live
            )
        )
    )
