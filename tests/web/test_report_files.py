"""The report as files: the same figures as on the page, texts as texts.

Seen to fail when: a device's name that begins like a formula was written as it is; a figure was written as a text.
"""

import csv
import io
import zipfile

import pytest

from reminders.models.kinds import Role
from tests.web.conftest import Browser, NewBrowser

PERIOD = "from=2026-03-01&to=2026-03-31"


def _table(body: str) -> dict[str, list[str]]:
    return {row[0]: row[1:] for row in csv.reader(io.StringIO(body.removeprefix("\ufeff"))) if row}


def test_the_table_has_the_figures_of_the_page(browser: Browser) -> None:
    browser.add_treatment(browser.add_patient())
    answer = browser.get(f"/reports/replies.csv?{PERIOD}")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert 'filename="report-2026-03-01-2026-03-31.csv"' in answer.headers["content-disposition"]
    table = _table(answer.text)
    assert table["What"] == ["2026-03-01 – 2026-03-31", "2026-01-29 – 2026-02-28"]
    assert table["Reminders sent"] == ["0", "0"]
    assert {"Check-ins sent", "Persisting", "Consults offered"} <= table.keys()


@pytest.mark.parametrize("by", ["", "protocol", "device", "nonsense"])
def test_the_workbook_opens_and_computes_nothing(browser: Browser, by: str) -> None:
    answer = browser.get(f"/reports/replies.xlsx?{PERIOD}&by={by}")
    assert answer.status_code == 200
    with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
        sheets = [name for name in book.namelist() if name.startswith("xl/worksheets/")]
        assert len(sheets) == (2 if by in {"protocol", "device"} else 1)
        assert all(b"<f>" not in book.read(name) for name in sheets)
        assert b"<v>" in book.read(sheets[0]), "figures are numbers"


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_what_is_no_period_leads_back_to_the_page(browser: Browser, kind: str) -> None:
    assert browser.get(f"/reports/replies.{kind}?from=x&to=y").headers["location"] == "/reports/replies"


def test_who_may_look_may_take_it_along(browser_for: NewBrowser) -> None:
    browser = browser_for(role=Role.VIEWER)
    assert browser.get(f"/reports/replies.csv?{PERIOD}").status_code == 200
    assert "replies.xlsx?from=" in browser.get(f"/reports/replies?{PERIOD}").text
