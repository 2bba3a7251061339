"""Coming in, by password or by a one-time link, and going out."""

import secrets
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from reminders.care import staff as care_staff
from reminders.care.staff import OpenedSession
from reminders.errors import Problem
from reminders.models import Staff
from reminders.models.kinds import Language
from reminders.web.access import AnyVisitor, OwnForm, VisitorForm, local_path
from reminders.web.views import page
from reminders.web.visitors import LANGUAGE_COOKIE, SESSION_COOKIE, VISIT_COOKIE, Visitor, set_cookie

router = APIRouter(include_in_schema=False)


@router.get("/sign-in")
def show(visitor: AnyVisitor, next: str = "/", language: str = "") -> Response:  # noqa: A002 - the name in the address
    """The form, or straight on for who is signed in already. With `language` this browser is greeted in it from now."""
    if visitor.signed_in:
        return RedirectResponse(local_path(next), 303)
    if language in set(Language):
        response = RedirectResponse(f"/sign-in?next={quote(local_path(next))}", 303)
        set_cookie(response, visitor.request, LANGUAGE_COOKIE, language)
        return response
    return _form_page(visitor, "sign_in.html", next_path=local_path(next), email="", problems={})


@router.post("/sign-in")
def sign_in(sent: VisitorForm) -> Response:
    """Try an e-mail address and a password. One message for whatever is wrong, so that nothing can be guessed."""
    visitor, form = sent.visitor, sent.form
    email, next_path = form.get("email"), local_path(form.get("next"))
    opened = _try(visitor, email, form.raw("password"))
    if opened is None:
        problems = {"email": Problem("sign_in_refused")}
        return _form_page(visitor, "sign_in.html", 422, next_path=next_path, email=email, problems=problems)
    return _enter(visitor, opened, next_path)


@router.get("/sign-in/{token}")
def show_link(visitor: AnyVisitor, token: str) -> Response:
    """A button: programs that open links in advance must not use up the link."""
    return _form_page(visitor, "sign_in_link.html", spent=False, token=token)


@router.post("/sign-in/{token}")
def redeem_link(sent: VisitorForm, token: str) -> Response:
    """Use the link up, once."""
    visitor = sent.visitor
    with visitor.database.begin() as session:
        staff = care_staff.redeem(session, token, visitor.now)
        opened = care_staff.open_session(session, staff, visitor.now) if staff else None
    if staff is None or opened is None:
        return _form_page(visitor, "sign_in_link.html", 410, spent=True)
    return _enter(visitor, opened, _first_page(staff))


@router.post("/sign-out")
def sign_out(sent: OwnForm) -> Response:
    """End this browser's session."""
    member = sent.member
    with member.begin() as session:
        care_staff.sign_out(session, member.session_id, member.now)
    response = RedirectResponse("/sign-in", 303)
    response.delete_cookie(SESSION_COOKIE)
    return response


def _try(visitor: Visitor, email: str, password: str) -> OpenedSession | None:
    """Sign in, with no transaction open while the password is hashed."""
    with visitor.database.read() as session:
        known = care_staff.begin_sign_in(session, email, visitor.now)
    matches = care_staff.check_sign_in(known, password)
    with visitor.database.begin() as session:
        staff = care_staff.end_sign_in(session, known, matches=matches, now=visitor.now)
        return care_staff.open_session(session, staff, visitor.now) if staff else None


def _first_page(staff: Staff) -> str:
    return "/" if staff.password_hash else "/account/password"


def _enter(visitor: Visitor, opened: OpenedSession, path: str) -> Response:
    response = RedirectResponse(path, 303)
    set_cookie(response, visitor.request, SESSION_COOKIE, opened.token)
    response.delete_cookie(VISIT_COOKIE)
    return response


def _form_page(visitor: Visitor, template: str, status: int = 200, **context: Any) -> Response:
    """A page with a form for strangers: its token is also in a cookie, for there is no session to keep it."""
    if visitor.csrf_token:
        return page(visitor, template, status, **context)
    visitor = visitor.with_token(secrets.token_urlsafe(32))
    response = page(visitor, template, status, **context)
    set_cookie(response, visitor.request, VISIT_COOKIE, visitor.csrf_token)
    return response
