"""The reply report by period."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from reminders.care.reports import reply_report
from reminders.errors import InvalidInputError, Problem
from reminders.web.api.caller import KnownCaller
from reminders.web.api.fields import Shown, Strict
from reminders.web.api.route import ApiRoute

router = APIRouter(prefix="/reports", tags=["reports"], route_class=ApiRoute)

_FIRST, _LAST = date(2000, 1, 1), date(2099, 12, 31)
_MOST_DAYS = 366


class Period(Strict):
    """Local dates of the clinic, both included."""

    start: date = Field(alias="from", examples=["2026-03-01"])
    end: date = Field(alias="to", examples=["2026-03-31"])


class ReplyReportShown(Shown):
    """The figures of a period. The five outcomes add up to `check_ins_sent`."""

    start: date
    end: date
    sent: int = Field(description="Reminders that a provider took.")
    delivered: int = Field(description="Those of them that arrived, as far as a provider said.")
    texts: int = Field(description="Those of the sent that went as texts.")
    texts_delivered: int = Field(description="Those of the texts that arrived; nobody says so of an e-mail.")
    replied: int = Field(description="Those of them that somebody answered.")
    patients_replied: int
    check_ins_sent: int
    clear: int
    improving: int
    persisting: int
    urgent: int
    no_answer: int
    consults_offered: int
    consults_booked: int
    consults_attended: int
    opt_outs: int
    unreachable: int
    red_flags: int


@router.get("/replies")
def report_replies(caller: KnownCaller, period: Annotated[Period, Query()]) -> ReplyReportShown:
    """What went out in a period of a year at most, what came back, and what it came to."""
    problems = _problems(period)
    if problems:
        raise InvalidInputError(dict(problems))
    with caller.read() as session:
        return ReplyReportShown(**asdict(reply_report(session, caller.clinic, period.start, period.end)))


def _problems(period: Period) -> Mapping[str, Problem]:
    dates = {"from": period.start, "to": period.end}
    outside = {name: Problem("date_outside") for name, day in dates.items() if not _FIRST <= day <= _LAST}
    if outside:
        return outside
    if period.end < period.start:
        return {"to": Problem("period_backwards")}
    return {"to": Problem("period_too_long")} if (period.end - period.start).days > _MOST_DAYS else {}
