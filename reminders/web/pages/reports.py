"""The reply report: what went out in a period, what came back, and what it came to."""

from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from reminders.care.reports import previous_report, reply_report
from reminders.errors import InvalidInputError, Problem
from reminders.web.access import Reader
from reminders.web.pages import report_view
from reminders.web.views import page
from reminders.web.visitors import Member

_DEFAULT = timedelta(days=29)
_LONGEST = timedelta(days=366)
_YEARS = range(2000, 2100)

router = APIRouter(include_in_schema=False, prefix="/reports")


@router.get("/replies")
def show(
    member: Reader,
    start: Annotated[str | None, Query(alias="from")] = None,
    end: Annotated[str | None, Query(alias="to")] = None,
) -> Response:
    """The report for a period of the clinic's local dates, both included; the last 30 days unless told."""
    today = member.now.astimezone(member.zone).date()
    typed = {"start": (today - _DEFAULT).isoformat() if start is None else start.strip()}
    typed["end"] = today.isoformat() if end is None else end.strip()
    try:
        first, last = period(typed["start"], typed["end"])
    except InvalidInputError as error:
        return page(
            member,
            "report.html",
            422,
            form=typed,
            problems=error.problems,
            report=None,
            presets=report_view.presets(today),
        )
    return page(
        member,
        "report.html",
        form=typed,
        problems={},
        presets=report_view.presets(today),
        **_report(member, first, last),
    )


def period(start: str, end: str) -> tuple[date, date]:
    """The two dates (yyyy-mm-dd) of a report.

    Raises:
        InvalidInputError: one is no date, the end lies before the start, or the period is longer than a year.
    """
    days = {"from": _date(start), "to": _date(end)}
    wrong = {name: Problem("date_unreadable") for name, day in days.items() if day is None}
    first, last = days["from"], days["to"]
    if first is None or last is None:
        raise InvalidInputError(wrong)
    if last < first:
        raise InvalidInputError({"to": Problem("period_backwards")})
    if last - first > _LONGEST:
        raise InvalidInputError({"to": Problem("period_too_long")})
    return first, last


def _report(member: Member, first: date, last: date) -> dict[str, Any]:
    with member.read() as session:
        report = reply_report(session, member.clinic, first, last)
        before = previous_report(session, member.clinic, first, last)
    return {"report": report, **report_view.context(member, report, before)}


def _date(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if found.year in _YEARS else None
