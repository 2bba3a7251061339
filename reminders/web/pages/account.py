"""What members of staff keep about themselves: in which language and colours they see the pages, and their password."""

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from reminders.care import staff as care_staff
from reminders.care.staff import OpenedSession
from reminders.care.staff.passwords import matches
from reminders.errors import InvalidInputError, Problem
from reminders.models import Staff
from reminders.models.kinds import Language, Theme
from reminders.web.access import OwnForm, Posted, Reader
from reminders.web.views import page
from reminders.web.visitors import SESSION_COOKIE, set_cookie

router = APIRouter(include_in_schema=False, prefix="/account")


@router.get("")
def show_account(member: Reader) -> Response:
    """How they see the pages, and where the password is changed."""
    return page(member, "account.html", problems={}, themes=Theme, languages=Language)


@router.post("")
def choose(sent: OwnForm) -> Response:
    """Choose the language and the colours of the pages. What is no choice of ours changes nothing."""
    member, form = sent.member, sent.form
    try:
        language, theme = Language(form.get("language")), Theme(form.get("theme"))
    except ValueError as error:
        raise HTTPException(400) from error
    with member.begin() as session:
        staff = session.get_one(Staff, member.staff.id)
        staff.language, staff.theme = language, theme
    return RedirectResponse("/account?done=saved", 303)


@router.get("/password")
def show(member: Reader) -> Response:
    """The form; also where a one-time link leads first."""
    return page(member, "password.html", problems={})


@router.post("/password")
def change(sent: OwnForm) -> Response:
    """Set a new password. All sessions end with the old one, and this browser gets a new one."""
    try:
        opened = _set(sent)
    except InvalidInputError as error:
        return page(sent.member, "password.html", 422, problems=error.problems)
    response = RedirectResponse("/?done=password", 303)
    set_cookie(response, sent.member.request, SESSION_COOKIE, opened.token)
    return response


def _set(sent: Posted) -> OpenedSession:
    member, form = sent.member, sent.form
    _check(sent)
    with member.begin() as session:
        staff = session.get_one(Staff, member.staff.id)
        care_staff.set_password(session, staff, form.raw("password"), member.now)
        return care_staff.open_session(session, staff, member.now)


def _check(sent: Posted) -> None:
    """Refuse unless who is at the keyboard knows the password there is, and typed the new one twice."""
    form, stored = sent.form, sent.member.staff.password_hash
    if stored and not matches(form.raw("current"), stored):
        raise InvalidInputError({"current": Problem("password_wrong")})
    if form.raw("password") != form.raw("repeated"):
        raise InvalidInputError({"repeated": Problem("passwords_differ")})
