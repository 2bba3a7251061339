"""The table of results: what each fault came to on each database."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

DATABASES = ("postgresql", "sqlite")

HEADINGS = {
    "fault": "fault",
    "database": "database",
    "messages": "messages",
    "kills": "kills in flight",
    "texts": "texts at phones",
    "doubled": "doubled",
    "lost": "lost",
    "left": "left in hand",
    "seconds": "seconds",
}
NONE = "-"
"""Where a fault has no meaning: no server to restart, nobody killed."""


@dataclass(frozen=True, slots=True)
class Row:
    """What one fault came to. `texts`: phones and mailboxes that got something; `left`: messages that nobody ended."""

    fault: str
    database: str
    messages: int
    kills: int | None
    texts: int
    doubled: int
    lost: int
    left: int
    seconds: int

    def cells(self) -> dict[str, str]:
        """What the table shows of it."""
        return {name: NONE if value is None else str(value) for name, value in asdict(self).items()}


def lines(rows: Iterable[Mapping[str, str]]) -> list[str]:
    """The table, a line for each fault on each database."""
    found = {(row["fault"], row["database"]): row for row in rows}
    faults = dict.fromkeys(fault for fault, _ in found)
    shown = [
        HEADINGS,
        *(found.get((fault, database)) or _none(fault, database) for fault in faults for database in DATABASES),
    ]
    widths = {name: max(len(row[name]) for row in shown) for name in HEADINGS}
    return ["  ".join(_pad(name, row[name], widths[name]) for name in HEADINGS) for row in shown]


def _none(fault: str, database: str) -> dict[str, str]:
    return dict.fromkeys(HEADINGS, NONE) | {"fault": fault, "database": database}


def _pad(name: str, cell: str, width: int) -> str:
    return cell.ljust(width) if name in {"fault", "database"} else cell.rjust(width)
