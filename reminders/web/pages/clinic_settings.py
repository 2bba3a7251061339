"""Settings: what the clinic is called and how patients reach it; and what is kept of whom."""

from dataclasses import fields
from typing import Any

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from reminders.care.clinic_settings import TypedClinic, set_clinic, texts_that_do_not_fit
from reminders.errors import InvalidInputError
from reminders.models import Clinic
from reminders.models.kinds import Language
from reminders.web.access import OwnerForm, Reader
from reminders.web.views import page
from reminders.web.visitors import Member

router = APIRouter(include_in_schema=False, prefix="/settings")

_FIELDS = tuple(one.name for one in fields(TypedClinic))


@router.get("")
def show(member: Reader) -> Response:
    """The clinic."""
    with member.read() as session:
        clinic = session.get_one(Clinic, member.clinic.id)
        too_long = texts_that_do_not_fit(session, clinic)
    return _page(member, {name: getattr(clinic, name) for name in _FIELDS}, too_long=too_long)


@router.post("")
def change(sent: OwnerForm) -> Response:
    """Change it."""
    member = sent.member
    typed = {name: sent.form.get(name) for name in _FIELDS}
    try:
        with member.begin() as session:
            set_clinic(session, member.actor, member.clinic, TypedClinic(**typed), member.now)
    except InvalidInputError as error:
        return _page(member, typed, 422, problems=error.problems)
    return RedirectResponse("/settings?done=saved", 303)


@router.get("/retention")
def retention(member: Reader) -> Response:
    """What is kept, and for how long."""
    return page(member, "settings_retention.html", problems={})


def _page(member: Member, form: dict[str, Any], status: int = 200, **context: Any) -> Response:
    shown = {"problems": {}, "too_long": (), "languages": list(Language)} | context
    return page(member, "settings_clinic.html", status, form=form, **shown)
