"""Correcting a treatment's date, and cancelling its follow-up."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from reminders.care import patients, treatments
from reminders.errors import DuplicateError, InvalidInputError, Problem
from reminders.models import Treatment
from reminders.web.access import Posted, Reader, Writer
from reminders.web.pages.moved import compare, snapshot
from reminders.web.views import page
from reminders.web.visitors import Member

router = APIRouter(include_in_schema=False, prefix="/treatments")


@router.get("/{treatment_id}/move")
def show_move(member: Reader, treatment_id: UUID) -> Response:
    """The form with the date as it stands."""
    with member.read() as session:
        local = treatments.get(session, member.clinic.id, treatment_id).treated_at.astimezone(member.zone)
    return _page(member, "treatment_move.html", treatment_id, **_when(f"{local:%Y-%m-%d}", f"{local:%H:%M}"))


@router.post("/{treatment_id}/move")
def move(sent: Writer, treatment_id: UUID) -> Response:
    """Change the date, and say what that did to the messages."""
    member = sent.member
    to = treatments.TreatedWhen(sent.form.get("treated_on"), sent.form.get("treated_time"))
    try:
        with member.begin() as session:
            treatment = treatments.get(session, member.clinic.id, treatment_id)
            before = snapshot(session, treatment_id)
            treatments.move(session, member.actor, member.clinic, treatment, to, member.now)
            session.flush()
            result = compare(before, snapshot(session, treatment_id))
    except DuplicateError:
        taken = {"treated_on": Problem("same_treatment_that_day")}
        return _move_again(sent, treatment_id, taken)
    except InvalidInputError as error:
        return _move_again(sent, treatment_id, error.problems)
    return RedirectResponse(f"/patients/{treatment.patient_id}?{urlencode({'done': 'moved'} | result)}", 303)


@router.get("/{treatment_id}/cancel")
def show_cancel(member: Reader, treatment_id: UUID) -> Response:
    """Ask why."""
    return _page(member, "treatment_cancel.html", treatment_id, reason="")


@router.post("/{treatment_id}/cancel")
def cancel(sent: Writer, treatment_id: UUID) -> Response:
    """End the follow-up."""
    reason = sent.form.get("reason")
    try:
        treatment = _cancel(sent.member, treatment_id, reason)
    except InvalidInputError as error:
        problems = error.problems
        return _page(sent.member, "treatment_cancel.html", treatment_id, 422, reason=reason, problems=problems)
    return RedirectResponse(f"/patients/{treatment.patient_id}?done=cancelled", 303)


def _cancel(member: Member, treatment_id: UUID, reason: str) -> Treatment:
    with member.begin() as session:
        treatment = treatments.get(session, member.clinic.id, treatment_id)
        if not reason:
            raise InvalidInputError({"reason": Problem("reason_missing")})
        treatments.cancel(session, member.actor, treatment, reason, member.now)
    return treatment


def _move_again(sent: Posted, treatment_id: UUID, problems: dict[str, Problem]) -> Response:
    typed = _when(sent.form.get("treated_on"), sent.form.get("treated_time"))
    return _page(sent.member, "treatment_move.html", treatment_id, 422, problems=problems, **typed)


def _when(treated_on: str, treated_time: str) -> dict[str, Any]:
    return {"treated_on": treated_on, "treated_time": treated_time}


def _page(member: Member, template: str, treatment_id: UUID, status: int = 200, **context: Any) -> Response:
    with member.read() as session:
        treatment = treatments.get(session, member.clinic.id, treatment_id)
        name = _name(session, member, treatment)
    return page(member, template, status, **({"problems": {}, "treatment": treatment, "name": name} | context))


def _name(session: Session, member: Member, treatment: Treatment) -> str:
    return patients.get(session, member.clinic.id, treatment.patient_id).name
