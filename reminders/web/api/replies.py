"""What patients wrote, and what it was read as."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field
from sqlalchemy import select

from reminders.care import patients
from reminders.models import Reply
from reminders.models.kinds import Channel, Language, ReplyKind
from reminders.web.api.caller import KnownCaller
from reminders.web.api.fields import Shown
from reminders.web.api.paging import Listing, Paged, fetch
from reminders.web.api.route import ApiRoute

router = APIRouter(prefix="/replies", tags=["replies"], route_class=ApiRoute)


class ReplyQuery(Paged):
    """Whose replies."""

    patient_id: UUID | None = None


class ReplyShown(Shown):
    """One inbound message. `patient_id` is null where nobody knows yet who wrote."""

    id: UUID
    patient_id: UUID | None
    channel: Channel
    kind: ReplyKind
    sender: str = Field(validation_alias="sender_address", description="The number or address that it came from.")
    body: str
    attachments: int
    labels: list[str] = Field(description="What it was read as; empty until it is read.")
    confidence: float | None
    language: Language | None
    answers_message_id: UUID | None = Field(validation_alias="answers_id")
    received_at: datetime
    read_at: datetime | None
    handled_at: datetime | None


class ReplyPage(Shown):
    """Replies, the newest first."""

    items: list[ReplyShown]
    next: str | None


@router.get("")
def list_replies(caller: KnownCaller, asked: Annotated[ReplyQuery, Query()]) -> ReplyPage:
    """The clinic's replies, or one patient's."""
    with caller.read() as session:
        query = select(Reply)
        if asked.patient_id is not None:
            query = query.where(Reply.patient_id == patients.get(session, caller.clinic.id, asked.patient_id).id)
        listing = Listing("replies", query, (Reply.received_at, Reply.id), newest_first=True)
        page = fetch(session, caller, listing, asked)
        return ReplyPage(items=[_shown(row[0]) for row in page.rows], next=page.next)


def _shown(reply: Reply) -> ReplyShown:
    stored = {column.key: getattr(reply, column.key) for column in Reply.__table__.columns}
    return ReplyShown.model_validate(stored | {"attachments": len(reply.media or ())})
