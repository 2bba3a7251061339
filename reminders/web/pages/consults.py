"""Consults: who was offered one and why, who booked, who came."""

from collections.abc import Mapping
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from reminders.care import consult_lists, consults
from reminders.errors import InvalidInputError
from reminders.models import Consult
from reminders.web.access import Posted, Reader, Writer
from reminders.web.pages.inbox_view import in_one_line, own_part
from reminders.web.views import page
from reminders.web.visitors import Member

router = APIRouter(include_in_schema=False, prefix="/consults")

_BACK: Mapping[str, str] = {"patient": "/patients/{patient_id}", "today": "/"}
"""Where the forms that say `from` come from, and lead back to; the others stand on the list itself."""


@router.get("")
def show(member: Reader) -> Response:
    """Those that wait for something first."""
    with member.read() as session:
        lines = consult_lists.under_way(session, member.clinic.id)
        moved = _moved_just_now(session, member)
    return page(
        member, "consults.html", consults=lines, moved=moved, own_part=own_part, in_one_line=in_one_line, episodes={}
    )


@router.post("/{consult_id}/move")
def move(sent: Writer, consult_id: UUID) -> Response:
    """Say how far one has come."""
    member = sent.member
    with member.read() as session:
        patient_id = consults.get(session, member.clinic.id, consult_id).patient_id
    try:
        with member.begin() as session:
            consult = consults.get(session, member.clinic.id, consult_id)
            moved = consults.settle(session, member.actor, consult, sent.form.get("state"), member.now)
    except InvalidInputError:
        moved = False
    return _back(sent, patient_id, f"moved={consult_id}" if moved else "done=already")


@router.post("/{consult_id}/undo")
def undo(sent: Writer, consult_id: UUID) -> Response:
    """That was a slip of the hand."""
    member = sent.member
    with member.begin() as session:
        consult = consults.get(session, member.clinic.id, consult_id)
        patient_id = consult.patient_id
        is_undone = consults.take_back(session, member.actor, consult, member.now)
    return _back(sent, patient_id, "done=consult_back" if is_undone else "done=too_late_to_undo")


def _moved_just_now(session: Session, member: Member) -> Consult | None:
    """The consult that the address says was moved, if that can still be taken back."""
    try:
        given = UUID(member.request.query_params.get("moved", ""))
    except ValueError:
        return None
    found = session.scalar(select(Consult).where(Consult.id == given)) if member.may_change else None
    return found if found and consults.moved_lately(session, found, member.now) else None


def _back(sent: Posted, patient_id: UUID, told: str) -> Response:
    origin = sent.form.get("from")
    if origin == "patient":
        told = told if told.startswith("done=") else "done=saved"
    return RedirectResponse(f"{_BACK.get(origin, '/consults').format(patient_id=patient_id)}?{told}", 303)
