"""The pictures on a check-in's form: read within limits, looked at, and said what became of each."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID
from weakref import WeakValueDictionary

from fastapi import Depends
from sqlalchemy.orm import Session
from starlette.requests import Request

from reminders.care import attachments
from reminders.care.attachments import Looked
from reminders.care.check_in_links import Asked, find_asked
from reminders.imaging import Refusal
from reminders.models import Reply
from reminders.web.access import AnyVisitor
from reminders.web.forms import submitted
from reminders.web.multipart import MULTIPART, File, Limits, Sent, received

MOST = 3
"""Pictures on one form."""

_AT_A_TIME = 3
_LIMITS = Limits(MOST, attachments.MOST_BYTES)


@dataclass(frozen=True)
class Answered:
    """Whom the link asks, and what was sent."""

    asked: Asked
    sent: Sent


def asked_by(visitor: AnyVisitor, token: str) -> Asked:
    """Whom the link asks. Nothing of a form is read for a link that leads nowhere.

    Raises:
        NotFoundError: it leads nowhere.
    """
    with visitor.database.read() as session:
        return find_asked(session, token, visitor.now)


async def answered(request: Request, asked: Annotated[Asked, Depends(asked_by)]) -> Answered:
    """The form with its pictures. A few at a time for each link: whoever has one cannot fill the memory, and an upload
    that broke off does not hold up the next.

    Raises:
        HTTPException: as for `submitted` and `received`.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != MULTIPART:
        return Answered(asked, Sent(await submitted(request)))
    async with _turn(request, asked.message.id):
        return Answered(asked, await received(request, _LIMITS))


Answering = Annotated[Answered, Depends(answered)]


def _turn(request: Request, link: UUID) -> asyncio.Semaphore:
    state = request.app.state
    if not hasattr(state, "uploading"):
        state.uploading = WeakValueDictionary()
    turns: WeakValueDictionary[UUID, asyncio.Semaphore] = state.uploading
    return turns.setdefault(link, asyncio.Semaphore(_AT_A_TIME))


@dataclass(frozen=True)
class Seen:
    """One file of the form, by its number there, and what it turned out to be."""

    number: int
    looked: Looked


def look_at(sent: Sent, left: int) -> list[Seen]:
    """What each file turned out to be, as long as `left` more are kept. It takes up to a second each."""
    seen: list[Seen] = []
    for file in sent.files:
        kept = sum(one.looked.picture is not None for one in seen)
        seen.append(Seen(file.number, _look(file, is_beyond=file.number > MOST or kept >= left)))
    return seen


def _look(file: File, *, is_beyond: bool) -> Looked:
    if is_beyond:
        return Looked(file.content_type, reason="too_many")
    if file.cut:
        return Looked(file.content_type, reason=Refusal.TOO_LARGE.value)
    return attachments.look(file.data, file.content_type)


def hang(session: Session, reply_id: UUID, seen: Sequence[Seen], now: datetime) -> None:
    """Keep them with the answer, in the transaction that keeps it."""
    if seen:
        reply = session.get_one(Reply, reply_id)
        for one in seen:
            attachments.add(session, reply, one.looked, now)
