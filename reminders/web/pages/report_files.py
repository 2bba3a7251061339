"""The reply report to take along: as CSV, and as a workbook."""

import io
from collections.abc import Sequence
from dataclasses import fields
from datetime import date
from typing import Annotated

import xlsxwriter
from fastapi import APIRouter, Query
from starlette.responses import RedirectResponse, Response

from reminders.care import csv_cells
from reminders.care.report_breakdown import DIMENSIONS, Group, breakdown
from reminders.care.reports import ReplyReport, period_of, previous_report, reply_report
from reminders.errors import InvalidInputError
from reminders.web.access import Reader
from reminders.web.i18n import catalogue
from reminders.web.pages.report_breakdown_view import name_of
from reminders.web.pages.reports import period
from reminders.web.visitors import Member

router = APIRouter(include_in_schema=False, prefix="/reports")

_COUNTS = tuple(field.name for field in fields(ReplyReport) if field.name not in {"start", "end", "delivered"})
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_WIDE, _NARROW = 44, 18

Row = Sequence[str | int]
Table = tuple[str, Sequence[Row]]
"""A sheet's name, and its rows, the first of which is the heading."""


@router.get("/replies.csv")
def as_csv(
    member: Reader,
    start: Annotated[str, Query(alias="from")] = "",
    end: Annotated[str, Query(alias="to")] = "",
    by: str = "",
) -> Response:
    """The figures, and the breakdown `by` under them if one is asked for."""
    try:
        first, last = period(start, end)
    except InvalidInputError:
        return RedirectResponse("/reports/replies", 303)
    lines = [row for _, rows in _tables(member, first, last, by) for row in (*rows, ())]
    body = csv_cells.write([str(cell) for cell in lines[0]], [[str(cell) for cell in row] for row in lines[1:-1]])
    return _file(body.encode(), "text/csv; charset=utf-8", f"report-{first}-{last}.csv")


@router.get("/replies.xlsx")
def as_workbook(
    member: Reader,
    start: Annotated[str, Query(alias="from")] = "",
    end: Annotated[str, Query(alias="to")] = "",
    by: str = "",
) -> Response:
    """The same, a sheet each; every text a text, every number a number, and no formula."""
    try:
        first, last = period(start, end)
    except InvalidInputError:
        return RedirectResponse("/reports/replies", 303)
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        bold = book.add_format({"bold": True})
        for name, rows in _tables(member, first, last, by):
            sheet = book.add_worksheet(name)
            sheet.set_column(0, 0, _WIDE)
            sheet.set_column(1, len(rows[0]), _NARROW)
            for at, row in enumerate(rows):
                for column, cell in enumerate(row):
                    write = sheet.write_number if isinstance(cell, int) else sheet.write_string
                    write(at, column, cell, None if at else bold)
    return _file(out.getvalue(), _XLSX, f"report-{first}-{last}.xlsx")


def _tables(member: Member, first: date, last: date, by: str) -> list[Table]:
    with member.read() as session:
        report = reply_report(session, member.clinic, first, last)
        before = previous_report(session, member.clinic, first, last)
        whole = period_of(member.clinic, first, last)
        groups = breakdown(session, whole, by, member.language) if by in DIMENSIONS else None
    tables = [_figures(member, report, before)]
    return tables if groups is None else [*tables, _groups(member, by, groups)]


def _figures(member: Member, report: ReplyReport, before: ReplyReport) -> Table:
    texts = catalogue(member.language)
    heading = (texts.text("report.what"), *(f"{one.start} – {one.end}" for one in (report, before)))
    rows = [(_name(member, key), getattr(report, key), getattr(before, key)) for key in _COUNTS]
    return texts.text("report.figures_sheet"), [heading, *rows]


def _name(member: Member, key: str) -> str:
    texts = catalogue(member.language)
    return texts.text(f"report.file_{key}" if texts.has(f"report.file_{key}") else f"report.{key}")


def _groups(member: Member, by: str, groups: Sequence[Group]) -> Table:
    texts = catalogue(member.language)
    columns = ("by_sent", "by_answered", "persisting")
    heading = (texts.text(f"report.by_{by}"), *(texts.text(f"report.{column}") for column in columns))
    rows = [(name_of(by, one.name, texts), one.sent, one.answered, one.persisting) for one in groups]
    return texts.text("report.breakdown_sheet"), [heading, *rows]


def _file(body: bytes, kind: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(body, media_type=kind, headers=headers)
