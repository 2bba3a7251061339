"""Putting one patient on hold, and lifting that."""

from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from reminders.care import patients
from reminders.web.access import Reader, Writer
from reminders.web.pages import holding
from reminders.web.visitors import Member

router = APIRouter(include_in_schema=False, prefix="/patients/{patient_id}")


@router.get("/hold")
def ask_hold(member: Reader, patient_id: UUID) -> Response:
    """Ask before."""
    return holding.ask(member, _subject(member, patient_id), lifting=False)


@router.post("/hold")
def hold(sent: Writer, patient_id: UUID) -> Response:
    """Send this patient nothing but safety texts."""
    return holding.put(sent, _subject(sent.member, patient_id))


@router.get("/release")
def ask_release(member: Reader, patient_id: UUID) -> Response:
    """Ask before."""
    return holding.ask(member, _subject(member, patient_id), lifting=True)


@router.post("/release")
def release(sent: Writer, patient_id: UUID) -> Response:
    """Send again."""
    return holding.lift(sent, _subject(sent.member, patient_id))


def _subject(member: Member, patient_id: UUID) -> holding.Subject:
    page = f"/patients/{patient_id}"
    return holding.Subject("patient", page, page, lambda session: patients.get(session, member.clinic.id, patient_id))
