"""What a table's rows need before they can be written."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Dialect, Table
from sqlalchemy.orm import Session
from sqlalchemy.sql.schema import CallableColumnDefault, ScalarElementColumnDefault

from reminders.columns import Sealed
from reminders.database import Base, core_table, refuse_other_clinics

Row = Mapping[str, Any]
"""One row by column name; what a column's own default says may be left out."""

Batch = Sequence[tuple[type[Base], Sequence[Row]]]
"""New rows by table, a table after those that it points at."""


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """What a table's rows need before they can be written: their defaults, and how each column's values are written."""

    table: Table
    fixed: Row
    made: Mapping[str, Callable[[Any], Any]]
    sealed: Mapping[str, Sealed]

    def columns(self, rows: Sequence[Row], dialect: Dialect) -> dict[str, list[Any]]:
        """The rows by column, defaults filled in, what is personal sealed."""
        given: dict[str, list[Any]] = {name: list(map(itemgetter(name), rows)) for name in rows[0]}
        made = {name: [make(None) for _ in rows] for name, make in self.made.items() if name not in given}
        fixed = {name: [value] * len(rows) for name, value in self.fixed.items() if name not in given}
        return self.sealing(given | made | fixed, dialect)

    def sealing(self, columns: dict[str, list[Any]], dialect: Dialect) -> dict[str, list[Any]]:
        """The same columns, what is personal in them sealed."""
        for name in self.sealed.keys() & columns.keys():
            seal = self.sealed[name].process_bind_param
            columns[name] = [seal(value, dialect) for value in columns[name]]
        return columns


Filled = Sequence[tuple[Form, Sequence[Row]]]


@cache
def form_of(table: type[Base]) -> Form:
    core = core_table(table)
    defaults = {column.name: column.default for column in core.c if column.default is not None}
    return Form(
        table=core,
        fixed={
            name: default.arg for name, default in defaults.items() if isinstance(default, ScalarElementColumnDefault)
        },
        made={name: default.arg for name, default in defaults.items() if isinstance(default, CallableColumnDefault)},
        sealed={column.name: column.type for column in core.c if isinstance(column.type, Sealed)},
    )


def filled(session: Session, batch: Batch) -> Filled:
    """The tables of a batch that have rows, each with its form.

    Raises:
        PermissionError: the session is one clinic's, and a row is another's.
    """
    found = [(form_of(table), rows) for table, rows in batch if rows]
    for _, rows in found:
        refuse_other_clinics(session, {id(row["clinic_id"]): row["clinic_id"] for row in rows}.values())
    return found
