"""Where the link in every e-mail leads: a page with a button, and the one-click POST of mail programs (RFC 8058)."""

from dataclasses import replace
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from reminders.care.optouts import OptOutRequest, opt_in, opt_out
from reminders.care.reach import address_index
from reminders.consent import opted_out
from reminders.delivery.links import read_unsubscribe_token
from reminders.errors import CryptoError, NotFoundError
from reminders.models import Clinic, Patient
from reminders.models.kinds import Channel, Language
from reminders.web.access import AnyVisitor
from reminders.web.forms import Form, submitted_by_program
from reminders.web.i18n import catalogue, preferred
from reminders.web.views import page
from reminders.web.visitors import Visitor

_ONE_CLICK = ("List-Unsubscribe", "One-Click")

router = APIRouter(include_in_schema=False)


@router.get("/u/{token}")
def show(visitor: AnyVisitor, token: str) -> Response:
    """Ask first: programs that open links in advance must not unsubscribe anybody."""
    with visitor.database.read() as session:
        patient, channel = _whose(visitor, session, token)
        clinic = session.get_one(Clinic, patient.clinic_id)
        index = address_index(patient, channel)
        stopped = index is not None and bool(opted_out(session, clinic.id, [(channel, index)]))
    return _page(visitor, patient, clinic, "done" if stopped else "ask")


@router.post("/u/{token}")
def unsubscribe(visitor: AnyVisitor, form: Annotated[Form, Depends(submitted_by_program)], token: str) -> Response:
    """Stop. The token proves who asks, so neither cookie nor form token is needed, and saying it again is harmless."""
    name, value = _ONE_CLICK
    source = "email" if form.get(name) == value else "page"
    with visitor.database.begin() as session:
        patient, channel = _whose(visitor, session, token)
        clinic = session.get_one(Clinic, patient.clinic_id)
        index = address_index(patient, channel)
        # Without an address any more there is nothing left to stop.
        if index is not None:
            opt_out(session, OptOutRequest(clinic.id, channel, index, source), visitor.now)
    return _page(visitor, patient, clinic, "done")


@router.post("/u/{token}/again")
def receive_again(visitor: AnyVisitor, token: str) -> Response:
    """Lift it: whoever holds the link reads the address that was stopped. Only what was agreed to before comes back."""
    with visitor.database.begin() as session:
        patient, channel = _whose(visitor, session, token)
        clinic = session.get_one(Clinic, patient.clinic_id)
        index = address_index(patient, channel)
        if index is not None:
            opt_in(session, OptOutRequest(clinic.id, channel, index, "page"), visitor.now)
    return _page(visitor, patient, clinic, "again")


def _whose(visitor: Visitor, session: Session, token: str) -> tuple[Patient, Channel]:
    try:
        patient_id, channel = read_unsubscribe_token(visitor.database.keyring, token)
    except CryptoError as error:
        raise NotFoundError("no such link") from error
    return _patient(session, patient_id), channel


def _patient(session: Session, patient_id: UUID) -> Patient:
    found = session.scalar(select(Patient).where(Patient.id == patient_id))
    if found is None:
        raise NotFoundError("no such patient")
    return found


def _page(visitor: Visitor, patient: Patient, clinic: Clinic, state: Literal["ask", "done", "again"]) -> Response:
    """In the browser's language if it is ours, else the patient's; in short in the other one too."""
    language = _language(visitor.request, patient.language)
    other = next(candidate for candidate in Language if candidate is not language)
    key = {"ask": "unsubscribe.text", "done": "unsubscribe.done_text", "again": "unsubscribe.again_text"}[state]
    token = visitor.request.path_params["token"]
    context: dict[str, Any] = {"state": state, "clinic": clinic, "other": other.value, "path": f"/u/{token}"}
    reader = replace(visitor, language=language)
    return page(reader, "unsubscribe.html", other_text=catalogue(other).text(key, clinic=clinic.name), **context)


def _language(request: Request, default: Language) -> Language:
    return preferred(request.headers.get("accept-language", ""), default)
