"""What patients wrote, and what it was read as."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response

from reminders.care import assigning, patients, thread
from reminders.ids import new_id
from reminders.models import Reply
from reminders.models.kinds import Channel, Language, ReplyKind
from reminders.web.api.caller import KnownCaller
from reminders.web.api.fields import Shown, Strict
from reminders.web.api.once import Made, OnlyOnce
from reminders.web.api.paging import Listing, Paged, fetch
from reminders.web.api.route import ApiRoute
from schedules.lifecycle import State

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


class Writing(Strict):
    """What staff answer."""

    text: str = Field(
        max_length=2000, description=f"At most {thread.LONGEST} characters; the clinic's name is put before it."
    )
    urgent: bool = Field(default=False, description="Let it leave outside the sending window.")
    closes: bool = Field(default=False, description="Close the tickets of this reply.")

    model_config = ConfigDict(json_schema_extra={"example": {"text": "Please come by tomorrow at 10."}})


class AnswerShown(Shown):
    """A message on its way. `segments` is what a text costs, 0 for an e-mail."""

    message_id: UUID
    channel: Channel
    state: State
    due_at: datetime
    segments: int


class Assignment(Strict):
    """Who wrote, of those who share the address."""

    patient_id: UUID

    model_config = ConfigDict(json_schema_extra={"example": {"patient_id": "0199a4c2-7b1e-7c3d-8e4f-5a6b7c8d9e0f"}})


@router.post("/{reply_id}/answer", response_model=AnswerShown)
def answer_reply(once: OnlyOnce, reply_id: UUID, given: Writing) -> Response:
    """Answer on the channel that the patient wrote on. It follows consent and the window; an opt-out refuses it."""

    def act(session: Session) -> Made:
        caller = once.caller
        reply = thread.get(session, caller.clinic.id, reply_id)
        to = thread.answering(session, reply)
        shown = thread.preview(session, caller.clinic, to, given.text, caller.now)
        about = [one.id for one in thread.answerable(session, to.patient) if one.reply_id == reply.id]
        written = thread.Written(given.text, new_id().hex, given.urgent, about if given.closes else ())
        message = thread.write(session, caller.actor, to, written, caller.now)
        return Made(
            AnswerShown(
                message_id=message.id,
                channel=message.channel,
                state=message.state,
                due_at=message.due_at,
                segments=shown.segments,
            )
        )

    return once.answer(act)


@router.post("/{reply_id}/assign", response_model=ReplyShown)
def assign_reply(once: OnlyOnce, reply_id: UUID, given: Assignment) -> Response:
    """Say who wrote from a shared address. The reply is read again for them."""

    def act(session: Session) -> Made:
        reply = thread.get(session, once.caller.clinic.id, reply_id)
        assigning.assign(session, once.caller.actor, reply, given.patient_id, once.caller.now)
        session.refresh(reply)
        return Made(_shown(reply))

    return once.answer(act)


def _shown(reply: Reply) -> ReplyShown:
    stored = {column.key: getattr(reply, column.key) for column in Reply.__table__.columns}
    return ReplyShown.model_validate(stored | {"attachments": len(reply.media or ())})
