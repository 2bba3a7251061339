"""Asking before a hold is put on or lifted, in a sentence that says what will and will not happen; and doing it."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from reminders.care import holds
from reminders.errors import InvalidInputError, Problem
from reminders.models import Patient, Protocol
from reminders.web.access import Posted
from reminders.web.views import page
from reminders.web.visitors import Member


@dataclass(frozen=True)
class Subject:
    """What a hold is about: its word in the texts, the address of its forms, the page to go back to, how to find it."""

    word: str
    path: str
    back: str
    find: Callable[[Session], holds.Holdable]


def ask(member: Member, subject: Subject, *, lifting: bool) -> Response:
    """The page before the deed."""
    return _page(member, subject, lifting=lifting)


def put(sent: Posted, subject: Subject) -> Response:
    """Put it on hold, for the reason typed."""
    member, reason = sent.member, sent.form.get("reason")
    try:
        with member.begin() as session:
            done = holds.put(session, member.actor, subject.find(session), reason, member.now)
    except InvalidInputError as error:
        return _page(member, subject, lifting=False, typed=(reason, error.problems))
    return _back(subject, f"held_{subject.word}" if done else "already")


def lift(sent: Posted, subject: Subject) -> Response:
    """Lift its hold."""
    member = sent.member
    with member.begin() as session:
        done = holds.lift(session, member.actor, subject.find(session), member.now)
    return _back(subject, "released" if done else "already")


def name_of(member: Member, target: holds.Holdable) -> str:
    """What staff call it."""
    if isinstance(target, Protocol):
        return target.name.get(member.language.value, target.key)
    return target.name if isinstance(target, Patient) else target.short_name


def _page(
    member: Member, subject: Subject, *, lifting: bool, typed: tuple[str, dict[str, Problem]] = ("", {})
) -> Response:
    with member.read() as session:
        target = subject.find(session)
    reason, problems = typed
    context = {"subject": subject, "target": target, "name": name_of(member, target), "lifting": lifting}
    return page(member, "hold.html", 422 if problems else 200, reason=reason, problems=problems, **context)


def _back(subject: Subject, done: str) -> Response:
    return RedirectResponse(f"{subject.back}?done={done}", 303)
