"""Recording on a patient's page what they agree to, and no longer; and the evidence of it."""

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from reminders.care import consents, patients
from reminders.care.minors import GIVEN_BY, RELATION
from reminders.errors import InvalidInputError, Problem
from reminders.models.kinds import Channel, Purpose
from reminders.web.access import Posted, Writer
from reminders.web.pages.consent_view import agreed
from reminders.web.pages.patient_view import patient_context
from reminders.web.pages.record_form import giver_from
from reminders.web.views import page

router = APIRouter(include_in_schema=False, prefix="/patients/{patient_id}")


@router.post("/consents/{channel}/withdraw")
def withdraw(sent: Writer, patient_id: UUID, channel: Channel) -> Response:
    """The patient told staff that they no longer agree."""
    member = sent.member
    with member.begin() as session:
        consents.withdraw(session, member.actor, patient_id, channel, member.now)
    return _back(patient_id, "withdrawn")


@router.post("/consents/{channel}/grant")
def grant(sent: Writer, patient_id: UUID, channel: Channel) -> Response:
    """The patient agreed to the wording that the page shows."""
    return _granted(sent, patient_id, channel, Purpose.AFTERCARE)


@router.post("/marketing/{channel}/withdraw")
def withdraw_marketing(sent: Writer, patient_id: UUID, channel: Channel) -> Response:
    """The patient told staff that they want no offers; aftercare goes on."""
    member = sent.member
    with member.begin() as session:
        consents.withdraw_marketing(session, member.actor, patient_id, channel, member.now)
    return _back(patient_id, "marketing_withdrawn")


@router.post("/marketing/{channel}/grant")
def grant_marketing(sent: Writer, patient_id: UUID, channel: Channel) -> Response:
    """The patient agreed to offers and news, in the wording that the page shows."""
    return _granted(sent, patient_id, channel, Purpose.MARKETING)


def _granted(sent: Posted, patient_id: UUID, channel: Channel, purpose: Purpose) -> Response:
    member = sent.member
    try:
        with member.begin() as session:
            granted = _grant(session, sent, patient_id, channel, purpose)
    except InvalidInputError as error:
        return _again(sent, patient_id, consents.field_of(channel, purpose), error.problems)
    return _back(patient_id, "granted_opted_out" if granted.notice else "granted")


def _grant(session: Session, sent: Posted, patient_id: UUID, channel: Channel, purpose: Purpose) -> consents.Granted:
    member = sent.member
    patient = patients.get(session, member.clinic.id, patient_id)
    giver = giver_from(sent.form, f"{consents.field_of(channel, purpose)}-")
    given = agreed(member, patient, channel, purpose=purpose, giver=giver)
    return consents.grant(session, member.actor, replace(given, confirms_address=True), member.now)


def _again(sent: Posted, patient_id: UUID, name: str, problems: Mapping[str, Problem]) -> Response:
    """The page with what is wrong beside its field, and what was typed. Each of its forms has a `name` of its own."""
    member = sent.member
    with member.read() as session:
        context = patient_context(session, member, patients.get(session, member.clinic.id, patient_id))
    ours = {field: f"{name}-{field}" for field in (GIVEN_BY, RELATION)}
    beside = {ours.get(field, field): problem for field, problem in problems.items()}
    typed = {field: sent.form.get(field) for field in ours.values()}
    return page(member, "patient.html", 422, **(context | {"problems": beside, "typed": typed}))


def _back(patient_id: UUID, done: str) -> Response:
    return RedirectResponse(f"/patients/{patient_id}?done={done}", 303)
