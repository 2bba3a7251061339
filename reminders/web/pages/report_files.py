"""The reply report to take along: as CSV, and as a workbook."""

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from datetime import date
from typing import Annotated, Any

import xlsxwriter
from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
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
_WIDE, _NARROW = 44, 18

Row = Sequence[str | int]
Table = tuple[str, Sequence[Row]]
"""A sheet's name, and its rows, the first of which is the heading."""


class _Asked(BaseModel):
    """What of the report is to be taken along: the local dates of its period (yyyy-mm-dd), and what it is broken down
    by."""

    start: str = Field("", alias="from")
    end: str = Field("", alias="to")
    by: str = ""


_Query = Annotated[_Asked, Query()]


@router.get("/replies.csv")
def as_csv(member: Reader, asked: _Query) -> Response:
    """The figures, and the breakdown under them if one is asked for."""
    return _file(member, asked, "csv")


@router.get("/replies.xlsx")
def as_workbook(member: Reader, asked: _Query) -> Response:
    """The same, a sheet each; every text a text, every number a number, and no formula."""
    return _file(member, asked, "xlsx")


def _file(member: Member, asked: _Asked, ending: str) -> Response:
    """What cannot be read as a period leads to the page, which says so."""
    try:
        first, last = period(asked.start.strip(), asked.end.strip())
    except InvalidInputError:
        return RedirectResponse("/reports/replies", 303)
    kind, write = _KINDS[ending]
    headers = {
        "Content-Disposition": f'attachment; filename="report-{first}-{last}.{ending}"',
        "Cache-Control": "no-store",
    }
    return Response(write(_tables(member, first, last, asked.by)), media_type=kind, headers=headers)


def _csv(tables: Sequence[Table]) -> bytes:
    (heading, *lines), *further = [rows for _, rows in tables]
    for rows in further:
        lines += [(), *rows]
    return csv_cells.write([str(cell) for cell in heading], [[str(cell) for cell in row] for row in lines]).encode()


def _workbook(tables: Sequence[Table]) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        bold = book.add_format({"bold": True})
        for name, rows in tables:
            sheet = book.add_worksheet(name)
            sheet.set_column(0, 0, _WIDE)
            sheet.set_column(1, len(rows[0]), _NARROW)
            for at, row in enumerate(rows):
                _fill(sheet, at, row, None if at else bold)
    return out.getvalue()


def _fill(sheet: Any, at: int, row: Row, style: Any) -> None:
    for column, cell in enumerate(row):
        write = sheet.write_number if isinstance(cell, int) else sheet.write_string
        write(at, column, cell, style)


_KINDS: Mapping[str, tuple[str, Callable[[Sequence[Table]], bytes]]] = {
    "csv": ("text/csv; charset=utf-8", _csv),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", _workbook),
}


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
