"""A conversation with one patient: what was said, and the form to answer in it; and who wrote from a shared number."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from reminders.care import assigning, patients, retying, thread
from reminders.errors import InvalidInputError, NotFoundError, Problem
from reminders.web.access import Reader, Writer
from reminders.web.pages.conversation_view import conversation_context
from reminders.web.pages.episode_names import episode_names
from reminders.web.pages.writing import Door, Said, Typed, Whom, draw_page, respond
from reminders.web.visitors import Member

router = APIRouter(include_in_schema=False, prefix="/replies/{reply_id}")


@router.get("/answer")
def show(member: Reader, reply_id: UUID) -> Response:
    """The conversation and the form."""
    return draw_page(member, _door(member, reply_id), Typed())


@router.post("/answer")
def answer(sent: Writer, reply_id: UUID) -> Response:
    """Send it, or show first what would be sent and what it costs."""
    return respond(sent, _door(sent.member, reply_id))


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
        return draw_page(member, _door(member, reply_id), Typed(), Said(error.problems))
    return RedirectResponse(f"/patients/{reply.patient_id}?done=retied", 303)


def _id(typed: str, field: str = "patient_id", key: str = "not_at_this_address") -> UUID:
    try:
        return UUID(typed)
    except ValueError:
        raise InvalidInputError({field: Problem(key)}) from None


def _door(member: Member, reply_id: UUID) -> Door:
    def find(session: Session) -> Whom:
        reply = thread.get(session, member.clinic.id, reply_id)
        if reply.patient_id is None:
            raise NotFoundError("nobody knows who wrote it")
        return Whom(patients.get(session, member.clinic.id, reply.patient_id), reply)

    def draw(session: Session, whom: Whom) -> dict[str, Any]:
        names = episode_names(session, member, {whom.patient.id})
        about = retying.others(session, whom.reply) if whom.reply else ()
        others = [(one.treatment_id, names[one.treatment_id]) for one in about]
        shown = conversation_context(session, member, whom.patient, whom.reply)
        return {**shown, "others": others, "about_reply": whom.reply}

    action = f"/replies/{reply_id}/answer"
    return Door(action, "/?done=answered", find, draw, lambda ticket, _: ticket.reply_id == reply_id)
