"""A later treatment takes an earlier one's place, and back: what that calls off, or plans, is named before."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from reminders.care import patients, superseding, treatments
from reminders.errors import InvalidInputError
from reminders.web.access import Reader, Writer
from reminders.web.views import page
from reminders.web.visitors import Member

router = APIRouter(include_in_schema=False, prefix="/treatments/{treatment_id}")


@router.get("/replace")
def show_replace(member: Reader, treatment_id: UUID) -> Response:
    """Ask, and name what would be called off."""
    return _page(member, treatment_id, "replace")


@router.post("/replace")
def replace(sent: Writer, treatment_id: UUID) -> Response:
    """The newest later treatment of its protocol takes its place."""
    member = sent.member
    try:
        with member.begin() as session:
            treatment = treatments.get(session, member.clinic.id, treatment_id)
            superseding.replace(session, member.actor, treatment, member.now)
    except InvalidInputError as error:
        return _page(member, treatment_id, "replace", 422, problems=error.problems)
    return RedirectResponse(f"/patients/{treatment.patient_id}?done=replaced", 303)


@router.get("/take-back")
def show_take_back(member: Reader, treatment_id: UUID) -> Response:
    """Ask whether it should run again."""
    return _page(member, treatment_id, "take_back")


@router.post("/take-back")
def take_back(sent: Writer, treatment_id: UUID) -> Response:
    """It runs again; what is still in time is planned anew."""
    member = sent.member
    try:
        with member.begin() as session:
            treatment = treatments.get(session, member.clinic.id, treatment_id)
            superseding.take_back(session, member.actor, member.clinic, treatment, member.now)
    except InvalidInputError as error:
        return _page(member, treatment_id, "take_back", 422, problems=error.problems)
    return RedirectResponse(f"/patients/{treatment.patient_id}?done=taken_back", 303)


def _page(member: Member, treatment_id: UUID, deed: str, status: int = 200, **more: Any) -> Response:
    with member.read() as session:
        treatment = treatments.get(session, member.clinic.id, treatment_id)
        name = patients.get(session, member.clinic.id, treatment.patient_id).name
        owed = superseding.owing(session, {treatment_id}) if deed == "replace" else []
    context = {"treatment": treatment, "name": name, "deed": deed, "earlier": owed, "problems": {}}
    return page(member, "treatment_overlap.html", status, **(context | more))
