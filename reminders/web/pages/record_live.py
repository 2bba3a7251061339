"""What the record form asks for while it is filled in: whom a search finds, and what would come of it as it stands.

Both are forms, since a name has no place in an address; both answer with a part of a page and save nothing.
"""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from reminders.care import patients
from reminders.errors import Problem
from reminders.models import Patient
from reminders.web.access import Writer
from reminders.web.pages.record_calendar import calendar, segments_in
from reminders.web.pages.record_form import parse
from reminders.web.pages.record_look import Look, doubts, look
from reminders.web.pages.record_typed import typed_patient
from reminders.web.pages.record_view import MOST_FOUND, choices
from reminders.web.views import page

router = APIRouter(include_in_schema=False, prefix="/treatments/new")

_IN_COMING = frozenset({"name_missing", "patient_missing", "date_missing", "protocol_missing"})
"""What is only not typed yet: no error to be shown as one."""


@router.post("/patients")
def find(sent: Writer) -> Response:
    """Whom the typed text may mean, and the new patient that it would begin."""
    asked, member = sent.form.get("q"), sent.member
    with member.read() as session:
        found = patients.search(session, member.clinic.id, asked, MOST_FOUND + 1)
        hits = choices(session, found[:MOST_FOUND])
    more = len(found) > MOST_FOUND
    return page(member, "record_found.html", q=asked, hits=hits, more=more, new=typed_patient(asked))


@router.post("/look")
def preview(sent: Writer) -> Response:
    """The calendar as far as can be said, and what is missing. Without a calendar the last one stands."""
    member, filled = sent.member, parse(sent.form)
    with member.read() as session:
        looked = look(session, member, filled)
    shown = calendar(looked.found, member.language) if looked.found else []
    context: dict[str, Any] = {
        "who": _name(looked),
        "nobody": not filled.is_new,
        "found": looked.found,
        "calendar": shown,
        "segments": segments_in(shown),
        "missing": {name: one for name, one in looked.problems.items() if one.key in _IN_COMING},
        "wrong": _wrong(looked.problems),
        "doubts": doubts(looked.found, member) if looked.found and looked.patient else (),
    }
    return page(member, "record_look.html", **context)


def _name(looked: Look) -> str:
    who = looked.patient
    if who is None:
        return ""
    return who.name if isinstance(who, Patient) else f"{who.given_name} {who.family_name}".strip()


def _wrong(problems: Mapping[str, Problem]) -> dict[str, Problem]:
    return {name: problem for name, problem in problems.items() if problem.key not in _IN_COMING}
