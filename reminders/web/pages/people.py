"""Settings: the clinic's people, for its owners to look after."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from reminders.care.actors import Actor
from reminders.care.staff import NewStaff
from reminders.care.staff import people as care
from reminders.care.staff.people import WayIn
from reminders.errors import InvalidInputError, Problem
from reminders.models import Staff
from reminders.models.kinds import Language, Role
from reminders.web.access import OwnerForm, Posted, Reader
from reminders.web.forms import Form
from reminders.web.views import page
from reminders.web.visitors import Member

router = APIRouter(include_in_schema=False, prefix="/settings/people")

_Deed = Callable[[Session, Actor, UUID, datetime], None]


@router.get("")
def show(member: Reader) -> Response:
    """Everybody."""
    return _page(member, _empty(member), {})


@router.post("")
def invite(sent: OwnerForm) -> Response:
    """Somebody new. Their link is shown on the answer, and never again."""
    member, typed = sent.member, _typed(sent.form)
    try:
        with member.begin() as session:
            way_in = care.invite(session, member.actor, typed, member.now)
    except InvalidInputError as error:
        return _page(member, typed, error.problems, 422)
    return _link(member, way_in)


@router.get("/{staff_id}")
def show_one(member: Reader, staff_id: UUID) -> Response:
    """One of them."""
    return _one(member, staff_id, None, {})


@router.post("/{staff_id}")
def change(sent: OwnerForm, staff_id: UUID) -> Response:
    """What they may do, and how they are reached."""
    member, typed = sent.member, _typed(sent.form)
    try:
        with member.begin() as session:
            care.change(session, member.actor, staff_id, typed, member.now)
    except InvalidInputError as error:
        return _one(member, staff_id, typed, error.problems, 422)
    return RedirectResponse("/settings/people?done=saved", 303)


@router.post("/{staff_id}/link")
def renew_link(sent: OwnerForm, staff_id: UUID) -> Response:
    """A new one-time link; those before it end."""
    member = sent.member
    try:
        with member.begin() as session:
            way_in = care.renew_link(session, member.actor, staff_id, member.now)
    except InvalidInputError as error:
        return _one(member, staff_id, None, error.problems, 422)
    return _link(member, way_in)


@router.post("/{staff_id}/disable")
def disable(sent: OwnerForm, staff_id: UUID) -> Response:
    """Out at once."""
    return _do(sent, staff_id, care.disable, "disabled")


@router.post("/{staff_id}/enable")
def enable(sent: OwnerForm, staff_id: UUID) -> Response:
    """In again."""
    return _do(sent, staff_id, care.enable, "enabled")


@router.post("/{staff_id}/sign-out")
def end_sessions(sent: OwnerForm, staff_id: UUID) -> Response:
    """Signed out everywhere."""
    return _do(sent, staff_id, care.end_sessions, "signed_out")


def _do(sent: Posted, staff_id: UUID, deed: _Deed, done: str) -> Response:
    member = sent.member
    try:
        with member.begin() as session:
            deed(session, member.actor, staff_id, member.now)
    except InvalidInputError as error:
        return _one(member, staff_id, None, error.problems, 422)
    return RedirectResponse(f"/settings/people?done={done}", 303)


def _typed(form: Form) -> NewStaff:
    words = {name: form.get(name) for name in ("name", "email", "role", "language", "phone")}
    return NewStaff(**words, on_call=form.ticked("on_call"))


def _empty(member: Member) -> NewStaff:
    return NewStaff("", "", language=member.clinic.language.value)


def _stored(staff: Staff) -> NewStaff:
    return NewStaff(
        staff.name, staff.email, staff.role.value, staff.language.value, staff.phone or "", on_call=staff.on_call
    )


def _page(member: Member, form: NewStaff, problems: Mapping[str, Problem], status: int = 200) -> Response:
    with member.read() as session:
        every = care.people(session, member.clinic.id, member.now)
    nobody = not any(one.staff.on_call and one.staff.role is not Role.VIEWER for one in every)
    return _shown(member, "settings_people.html", status, people=every, nobody=nobody, form=form, problems=problems)


def _one(
    member: Member, staff_id: UUID, typed: NewStaff | None, problems: Mapping[str, Problem], status: int = 200
) -> Response:
    with member.read() as session:
        staff = care.get(session, member.clinic.id, staff_id)
    form = typed or _stored(staff)
    is_self = staff.id == member.staff.id
    return _shown(member, "settings_person.html", status, person=staff, form=form, problems=problems, is_self=is_self)


def _link(member: Member, way_in: WayIn) -> Response:
    url = f"{member.settings.public_url}/sign-in/{way_in.token}"
    answer = _shown(member, "settings_link.html", 200, way_in=way_in, url=url, problems={})
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _shown(member: Member, template: str, status: int, **context: Any) -> Response:
    return page(member, template, status, roles=list(Role), languages=list(Language), **context)
