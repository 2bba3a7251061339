"""Who is on call now and next, and handing over."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from reminders.care import hand_overs
from reminders.care.hand_over_input import when
from reminders.errors import InvalidInputError, Problem
from reminders.web.access import Reader, Writer
from reminders.web.moments import Words
from reminders.web.rota_words import rota_lines
from reminders.web.views import page
from reminders.web.visitors import Member

router = APIRouter(include_in_schema=False, prefix="/on-call")


@router.get("")
def show(member: Reader) -> Response:
    """Who hears of a red flag."""
    return _page(member, {"staff_id": "", "day": "", "time": ""}, {})


@router.post("")
def hand_over(sent: Writer) -> Response:
    """Somebody takes over, at once or at a time by the clinic's clocks."""
    member = sent.member
    typed = {name: sent.form.get(name) for name in ("staff_id", "day", "time")}
    try:
        with member.begin() as session:
            at = when(typed["day"], typed["time"], member.zone, member.now)
            done = hand_overs.hand_over(session, member.actor, _id(typed["staff_id"]), at, member.now)
    except InvalidInputError as error:
        return _page(member, typed, error.problems, 422)
    return _back("handed_over" if done.at <= member.now else "hand_over_planned")


@router.post("/{hand_over_id}/cancel")
def cancel(sent: Writer, hand_over_id: UUID) -> Response:
    """A hand-over to come does not come."""
    member = sent.member
    with member.begin() as session:
        hand_overs.cancel(session, member.actor, hand_over_id, member.now)
    return _back("hand_over_cancelled")


def _page(member: Member, typed: Mapping[str, str], problems: Mapping[str, Problem], status: int = 200) -> Response:
    with member.read() as session:
        rota = hand_overs.rota(session, member.clinic.id)
    options = [("", ""), *((str(one.staff_id), one.name) for one in rota.may_take)]
    lines = rota_lines(rota, Words(member.language, member.zone))
    context: dict[str, Any] = {"rota": rota, "lines": lines, "options": options, "form": typed}
    return page(member, "on_call.html", status, problems=problems, **context)


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _back(done: str) -> Response:
    return RedirectResponse(f"/on-call?done={done}", 303)
