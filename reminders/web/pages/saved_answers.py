"""Saved answers: the list, adding one, changing one, putting one away."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from reminders.care import saved_answers, thread
from reminders.care.saved_answers import Typed
from reminders.errors import InvalidInputError, Problem
from reminders.models import SavedAnswer
from reminders.models.kinds import Language
from reminders.web.access import Posted, Reader, Writer
from reminders.web.findings import finding_text
from reminders.web.i18n import catalogue
from reminders.web.views import page
from reminders.web.visitors import Member
from reminders.wording.saved_rules import keeps_out

router = APIRouter(include_in_schema=False, prefix="/saved-answers")


@router.get("")
def show(member: Reader) -> Response:
    """The list, and a form for a new one."""
    return _list(member, Typed(), {})


@router.post("")
def add(sent: Writer) -> Response:
    """Keep a new one."""
    member, typed = sent.member, _typed(sent)
    try:
        with member.begin() as session:
            saved_answers.add(session, member.actor, member.clinic, typed, member.now)
    except InvalidInputError as error:
        return _list(member, typed, error.problems)
    return _back("answer_saved")


@router.get("/{saved_answer_id}")
def show_one(member: Reader, saved_answer_id: UUID) -> Response:
    """One, to be changed."""
    with member.read() as session:
        answer = saved_answers.get(session, member.clinic.id, saved_answer_id)
    return _one(member, answer, _typed_of(answer), {})


@router.post("/{saved_answer_id}")
def change(sent: Writer, saved_answer_id: UUID) -> Response:
    """Say it otherwise, or put it away."""
    member, typed = sent.member, _typed(sent)
    try:
        with member.begin() as session:
            answer = saved_answers.get(session, member.clinic.id, saved_answer_id)
            if sent.form.get("action") == "archive":
                saved_answers.archive(session, member.actor, answer, member.now)
                return _back("answer_archived")
            saved_answers.change(session, member.actor, member.clinic, (answer, typed), member.now)
    except InvalidInputError as error:
        return _one(member, answer, typed, error.problems)
    return _back("answer_saved")


def _list(member: Member, typed: Typed, problems: Mapping[str, Problem]) -> Response:
    with member.read() as session:
        kept = saved_answers.kept(session, member.clinic.id)
    context = _form(member, typed, "/saved-answers", shows_findings=bool(problems))
    return page(
        member, "saved_answers.html", 422 if problems else 200, answers=kept, one=None, problems=problems, **context
    )


def _one(member: Member, answer: SavedAnswer, typed: Typed, problems: Mapping[str, Problem]) -> Response:
    context = _form(member, typed, f"/saved-answers/{answer.id}", shows_findings=True)
    return page(
        member, "saved_answers.html", 422 if problems else 200, answers=[], one=answer, problems=problems, **context
    )


def _form(member: Member, typed: Typed, action: str, *, shows_findings: bool) -> dict[str, Any]:
    texts = catalogue(member.language)
    found = saved_answers.findings(member.clinic, typed) if shows_findings else {}
    return {
        "action": action,
        "typed": typed,
        "languages": list(Language),
        "longest": thread.LONGEST,
        "findings": {
            language: [(finding_text(texts, one), keeps_out(one)) for one in some] for language, some in found.items()
        },
    }


def _typed(sent: Posted) -> Typed:
    return Typed(
        {one: sent.form.get(f"title_{one.value}") for one in Language},
        {one: sent.form.raw(f"body_{one.value}") for one in Language},
    )


def _typed_of(answer: SavedAnswer) -> Typed:
    return Typed(
        {one: answer.title.get(one.value, "") for one in Language},
        {one: answer.body.get(one.value, "") for one in Language},
    )


def _back(done: str) -> Response:
    return RedirectResponse(f"/saved-answers?done={done}", 303)
