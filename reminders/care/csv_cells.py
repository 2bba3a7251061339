"""Writing a table as CSV that a spreadsheet opens as what it is: text, never a formula."""

import csv
import io
from collections.abc import Iterable, Sequence

BYTE_ORDER_MARK = "\ufeff"
"""Without it Excel reads UTF-8 as something else."""

_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def safe(cell: str) -> str:
    """The cell, with an apostrophe before what a spreadsheet would compute (OWASP, CSV injection).

    Blanks before the sign do not hide it: some programs strip them first.
    """
    return f"'{cell}" if cell.startswith(_BEGINS_A_FORMULA) or cell.lstrip().startswith(_BEGINS_A_FORMULA) else cell


def write(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """The table as CSV (RFC 4180), with a byte order mark."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerow([safe(cell) for cell in header])
    writer.writerows([safe(cell) for cell in row] for row in rows)
    return BYTE_ORDER_MARK + out.getvalue()
