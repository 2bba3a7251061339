"""Today: what needs somebody now, most urgent first, then what patients said."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from reminders.care import attachments, checkins, hand_overs, tickets
from reminders.care.inbox import inbox
from reminders.errors import InvalidInputError, NotFoundError, Problem
from reminders.models import Ticket
from reminders.web.access import Reader, Writer
from reminders.web.moments import Words
from reminders.web.pages.episode_names import episode_names
from reminders.web.pages.inbox_view import LABEL_COLOURS, conversation, own_part
from reminders.web.rota_words import rota_lines
from reminders.web.views import page
from reminders.web.visitors import Member

router = APIRouter(include_in_schema=False)


@router.get("/")
def show(member: Reader) -> Response:
    """The start page."""
    return _page(member, {})


@router.get("/tickets/{ticket_id}")
def find(member: Reader, ticket_id: UUID) -> Response:
    """Where an alert's link leads: to the ticket among the others."""
    with member.read() as session:
        ticket = _ticket(session, ticket_id)
    return RedirectResponse(f"/#ticket-{ticket.id}", 303)


@router.post("/tickets/{ticket_id}/acknowledge")
def acknowledge(sent: Writer, ticket_id: UUID) -> Response:
    """Somebody has it in hand."""
    member = sent.member
    with member.begin() as session:
        moved = tickets.acknowledge(session, member.actor, _ticket(session, ticket_id), member.now)
    return _back("acknowledged" if moved else "already")


@router.post("/tickets/{ticket_id}/close")
def close(sent: Writer, ticket_id: UUID) -> Response:
    """It is dealt with, with an outcome."""
    member = sent.member
    try:
        with member.begin() as session:
            ticket = _ticket(session, ticket_id)
            moved = tickets.close(session, member.actor, ticket, sent.form.get("outcome"), member.now)
    except InvalidInputError as error:
        return _page(member, {f"outcome-{ticket_id}": problem for problem in error.problems.values()}, 422)
    return _back("closed" if moved else "already")


def _page(member: Member, problems: dict[str, Problem], status: int = 200) -> Response:
    with member.read() as session:
        lines = [conversation(item) for item in inbox(session, member.clinic.id)]
        people = {line.patient.id for line in lines if line.patient and line.tickets}
        episodes = episode_names(session, member, people)
        attached = attachments.of_replies(session, [reply.id for line in lines for reply in line.replies])
        later = checkins.later_answers(session, member.clinic.id)
        rota = hand_overs.rota(session, member.clinic.id)
    context: dict[str, Any] = {
        "waiting": [line for line in lines if line.tickets],
        "quiet": [line for line in lines if not line.tickets],
        "label_colours": LABEL_COLOURS,
        "later": later,
        "on_call": rota_lines(rota, Words(member.language, member.zone)),
        "episodes": episodes,
        "own_part": own_part,
        "attached": attached,
    }
    return page(member, "inbox.html", status, problems=problems, **context)


def _ticket(session: Session, ticket_id: UUID) -> Ticket:
    found = session.scalar(select(Ticket).where(Ticket.id == ticket_id))
    if found is None:
        raise NotFoundError("no such ticket")
    return found


def _back(done: str) -> Response:
    return RedirectResponse(f"/?done={done}", 303)
