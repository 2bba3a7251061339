"""Where the check-in's link leads: one question, answered without signing in. Photos and severity come later."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session
from starlette.responses import Response

from reminders.care import checkins, replies
from reminders.delivery.links import read_check_in_token
from reminders.errors import CryptoError, NotFoundError, Problem
from reminders.models import Clinic, Message, Patient, Reply
from reminders.models.kinds import Channel, ReplyKind
from reminders.web.access import AnyVisitor
from reminders.web.forms import Form, submitted
from reminders.web.views import page
from reminders.web.visitors import Visitor

ANSWERS: Mapping[str, str] = {"1": "clear", "2": "improving", "3": "persisting"}
"""The digits of the text message, each with the outcome that it stands for."""

LONGEST = 2000
_NONCE = 32
_SHOWN = ("urgent", "persisting", "improving", "clear")

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class _Asked:
    message: Message
    patient: Patient
    clinic: Clinic


@router.get("/c/{token}")
def show(visitor: AnyVisitor, token: str) -> Response:
    """The question. Opening it changes nothing."""
    with visitor.database.read() as session:
        asked = _asked(visitor, session, token)
    return _page(visitor, asked, {"nonce": secrets.token_hex(_NONCE // 2)})


@router.post("/c/{token}")
def answer(visitor: AnyVisitor, form: Annotated[Form, Depends(submitted)], token: str) -> Response:
    """Keep the answer, then understand it. The token proves who answers; pressing twice is one answer."""
    with visitor.database.read() as session:
        asked = _asked(visitor, session, token)
    problems = _problems(form)
    if problems:
        return _page(visitor, asked, _typed(form) | {"problems": problems}, 422)
    inbound = _inbound(asked, form)
    with visitor.database.begin() as session:
        replies.receive(session, inbound, visitor.now)
    with visitor.database.begin() as session:
        replies.understand(session, _kept(session, inbound), visitor.now)
        labels = session.scalars(select(Reply.labels).where(_known_by(inbound))).one()
    outcome = next((label for label in _SHOWN if label in labels), "other")
    return _page(visitor, asked, {"outcome": outcome})


def _asked(visitor: Visitor, session: Session, token: str) -> _Asked:
    try:
        message_id = read_check_in_token(visitor.database.keyring, token)
    except CryptoError as error:
        raise NotFoundError("no such link") from error
    return _rows(session, message_id, visitor.now)


def _rows(session: Session, message_id: UUID, now: datetime) -> _Asked:
    message = session.scalar(select(Message).where(Message.id == message_id, Message.patient_id.is_not(None)))
    if message is None or not checkins.answerable(message, now):
        raise NotFoundError("no such check-in")
    patient = session.scalars(select(Patient).where(Patient.id == message.patient_id)).one()
    return _Asked(message, patient, session.get_one(Clinic, message.clinic_id))


def _problems(form: Form) -> dict[str, Problem]:
    words = form.get("words")
    if form.get("answer") not in ANSWERS and not words:
        return {"answer": Problem("answer_missing")}
    return {"words": Problem("too_long", limit=str(LONGEST))} if len(words) > LONGEST else {}


def _inbound(asked: _Asked, form: Form) -> replies.Inbound:
    channel, patient = asked.message.channel, asked.patient
    digit = form.get("answer") if form.get("answer") in ANSWERS else ""
    nonce = form.get("nonce")[:_NONCE] or secrets.token_hex(_NONCE // 2)
    return replies.Inbound(
        sender_id=asked.message.sender_id,
        clinic_id=asked.clinic.id,
        channel=channel,
        kind=ReplyKind.PAGE,
        provider_id=f"page:{asked.message.id}:{nonce}",
        from_address=(patient.email if channel is Channel.EMAIL else patient.phone) or "",
        body="\n".join(filter(None, (digit, form.get("words")))),
        known=replies.Match(patient.id, asked.message.id),
    )


def _known_by(inbound: replies.Inbound) -> ColumnElement[bool]:
    return (Reply.channel == inbound.channel) & (Reply.provider_id == inbound.provider_id)


def _kept(session: Session, inbound: replies.Inbound) -> UUID:
    return session.scalars(select(Reply.id).where(_known_by(inbound))).one()


def _typed(form: Form) -> dict[str, Any]:
    return {"answer": form.get("answer"), "words": form.get("words"), "nonce": form.get("nonce")}


def _page(visitor: Visitor, asked: _Asked, context: dict[str, Any], status: int = 200) -> Response:
    """In the patient's language; no personal data beyond the first name."""
    shown: dict[str, Any] = {"outcome": "", "answer": "", "words": "", "nonce": "", "problems": {}} | context
    shown |= {"clinic": asked.clinic, "first_name": asked.patient.given_name, "answers": ANSWERS}
    return page(replace(visitor, language=asked.patient.language), "check_in.html", status, **shown)
