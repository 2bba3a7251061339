"""The list of patients, a page at a time, and those whom a search finds."""

from fastapi import APIRouter
from starlette.responses import Response

from reminders.care.patient_list import listed
from reminders.web.access import OwnForm, Reader
from reminders.web.views import page
from reminders.web.visitors import Member

router = APIRouter(include_in_schema=False, prefix="/patients")

_FURTHEST = 100_000
"""Pages: beyond it nobody pages, and no database counts so far."""


@router.get("")
def newest(member: Reader, page: str = "") -> Response:
    """Everybody, whoever was added last first."""
    return _list(member, "", page)


@router.post("")
def find(sent: OwnForm) -> Response:
    """Those whom the search finds. A form, since a name has no place in an address; a viewer may send it too."""
    return _list(sent.member, sent.form.get("q"), sent.form.get("page"))


def _list(member: Member, asked: str, typed: str) -> Response:
    number = _number(typed)
    with member.read() as session:
        part = listed(session, member.clinic.id, asked, number)
    return page(member, "patients.html", q=asked, part=part, number=number)


def _number(typed: str) -> int:
    """A page's number; the first for what is none."""
    is_number = typed.isascii() and typed.isdigit() and len(typed) <= len(str(_FURTHEST))
    return max(1, min(int(typed), _FURTHEST)) if is_number else 1
