"""Settings: who did what, and when. For owners: it says who looked at which patient."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from reminders.care import audit
from reminders.care.audit_list import KINDS, PAGE, Trail, Wanted, trail
from reminders.care.staff.people import people
from reminders.web.access import Reader
from reminders.web.audit_words import as_csv, lines
from reminders.web.moments import Words
from reminders.web.views import page
from reminders.web.visitors import Member

router = APIRouter(include_in_schema=False, prefix="/settings")

MOST_IN_A_FILE = 10_000

_FIRST, _LAST = date(2000, 1, 1), date(2099, 12, 31)


@dataclass(frozen=True)
class Asked:
    """The filters as they stand in the address; what cannot be read filters nothing."""

    person: str = ""
    kind: str = ""
    day: str = ""
    before: str = ""

    @property
    def wanted(self) -> Wanted:
        """What they mean."""
        kind = self.kind if self.kind in KINDS else ""
        return Wanted(_id(self.person), kind, _day(self.day), _id(self.before))


def asked(request: Request) -> Asked:
    """The filters of a request."""
    given = request.query_params
    return Asked(*(given.get(name, "").strip() for name in ("person", "kind", "day", "before")))


Filters = Annotated[Asked, Depends(asked)]


@router.get("/trail")
def show(member: Reader, filters: Filters) -> Response:
    """A page of it."""
    if not member.is_owner:
        return _page(member, filters, Trail((), goes_on=False), ())
    with member.read() as session:
        found = trail(session, member.clinic.id, filters.wanted, member.zone)
        every = people(session, member.clinic.id, member.now)
    return _page(member, filters, found, [(str(one.staff.id), one.staff.name) for one in every])


@router.get("/trail.csv")
def download(member: Reader, filters: Filters) -> Response:
    """The same as a file, as far back as it goes; that it was taken is in it from now on."""
    if not member.is_owner:
        raise HTTPException(403)
    with member.begin() as session:
        found = trail(session, member.clinic.id, filters.wanted, member.zone, MOST_IN_A_FILE)
        audit.note(session, member.actor, "audit.exported", "clinic", member.clinic.id, member.now)
    body = as_csv(list(found.entries), Words(member.language, member.zone))
    headers = {"Content-Disposition": 'attachment; filename="trail.csv"', "Cache-Control": "no-store"}
    return Response(body.encode(), media_type="text/csv; charset=utf-8", headers=headers)


def _page(member: Member, filters: Asked, found: Trail, everybody: Sequence[tuple[str, str]]) -> Response:
    context: dict[str, Any] = {
        "lines": lines(list(found.entries), Words(member.language, member.zone)),
        "older": found.entries[-1].id if found.goes_on else None,
        "people": everybody,
        "kinds": list(KINDS),
        "filters": filters,
        "number": PAGE,
    }
    return page(member, "settings_trail.html", problems={}, **context)


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if _FIRST <= day <= _LAST else None
