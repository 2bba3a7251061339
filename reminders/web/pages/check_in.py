"""Where a check-in's link leads: what is asked, answered without signing in, again if something has changed."""

import hashlib
from dataclasses import replace
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response

from reminders.care import replies, severities
from reminders.care.check_in_links import Asked, Earlier, earlier, find_asked, pictures_left, too_many
from reminders.care.optouts import OptOutRequest, opt_out
from reminders.care.page_answers import FLAGS, KEY, MOST_SEVERE, Breakouts, Course
from reminders.care.reach import address_index
from reminders.models import Reply
from reminders.models.kinds import Channel, ReplyKind
from reminders.web.access import AnyVisitor
from reminders.web.moments import Words
from reminders.web.pages.check_in_form import Sheet, posted
from reminders.web.pages.check_in_pictures import MOST, Answering, Seen, hang, look_at
from reminders.web.views import page
from reminders.web.visitors import Visitor

_SHOWN = ("urgent", "persisting", "improving", "clear")

router = APIRouter(include_in_schema=False)


@router.get("/c/{token}")
def show(visitor: AnyVisitor, token: str) -> Response:
    """The questions, with what was answered before. Opening it changes nothing."""
    with visitor.database.read() as session:
        asked = find_asked(session, token, visitor.now)
        before = earlier(session, asked)
    if not asked.is_open:
        return _page(visitor, asked, "closed", 404)
    # Red flags and words are said anew or not at all: left in place, they would alert somebody again.
    answers = replace(before.answers, flags=(), in_words=False) if before else Sheet().answers
    return _ask(visitor, asked, Sheet(answers), before)


@router.post("/c/{token}")
def answer(visitor: AnyVisitor, answered: Answering) -> Response:
    """Keep the answer, then understand it. The token proves who answers; pressing twice is one answer."""
    asked, form = answered.asked, answered.sent.form
    with visitor.database.read() as session:
        busy = too_many(session, asked, visitor.now)
        left = pictures_left(session, asked) if answered.sent.files else 0
    if form.ticked("stop"):
        return _stop(visitor, asked)
    if not asked.is_open or busy:
        return _page(visitor, asked, *(("busy", 429) if asked.is_open else ("closed", 404)))
    sheet = posted(form, len(answered.sent.files) if asked.is_check_in else 0)
    problems = sheet.problems(severity_alone=not asked.is_check_in)
    if problems:
        return _page(visitor, asked, "ask", 422, sheet=sheet, problems=problems)
    if not asked.is_check_in:
        return _keep_severity(visitor, asked, sheet)
    # Before anything is locked: drawing a picture takes a moment.
    return _keep(visitor, asked, sheet, look_at(answered.sent, left))


def _keep(visitor: Visitor, asked: Asked, sheet: Sheet, seen: list[Seen]) -> Response:
    inbound = replace(_inbound(asked, sheet), media=[{"content_type": one.looked.declared} for one in seen] or None)
    with visitor.database.begin(clinic=asked.clinic.id) as session:
        reply_id = replies.receive(session, inbound, visitor.now)
        if reply_id:
            _record(session, visitor, asked, sheet, reply_id)
            hang(session, reply_id, seen, visitor.now)
    known_by = (Reply.channel == inbound.channel) & (Reply.provider_id == inbound.provider_id)
    with visitor.database.begin(clinic=asked.clinic.id) as session:
        kept = session.scalars(select(Reply.id).where(known_by)).one()
        replies.understand(session, kept, visitor.now)
        labels = session.scalars(select(Reply.labels).where(Reply.id == kept)).one()
    emergency = sheet.answers.tier == "emergency"
    outcome = "emergency" if emergency else next((label for label in _SHOWN if label in labels), "other")
    return _done(visitor, asked, outcome, seen=seen)


def _keep_severity(visitor: Visitor, asked: Asked, sheet: Sheet) -> Response:
    with visitor.database.begin(clinic=asked.clinic.id) as session:
        if _record(session, visitor, asked, sheet, None):
            severities.look_at(session, asked.reminder, asked.patient.id, visitor.now)
    much = (sheet.answers.severity or 0) >= severities.HIGH
    return _done(visitor, asked, "severity_high" if much else "severity")


def _record(session: Session, visitor: Visitor, asked: Asked, sheet: Sheet, reply_id: UUID | None) -> bool:
    if sheet.answers.severity is None:
        return False
    pressed = hashlib.sha256(f"{asked.message.id}:{sheet.nonce}".encode()).digest()
    new = severities.NewSeverity(
        id=UUID(bytes=pressed[:16]),
        clinic_id=asked.clinic.id,
        treatment_id=asked.reminder.treatment_id,
        reminder_id=asked.reminder.id,
        value=sheet.answers.severity,
        reply_id=reply_id,
    )
    return severities.record(session, new, visitor.now)


def _stop(visitor: Visitor, asked: Asked) -> Response:
    """No more messages by the channel that the link came by, whether or not it is too late for an answer."""
    channel, index = asked.message.channel, address_index(asked.patient, asked.message.channel)
    # Without an address any more there is nothing left to stop.
    if index is not None:
        with visitor.database.begin(clinic=asked.clinic.id) as session:
            opt_out(session, OptOutRequest(asked.clinic.id, channel, index, "page"), visitor.now)
    return _page(visitor, asked, "stopped")


def _inbound(asked: Asked, sheet: Sheet) -> replies.Inbound:
    channel, patient = asked.message.channel, asked.patient
    return replies.Inbound(
        sender_id=asked.message.sender_id,
        clinic_id=asked.clinic.id,
        channel=channel,
        kind=ReplyKind.PAGE,
        provider_id=f"page:{asked.message.id}:{sheet.nonce}",
        from_address=(patient.email if channel is Channel.EMAIL else patient.phone) or "",
        body=sheet.body(patient.language),
        raw={KEY: sheet.answers.to_data()},
        known=replies.Match(patient.id, asked.message.id),
    )


def _ask(visitor: Visitor, asked: Asked, sheet: Sheet, before: Earlier | None) -> Response:
    return _page(visitor, asked, "ask", sheet=sheet, before=before)


def _done(visitor: Visitor, asked: Asked, outcome: str, **more: Any) -> Response:
    return _page(visitor, asked, "done", outcome=outcome, **more)


def _page(visitor: Visitor, asked: Asked, state: str, status: int = 200, **context: Any) -> Response:
    """In the patient's language and the clinic's time; no personal data beyond the first name and what they ticked."""
    shown: dict[str, Any] = {"sheet": Sheet(), "before": None, "problems": {}, "outcome": "", "seen": ()} | context
    shown |= {"state": state, "asked": asked, "clinic": asked.clinic, "first_name": asked.patient.given_name}
    shown |= {"severities": range(MOST_SEVERE + 1), "breakouts": Breakouts, "courses": Course, "flags": FLAGS}
    shown |= {"most_pictures": MOST}
    language = asked.patient.language
    shown["words"] = Words(language, ZoneInfo(asked.clinic.timezone))
    return page(replace(visitor, language=language), "check_in.html", status, **shown)
