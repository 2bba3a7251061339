"""The dependencies that decide who may see or send what."""

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

from fastapi import Depends
from starlette.exceptions import HTTPException
from starlette.requests import Request

from reminders.web import csrf
from reminders.web.forms import Form, submitted
from reminders.web.visitors import VISIT_COOKIE, Member, Visitor, visitor_of


class SignInNeededError(Exception):
    """The page is for staff and nobody is signed in; `next_path` is where to go afterwards."""

    def __init__(self, next_path: str) -> None:
        super().__init__("sign-in needed")
        self.next_path = next_path


@dataclass(frozen=True)
class Posted:
    """A form from a signed-in member who may change things."""

    member: Member
    form: Form


@dataclass(frozen=True)
class PostedByVisitor:
    """A form from somebody who has not signed in."""

    visitor: Visitor
    form: Form


def anybody(request: Request) -> Visitor:
    """Whoever it is."""
    return visitor_of(request)


def signed_in(request: Request) -> Member:
    """The signed-in member.

    Raises:
        SignInNeededError: nobody is signed in.
    """
    visitor = visitor_of(request)
    if not isinstance(visitor, Member):
        raise SignInNeededError(request.url.path if request.method == "GET" else "/")
    return visitor


def posted_by_any_member(
    request: Request, member: Annotated[Member, Depends(signed_in)], form: Annotated[Form, Depends(submitted)]
) -> Posted:
    """A signed-in member's form about themselves, which a viewer may send too."""
    csrf.check(request, form.get(csrf.FIELD), member.csrf_token)
    return Posted(member, form)


def posted(sent: Annotated[Posted, Depends(posted_by_any_member)]) -> Posted:
    """A form from a member who may change things.

    Raises:
        HTTPException: 403, they may only look.
    """
    if not sent.member.may_change:
        raise HTTPException(403)
    return sent


def posted_by_owner(sent: Annotated[Posted, Depends(posted)]) -> Posted:
    """A form from an owner of the clinic, who answers for what patients read.

    Raises:
        HTTPException: 403, it is somebody else.
    """
    if not sent.member.is_owner:
        raise HTTPException(403)
    return sent


def posted_by_visitor(
    request: Request, visitor: Annotated[Visitor, Depends(anybody)], form: Annotated[Form, Depends(submitted)]
) -> PostedByVisitor:
    """A form from the sign-in pages, whose token is in a cookie of its own."""
    expected = request.cookies.get(VISIT_COOKIE, "")
    csrf.check(request, form.get(csrf.FIELD), expected)
    return PostedByVisitor(visitor, form)


AnyVisitor = Annotated[Visitor, Depends(anybody)]
Reader = Annotated[Member, Depends(signed_in)]
Writer = Annotated[Posted, Depends(posted)]
OwnerForm = Annotated[Posted, Depends(posted_by_owner)]
OwnForm = Annotated[Posted, Depends(posted_by_any_member)]
VisitorForm = Annotated[PostedByVisitor, Depends(posted_by_visitor)]


def local_path(text: str) -> str:
    """`text` if it is a path on this site, else "/": nobody is sent elsewhere after signing in."""
    path = text if text.startswith("/") and not text.startswith(("//", "/\\")) else "/"
    return quote(path, safe="/?=&-._~%")
