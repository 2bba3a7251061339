"""The inbox: every conversation, the one that is open, who has read what, and answering there."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from reminders.care import conversations, patients, seeing, thread
from reminders.care.replies import candidates
from reminders.models import Ticket
from reminders.models.kinds import TicketKind
from reminders.web.access import OwnForm, Posted, Reader, Writer
from reminders.web.pages.conversation_view import (
    conversation_context,
    ids_in,
    list_context,
    nothing_open,
    query_of,
    wanted_of,
)
from reminders.web.pages.writing import Door, Typed, Whom, draw_page, respond
from reminders.web.views import page
from reminders.web.visitors import Member

router = APIRouter(include_in_schema=False, prefix="/inbox")

_MOST_FOUND = conversations.PAGE


@router.get("")
def show(member: Reader) -> Response:
    """The list."""
    with member.read() as session:
        context = _list(session, member)
    return page(member, "conversations.html", **nothing_open(), **context)


@router.post("")
def find(sent: OwnForm) -> Response:
    """Conversations with those whom the search finds. A form, since a name has no place in an address."""
    member, q = sent.member, sent.form.get("q")
    with member.read() as session:
        found = patients.search(session, member.clinic.id, q, _MOST_FOUND)
        wanted = wanted_of({})
        context = list_context(member, conversations.of_patients(session, member.clinic.id, found), wanted, q)
    return page(member, "conversations.html", **nothing_open(), **context)


@router.post("/read")
def read_all(sent: Writer) -> Response:
    """What stands in the list has been read, and nothing else of the same conversations."""
    member = sent.member
    with member.begin() as session:
        seeing.see_only(session, member.actor, ids_in(sent.form.all("reply")[:_MOST_FOUND]), member.now)
    return RedirectResponse(f"/inbox{query_of(wanted_of(member.request.query_params), done='seen')}", 303)


@router.get("/patients/{patient_id}")
def of_patient(member: Reader, patient_id: UUID) -> Response:
    """The conversation with a patient, beside the list where there is room."""
    return draw_page(member, _door(member, patient_id), Typed())


@router.post("/patients/{patient_id}")
def answer(sent: Writer, patient_id: UUID) -> Response:
    """Send it, or show first what would be sent and what it costs."""
    return respond(sent, _door(sent.member, patient_id))


@router.post("/patients/{patient_id}/seen")
def seen_of_patient(sent: Writer, patient_id: UUID) -> Response:
    """Somebody has read it, or wants it to be unread."""
    with sent.member.begin() as session:
        patient = patients.get(session, sent.member.clinic.id, patient_id)
        _mark(session, sent, seeing.Talk(patient.id))
    return _after_marking(sent, f"/inbox/patients/{patient_id}")


@router.get("/replies/{reply_id}")
def of_reply(member: Reader, reply_id: UUID) -> Response:
    """The conversation that a reply belongs to: its patient's, or an address's whose writer nobody knows."""
    with member.read() as session:
        reply = thread.get(session, member.clinic.id, reply_id)
        if reply.patient_id is not None:
            return RedirectResponse(f"/inbox/patients/{reply.patient_id}{_query(member)}", 303)
        context = {**conversation_context(session, member, None, reply), **_list(session, member)}
        might_be = [] if reply.to_unknown_number else candidates(session, reply)
    context |= {"door": None, "problems": {}, "might_be": might_be}
    return page(member, "conversations.html", **context)


@router.post("/replies/{reply_id}/seen")
def seen_of_reply(sent: Writer, reply_id: UUID) -> Response:
    """As for a patient's."""
    with sent.member.begin() as session:
        _mark(session, sent, seeing.talk_of(thread.get(session, sent.member.clinic.id, reply_id)))
    return _after_marking(sent, f"/inbox/replies/{reply_id}")


def _mark(session: Session, sent: Posted, talk: seeing.Talk) -> None:
    """Read up to the reply that was on the screen, so that nothing counts as read that came in since."""
    member = sent.member
    if sent.form.get("as") == "unread":
        seeing.unsee(session, member.actor, talk)
    else:
        seeing.see(session, member.actor, ids_in([sent.form.get("up_to")]), member.now)


def _after_marking(sent: Posted, path: str) -> Response:
    """To the list: what is open would be marked as read again by its script."""
    unread = sent.form.get("as") == "unread"
    back = "/inbox" if unread else path
    return RedirectResponse(f"{back}{query_of(wanted_of(sent.member.request.query_params))}", 303)


def _list(session: Session, member: Member) -> dict[str, Any]:
    wanted = wanted_of(member.request.query_params)
    found = conversations.listed(session, member.clinic.id, wanted)
    return list_context(member, found, wanted)


def _query(member: Member, **more: str) -> str:
    return query_of(wanted_of(member.request.query_params), **more)


def _door(member: Member, patient_id: UUID) -> Door:
    def find_in(session: Session) -> Whom:
        patient = patients.get(session, member.clinic.id, patient_id)
        return Whom(patient, conversations.newest_reply(session, member.clinic.id, seeing.Talk(patient.id)))

    def draw(session: Session, whom: Whom) -> dict[str, Any]:
        return {**conversation_context(session, member, whom.patient, whom.reply), **_list(session, member)}

    action, back = f"/inbox/patients/{patient_id}{_query(member)}", f"/inbox{_query(member, done='answered')}"
    return Door(action, back, find_in, draw, _is_answered, answers_newest=True)


def _is_answered(ticket: Ticket, whom: Whom) -> bool:
    """What came before may be about something else."""
    return ticket.kind is TicketKind.QUESTION and whom.reply is not None and ticket.reply_id == whom.reply.id
