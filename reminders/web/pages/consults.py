"""Consults: who was offered one, who booked, who came."""

from uuid import UUID

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from reminders.care import consults
from reminders.errors import InvalidInputError
from reminders.web.access import Reader, Writer
from reminders.web.pages.episode_names import episode_names
from reminders.web.views import page

router = APIRouter(include_in_schema=False, prefix="/consults")


@router.get("")
def show(member: Reader) -> Response:
    """Those that wait for something first."""
    with member.read() as session:
        lines = consults.under_way(session, member.clinic.id)
        episodes = episode_names(session, member, {line.patient.id for line in lines})
    return page(member, "consults.html", consults=lines, episodes=episodes)


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
    back = f"/patients/{patient_id}" if sent.form.get("from") == "patient" else "/consults"
    return RedirectResponse(f"{back}?done={'saved' if moved else 'already'}", 303)
