"""Today: what needs somebody now, most urgent first, and what becomes of it."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from reminders.care import in_hand, settling, undoing
from reminders.errors import InvalidInputError, NotFoundError, Problem
from reminders.models import Ticket
from reminders.web.access import Posted, Reader, Writer
from reminders.web.pages.looks import note_look
from reminders.web.pages.today_parts import one_conversation, today_parts
from reminders.web.pages.work_view import View
from reminders.web.views import page
from reminders.web.visitors import Member

router = APIRouter(include_in_schema=False)

FROM_TICKET = "ticket"
"""What the address of a form says under `from` that stands on the ticket's own page: one comes back to there."""


@router.get("/")
def show(member: Reader) -> Response:
    """The start page."""
    return _page(member, {})


@router.get("/tickets/{ticket_id}")
def find(member: Reader, ticket_id: UUID) -> Response:
    """Where an alert's link leads: the conversation that it is about; or who closed it, when, with what."""
    return _ticket_page(member, ticket_id, {})


@router.post("/tickets/{ticket_id}/acknowledge")
def acknowledge(sent: Writer, ticket_id: UUID) -> Response:
    """Somebody has it in hand."""
    member = sent.member
    with member.begin() as session:
        moved = settling.acknowledge(session, member.actor, _ticket(session, ticket_id), member.now)
    return _back(sent, ticket_id, "acknowledged" if moved else "already")


@router.post("/tickets/{ticket_id}/give")
def give(sent: Writer, ticket_id: UUID) -> Response:
    """It is a colleague's, or one's own, from now on."""
    member = sent.member

    def act(session: Session, ticket: Ticket) -> bool:
        to = member.staff.id if sent.form.get("own") else _uuid(sent.form.get("staff_id"))
        return in_hand.give(session, member.actor, ticket, in_hand.Gift(to, sent.form.get("had")), member.now)

    return _try(sent, ticket_id, act, "given")


@router.post("/tickets/{ticket_id}/close")
def close(sent: Writer, ticket_id: UUID) -> Response:
    """It is dealt with, with an outcome."""
    member = sent.member

    def act(session: Session, ticket: Ticket) -> bool:
        return settling.close(session, member.actor, ticket, sent.form.get("outcome"), member.now)

    return _try(sent, ticket_id, act, "")


@router.post("/tickets/{ticket_id}/reopen")
def reopen(sent: Writer, ticket_id: UUID) -> Response:
    """It was closed by mistake."""
    member = sent.member
    with member.begin() as session:
        ticket = _ticket(session, ticket_id)
        is_late = not undoing.may_reopen(ticket, member.now)
        moved = undoing.reopen(session, member.actor, ticket, member.now)
    return _back(sent, ticket_id, "reopened" if moved else "too_late_to_undo" if is_late else "already")


def _try(sent: Posted, ticket_id: UUID, act: Callable[[Session, Ticket], bool], done: str) -> Response:
    """Do it and say so; `done` is "" for what can be taken back, which says what it was."""
    try:
        with sent.member.begin() as session:
            moved = act(session, _ticket(session, ticket_id))
    except InvalidInputError as error:
        problems = {f"{name}-{ticket_id}": problem for name, problem in error.problems.items()}
        show_again = _ticket_page if _is_from_ticket(sent) else _listed
        return show_again(sent.member, ticket_id, problems, 422)
    return _back(sent, ticket_id, done if moved else "already")


def _listed(member: Member, _ticket_id: UUID, problems: dict[str, Problem], status: int) -> Response:
    return _page(member, problems, status)


def _page(member: Member, problems: dict[str, Problem], status: int = 200) -> Response:
    view = View.of(member.request.query_params)
    with member.read() as session:
        closed = _closed_just_now(session, member)
        parts = today_parts(session, member, view)
    return page(member, "today.html", status, problems=problems, wrong=_wrong(problems), closed=closed, **parts)


def _ticket_page(member: Member, ticket_id: UUID, problems: dict[str, Problem], status: int = 200) -> Response:
    with member.read() as session:
        ticket = _ticket(session, ticket_id)
        parts: dict[str, Any] = one_conversation(session, member, ticket)
    if parts["patient"]:
        note_look(member, parts["patient"].id)
    parts |= {"ticket": ticket, "may_reopen": member.may_change and undoing.may_reopen(ticket, member.now)}
    parts |= {"suffix": f"?from={FROM_TICKET}", "wrong": _wrong(problems) | {ticket_id}}
    return page(member, "ticket.html", status, problems=problems, **parts)


def _wrong(problems: dict[str, Problem]) -> set[UUID]:
    """The tickets that a form was wrong about, by the names of its fields: their lines are shown open."""
    return {found for name in problems if (found := _uuid(name.partition("-")[2]))}


def _closed_just_now(session: Session, member: Member) -> Ticket | None:
    """The ticket that the address says was closed, if that can still be taken back."""
    given = _uuid(member.request.query_params.get("closed", ""))
    found = session.scalar(select(Ticket).where(Ticket.id == given)) if given and member.may_change else None
    return found if found and undoing.may_reopen(found, member.now) else None


def _ticket(session: Session, ticket_id: UUID) -> Ticket:
    found = session.scalar(select(Ticket).where(Ticket.id == ticket_id))
    if found is None:
        raise NotFoundError("no such ticket")
    return found


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _is_from_ticket(sent: Posted) -> bool:
    return sent.member.request.query_params.get("from") == FROM_TICKET


def _back(sent: Posted, ticket_id: UUID, done: str) -> Response:
    told = {"done": done} if done else {"closed": str(ticket_id)}
    if _is_from_ticket(sent):
        return RedirectResponse(f"/tickets/{ticket_id}" + (f"?done={done}" if done else ""), 303)
    return RedirectResponse(View.of(sent.member.request.query_params).telling(**told), 303)
