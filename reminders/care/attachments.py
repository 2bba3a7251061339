"""What hangs on replies: rows for what is still to be fetched, pictures that are there, and who may see them."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from reminders import imaging
from reminders.care.situation import Kept
from reminders.errors import NotFoundError
from reminders.models import Attachment
from reminders.models.kinds import AttachmentState, ReplyKind

MOST_BYTES = 8 * 1024 * 1024
"""The largest file that is looked at: a phone's picture has 2 to 6 MB."""

IN_HAND_FOR = timedelta(minutes=1)
"""How long what has been added is left to whoever has its bytes, before it is fetched from where it came."""

_UNTOLD = frozenset({"", "application/octet-stream"})
"""Declared types that say nothing."""

_LONGEST_TYPE = 100


class OfReply(Protocol):
    """What must be known of the reply that something hangs on: a `Reply`, or one as it was kept."""

    @property
    def id(self) -> uuid.UUID:
        """The reply."""

    @property
    def clinic_id(self) -> uuid.UUID:
        """Whose it is."""

    @property
    def patient_id(self) -> uuid.UUID | None:
        """Who wrote it, if that is known."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What a file turned out to be: a clean picture, or the reason why there is none."""

    declared: str
    picture: imaging.Picture | None = None
    reason: str = ""

    @property
    def as_values(self) -> dict[str, Any]:
        """The columns that say so. Where the file came from is forgotten."""
        if self.picture is None:
            return {"state": AttachmentState.REFUSED, "reason": self.reason, "source_url": None}
        kept: dict[str, Any] = {"state": AttachmentState.KEPT, "reason": "", "source_url": None}
        return kept | {"content_type": imaging.CONTENT_TYPE, "size": len(self.picture.data), "data": self.picture.data}


@dataclass(frozen=True, slots=True)
class Waiting:
    """What came with a reply and has not been looked at: what it is called, and where it is; or the `reason` why it is
    not looked at."""

    declared: str
    source: str = field(repr=False)
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Attached:
    """Something on a reply, without its bytes. `reason` says why there is no picture, or why it is late."""

    id: uuid.UUID
    reply_id: uuid.UUID
    state: AttachmentState
    reason: str
    content_type: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture for staff."""

    reply_id: uuid.UUID
    content_type: str
    data: bytes = field(repr=False)


def take(session: Session, reply: OfReply, data: bytes, declared: str, now: datetime) -> Looked:
    """Keep a file that came with a reply as a clean picture, or only the fact that it came. `declared` is what its
    sender called it ("image/jpeg"); what it is, its bytes say. Drawing takes up to a second: who holds a lock that
    others want looks first and adds then."""
    return add(session, reply, look(data, declared), now)


def look(data: bytes, declared: str, most_bytes: int = MOST_BYTES) -> Looked:
    """What a file is. No database."""
    try:
        return Looked(declared, imaging.clean(data, most_bytes))
    except imaging.RefusedError as error:
        return Looked(declared, reason=error.reason.value)


def add(session: Session, reply: OfReply, looked: Looked, now: datetime) -> Looked:
    """Hang on a reply what was looked at."""
    session.flush()
    there = session.scalars(select(func.count(Attachment.id)).where(Attachment.reply_id == reply.id)).one()
    values = _row(reply, there, looked.declared, now) | looked.as_values
    session.add(Attachment(**values))
    return looked


def rows_of(reply: Kept, now: datetime) -> list[dict[str, Any]]:
    """What a text carries, as rows: what may be a picture is to be fetched. Pure."""
    if reply.kind is not ReplyKind.TEXT:
        return []
    return [_to_fetch(reply, place, one, now) for place, one in enumerate(reply.media or ())]


def _to_fetch(reply: Kept, place: int, one: Mapping[str, str], now: datetime) -> dict[str, Any]:
    declared = one.get("content_type", "").partition(";")[0].strip().lower()
    row = _row(reply, place, declared, now)
    if not (declared.startswith("image/") or declared in _UNTOLD):
        return row | {"state": AttachmentState.REFUSED, "reason": imaging.Refusal.KIND.value}
    return row | {"source_url": one.get("url", ""), "next_try_at": now}


def add_waiting(session: Session, reply: OfReply, files: Sequence[Waiting], now: datetime) -> list[uuid.UUID]:
    """Hang on a reply just kept what came with it, to be looked at after its words; what can be no picture is refused.
    The ids of those that wait."""
    rows = [_row(reply, place, one.declared, now) | _as_waiting(one, now) for place, one in enumerate(files)]
    added = [Attachment(**row) for row in rows]
    session.add_all(added)
    session.flush()
    return [one.id for one in added if one.state is AttachmentState.WAITING]


def _as_waiting(one: Waiting, now: datetime) -> dict[str, Any]:
    if one.reason:
        return {"state": AttachmentState.REFUSED, "reason": one.reason}
    return {"source_url": one.source, "next_try_at": now + IN_HAND_FOR}


def _row(reply: OfReply, place: int, declared: str, now: datetime) -> dict[str, Any]:
    """All columns of a row, so that many are written alike."""
    return {
        "clinic_id": reply.clinic_id,
        "patient_id": reply.patient_id,
        "reply_id": reply.id,
        "position": place,
        "state": AttachmentState.WAITING,
        "reason": "",
        "content_type": declared[:_LONGEST_TYPE],
        "source_url": None,
        "created_at": now,
        "next_try_at": None,
    }


def of_replies(session: Session, reply_ids: Collection[uuid.UUID]) -> Mapping[uuid.UUID, Sequence[Attached]]:
    """What hangs on each of some replies, in its order; one query, no bytes."""
    columns = (getattr(Attachment, name) for name in Attached.__slots__)
    asked = select(*columns).where(Attachment.reply_id.in_(reply_ids)).order_by(Attachment.position)
    found: dict[uuid.UUID, list[Attached]] = {}
    for row in session.execute(asked) if reply_ids else ():
        found.setdefault(row.reply_id, []).append(Attached(*row))
    return found


def get(session: Session, clinic_id: uuid.UUID, attachment_id: uuid.UUID) -> Shown:
    """One of the clinic's pictures.

    Raises:
        NotFoundError: there is none, or it is another clinic's, or no picture.
    """
    asked = select(Attachment.reply_id, Attachment.content_type, Attachment.data).where(
        Attachment.id == attachment_id, Attachment.clinic_id == clinic_id, Attachment.state == AttachmentState.KEPT
    )
    row = session.execute(asked).one_or_none()
    if row is None:
        raise NotFoundError("no such picture")
    return Shown(row.reply_id, row.content_type, row.data)
