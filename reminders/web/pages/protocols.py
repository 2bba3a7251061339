"""Protocols: the list with its versions, a version with its calendar, and moving running treatments to the newest."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from reminders.care import protocol_drafts, protocol_moves, protocols
from reminders.care.content_rules import set_content_rules
from reminders.care.mailboxes import is_read
from reminders.care.protocol_versions import Versions, all_versions, versions_of
from reminders.care.rehearsal import rehearse
from reminders.errors import InvalidInputError, NotFoundError, Problem
from reminders.models import ProtocolVersion
from reminders.models.options import content_rules_of
from reminders.web.access import OwnerForm, Reader
from reminders.web.pages.moved import told
from reminders.web.pages.protocol_calendar import calendar
from reminders.web.pages.protocol_view import lines, name_of, starters
from reminders.web.views import page
from reminders.web.visitors import Member

router = APIRouter(include_in_schema=False, prefix="/protocols")

_YEARS = range(2000, 2100)


@router.get("")
def show_all(member: Reader) -> Response:
    """The list."""
    rules = content_rules_of(member.clinic.options)
    return _list(member, {"most_segments": str(rules.most_segments), "may_name": rules.may_name_treatment}, {})


@router.post("/rules")
def change_rules(sent: OwnerForm) -> Response:
    """Change what the clinic's texts may be."""
    member, most, may_name = sent.member, sent.form.get("most_segments"), sent.form.ticked("may_name")
    try:
        with member.begin() as session:
            set_content_rules(session, member.actor, member.clinic, most, member.now, may_name_treatment=may_name)
    except InvalidInputError as error:
        return _list(member, {"most_segments": most, "may_name": may_name}, error.problems)
    return RedirectResponse("/protocols?done=saved", 303)


@router.post("/library")
def start_from_library(sent: OwnerForm) -> Response:
    """Begin a draft of a starter protocol that the clinic does not have."""
    member = sent.member
    with member.begin() as session:
        draft = protocol_drafts.start_from_library(session, member.actor, sent.form.get("key"), member.now)
    return RedirectResponse(f"/protocols/{draft.protocol_id}/draft", 303)


@router.get("/{protocol_id}")
def show(member: Reader, protocol_id: UUID, version: str = "", on: str = "") -> Response:
    """One version, the newest published unless `version` has a number, with its calendar for a treatment `on` a day."""
    treated_on = _day(on) if on else member.now.astimezone(member.zone).date()
    with member.read() as session:
        found = versions_of(session, protocols.get(session, member.clinic.id, protocol_id))
        shown = _chosen(found, version)
        (line,) = lines(session, member, [found])
        reads = is_read(session, member.clinic.id, member.now)
    problems = {} if treated_on else {"on": Problem("date_unreadable")}
    rehearsed = rehearse(member.clinic, shown.content, treated_on, reads_answers=reads) if treated_on else []
    context: dict[str, Any] = {
        "line": line,
        "shown": shown,
        "calendar": calendar(rehearsed, member),
        "on": treated_on.isoformat() if treated_on else on,
        "day": treated_on,
        "moved": told(member.request.query_params, "protocol_moved"),
    }
    return page(member, "protocol.html", 422 if problems else 200, problems=problems, **context)


@router.get("/{protocol_id}/move")
def ask_move(member: Reader, protocol_id: UUID) -> Response:
    """What moving the running treatments to the newest version would change."""
    with member.read() as session:
        protocol = protocols.get(session, member.clinic.id, protocol_id)
        if versions_of(session, protocol).published is None:
            return RedirectResponse(f"/protocols/{protocol_id}", 303)
        prospect = protocol_moves.foresee(session, member.clinic, protocol, member.now)
    name = name_of(protocol, member)
    return page(member, "protocol_move.html", protocol=protocol, name=name, prospect=prospect)


@router.post("/{protocol_id}/move")
def move(sent: OwnerForm, protocol_id: UUID) -> Response:
    """Move them."""
    member = sent.member
    with member.begin() as session:
        protocol = protocols.get(session, member.clinic.id, protocol_id)
        effect = protocol_moves.move_running(session, member.actor, member.clinic, protocol, member.now)
    counts = {"keep": effect.keep, "move": effect.move, "add": effect.add, "cancel": effect.cancel}
    return RedirectResponse(f"/protocols/{protocol_id}?{urlencode({'done': 'protocol_moved'} | counts)}", 303)


def _list(member: Member, form: Mapping[str, Any], problems: Mapping[str, Problem]) -> Response:
    with member.read() as session:
        found = lines(session, member, all_versions(session, member.clinic.id))
        offered = starters(protocol_drafts.missing_from(session, member.clinic.id), member)
    status = 422 if problems else 200
    return page(member, "protocols.html", status, lines=found, starters=offered, form=form, problems=problems)


def _chosen(found: Versions, number: str) -> ProtocolVersion:
    """The version asked for; without a number the newest published one, or else the draft."""
    if number:
        chosen = next((version for version in found.versions if str(version.number) == number), None)
    else:
        chosen = found.published or found.draft
    if chosen is None:
        raise NotFoundError("no such version")
    return chosen


def _day(typed: str) -> date | None:
    try:
        day = date.fromisoformat(typed)
    except ValueError:
        return None
    return day if day.year in _YEARS else None
