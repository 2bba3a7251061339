"""Who is behind a figure of the report."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import RedirectResponse, Response

from reminders.care import audit
from reminders.care.report_lists import LISTS, listed
from reminders.care.reports import period_of
from reminders.errors import InvalidInputError
from reminders.web.access import Reader
from reminders.web.pages.patient_list import page_number
from reminders.web.pages.reports import period
from reminders.web.views import page

router = APIRouter(include_in_schema=False, prefix="/reports")


@router.get("/list")
def show(
    member: Reader,
    start: Annotated[str, Query(alias="from")] = "",
    end: Annotated[str, Query(alias="to")] = "",
    of: str = "",
    number: Annotated[str, Query(alias="page")] = "",
) -> Response:
    """A page of the list behind the figure `of`, for the report's dates; what cannot be read leads to the report. That
    somebody looked is noted: it names patients."""
    try:
        first, last = period(start.strip(), end.strip())
    except InvalidInputError:
        return RedirectResponse("/reports/replies", 303)
    if of not in LISTS:
        return RedirectResponse(f"/reports/replies?from={first}&to={last}", 303)
    count = page_number(number)
    with member.read() as session:
        part = listed(session, period_of(member.clinic, first, last), of, count)
    seen = {"figure": of, "from": first.isoformat(), "to": last.isoformat(), "patients": len(part.rows)}
    with member.begin() as session:
        audit.note(session, member.actor, "report.list_seen", "clinic", member.clinic.id, member.now, seen)
    return page(member, "report_list.html", part=part, of=of, number=count, start=first, end=last)
