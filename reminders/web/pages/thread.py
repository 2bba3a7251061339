"""A conversation with one patient: what was said, and the form to answer in it; and who wrote from a shared number."""

import secrets
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from reminders.care import assigning, patients, retying, thread
from reminders.care.timeline import timeline
from reminders.errors import InvalidInputError, NotFoundError, Problem
from reminders.models import Patient, Reply
from reminders.triage import Label
from reminders.web.access import Posted, Reader, Writer
from reminders.web.pages.episode_names import episode_names, timeline_reader
from reminders.web.pages.timeline_view import TimelineLine, timeline_view
from reminders.web.views import page
from reminders.web.visitors import Member

router = APIRouter(include_in_schema=False, prefix="/replies/{reply_id}")

_SAID = frozenset({"message", "reply"})
_MOST_LINES = 30
_NONCE_BYTES = 16
_NOTHING_TYPED: dict[str, Any] = {"text": "", "urgent": False, "closes": None}


@router.get("/answer")
def show(member: Reader, reply_id: UUID) -> Response:
    """The conversation and the form."""
    return _page(member, reply_id, _NOTHING_TYPED | {"nonce": secrets.token_hex(_NONCE_BYTES)})


@router.post("/answer")
def answer(sent: Writer, reply_id: UUID) -> Response:
    """Send it, or show first what would be sent and what it costs."""
    member, typed = sent.member, _typed(sent)
    written = thread.Written(sent.form.raw("text"), typed["nonce"], typed["urgent"], typed["closes"])
    try:
        with member.begin() as session:
            reply = thread.get(session, member.clinic.id, reply_id)
            if sent.form.get("action") == "preview":
                shown = thread.preview(session, member.clinic, reply, written.text, member.now)
            else:
                thread.answer(session, member.actor, reply, written, member.now)
                shown = None
    except InvalidInputError as error:
        return _page(member, reply_id, typed, 422, problems=error.problems)
    if shown is not None:
        return _page(member, reply_id, typed, shown=shown)
    return RedirectResponse(f"/patients/{reply.patient_id}?done=answered", 303)


@router.post("/assign")
def assign(sent: Writer, reply_id: UUID) -> Response:
    """It was this one of those who share the number."""
    member = sent.member
    try:
        with member.begin() as session:
            reply = thread.get(session, member.clinic.id, reply_id)
            assigning.assign(session, member.actor, reply, _id(sent.form.get("patient_id")), member.now)
    except InvalidInputError:
        return RedirectResponse("/?done=already", 303)
    return RedirectResponse("/?done=assigned", 303)


@router.post("/retie")
def retie(sent: Writer, reply_id: UUID) -> Response:
    """The answer was about another treatment of the patient's."""
    member = sent.member
    try:
        with member.begin() as session:
            reply = thread.get(session, member.clinic.id, reply_id)
            treatment_id = _id(sent.form.get("treatment_id"), "treatment_id", "no_such_check_in")
            retying.retie(session, member.actor, reply, treatment_id, member.now)
    except InvalidInputError as error:
        return _page(member, reply_id, _NOTHING_TYPED | {"nonce": ""}, 422, problems=error.problems)
    return RedirectResponse(f"/patients/{reply.patient_id}?done=retied", 303)


def _id(typed: str, field: str = "patient_id", key: str = "not_at_this_address") -> UUID:
    try:
        return UUID(typed)
    except ValueError:
        raise InvalidInputError({field: Problem(key)}) from None


def _typed(sent: Posted) -> dict[str, Any]:
    form = sent.form
    boxes = {name: form.ticked(name) for name in ("urgent", "closes")}
    return {"text": form.raw("text"), "nonce": form.get("nonce") or secrets.token_hex(_NONCE_BYTES), **boxes}


def _page(member: Member, reply_id: UUID, form: dict[str, Any], status: int = 200, **more: Any) -> Response:
    with member.read() as session:
        reply = thread.get(session, member.clinic.id, reply_id)
        patient = _patient(session, member, reply)
        said = _said(session, member, patient)
        names = episode_names(session, member, {patient.id})
        others = [(one.treatment_id, names[one.treatment_id]) for one in retying.others(session, reply)]
    if form["closes"] is None:
        # A text that went out is no sign that somebody with a red flag is safe: closing is then a choice of its own.
        form = form | {"closes": Label.URGENT not in (reply.labels or ())}
    context = {"reply": reply, "patient": patient, "said": said, "form": form, "problems": {}, "shown": None}
    context |= {"others": others}
    return page(member, "thread.html", status, **(context | more))


def _patient(session: Session, member: Member, reply: Reply) -> Patient:
    if reply.patient_id is None:
        raise NotFoundError("nobody knows who wrote it")
    return patients.get(session, member.clinic.id, reply.patient_id)


def _said(session: Session, member: Member, patient: Patient) -> list[TimelineLine]:
    """What was said on both sides, newest first."""
    entries = [
        entry
        for entry in timeline(session, member.clinic, patient)
        if entry.kind in _SAID and (entry.text or entry.attached)
    ]
    names = episode_names(session, member, {patient.id})
    view = timeline_view(entries, timeline_reader(member, names))
    return [*reversed(view.ahead), *view.past][:_MOST_LINES]
