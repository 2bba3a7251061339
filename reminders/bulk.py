"""Many values in one parameter: a list of ids, or rows as a table, in terms that both databases read.

So a statement's text, and with it its plan, stays the same however many there are, and none is run once a row.
"""

import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import orjson
from sqlalchemy import (
    ARRAY,
    Boolean,
    ColumnElement,
    Dialect,
    FromClause,
    Text,
    TypeDecorator,
    Uuid,
    bindparam,
    cast,
    column,
    func,
    select,
    type_coerce,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import LargeBinary, TypeEngine

from reminders.clock import require_aware
from reminders.columns import Sealed
from reminders.engine import FROM_HEX


class _Several(TypeDecorator[Sequence[Any]]):
    """Many values of one type: an array for PostgreSQL, JSON for SQLite."""

    impl = Text
    cache_ok = True

    def __init__(self, item: TypeEngine[Any]) -> None:
        super().__init__()
        self.item = item

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(ARRAY(self.item) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Sequence[Any] | None, dialect: Dialect) -> Any:
        if dialect.name == "postgresql":
            return list(value or ())
        return json.dumps(list(map(_as_sqlite_keeps_it, value or ())))


def _as_sqlite_keeps_it(one: object) -> object:
    if isinstance(one, bytes):
        return one.hex()
    return one.hex if isinstance(one, uuid.UUID) else one


class _Among(FunctionElement[bool]):
    type = Boolean()
    inherit_cache = True


@compiles(_Among)
def _among_array(element: _Among, compiler: Any, **kw: Any) -> str:
    one, several = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"{one} = ANY ({several})"


@compiles(_Among, "sqlite")
def _among_json(element: _Among, compiler: Any, **kw: Any) -> str:
    one, several = (compiler.process(clause, **kw) for clause in element.clauses)
    is_binary = isinstance(element.clauses.clauses[0].type, LargeBinary)
    value = f"{FROM_HEX}(value)" if is_binary else "value"
    return f"{one} IN (SELECT {value} FROM json_each({several}))"  # noqa: S608  compiled clauses, no values


def among(one: Any, name: str) -> ColumnElement[bool]:
    """Whether the column `one` has one of the values in the parameter `name` (a list)."""
    return _Among(one, bindparam(name, type_=_Several(one.type)))


class _Json(TypeDecorator[Sequence[Mapping[str, Any]]]):
    """Rows as JSON, each value as its column's type wants it written."""

    impl = Text
    cache_ok = True

    def __init__(self, sealed: tuple[tuple[str, Sealed], ...]) -> None:
        super().__init__()
        self.sealed = sealed

    def process_bind_param(self, value: Sequence[Mapping[str, Any]] | None, dialect: Dialect) -> str:
        rows = [dict(row) for row in value or ()]
        for name, kind in self.sealed:
            for row in rows:
                row[name] = kind.process_bind_param(row[name], dialect)
        if dialect.name == "postgresql":
            return as_json(rows)
        return orjson.dumps(rows, _for_sqlite, orjson.OPT_PASSTHROUGH_DATETIME).decode()


@dataclass(frozen=True)
class Rows:
    """A table that a statement is given in one parameter: its name and its columns' types."""

    name: str
    columns: Mapping[str, TypeEngine[Any]]

    def table(self, dialect: str) -> FromClause:
        """The table to select or update from; a statement with it is given `{name: [row, ...]}`, rows by column."""
        sealed = tuple((name, kind) for name, kind in self.columns.items() if isinstance(kind, Sealed))
        given = bindparam(self.name, type_=_Json(sealed))
        return self._recordset(given) if dialect == "postgresql" else self._json_each(given)

    def _recordset(self, given: ColumnElement[Any]) -> FromClause:
        columns = [column(name, kind) for name, kind in self.columns.items()]
        read = func.json_to_recordset(cast(given, postgresql.JSON)).table_valued(*columns)
        return read.render_derived(name=self.name, with_types=True)

    def _json_each(self, given: ColumnElement[Any]) -> FromClause:
        each = func.json_each(given).table_valued("value")
        read = [_extract(each.c.value, name, kind).label(name) for name, kind in self.columns.items()]
        return select(*read).subquery(self.name)


def _extract(value: ColumnElement[Any], name: str, kind: TypeEngine[Any]) -> ColumnElement[Any]:
    found: ColumnElement[Any] = func.json_extract(value, f"$.{name}")
    if isinstance(kind, LargeBinary | Sealed):
        found = getattr(func, FROM_HEX)(found)
    elif isinstance(kind, Uuid):
        found = func.replace(found, "-", "")
    return type_coerce(found, kind)


def _for_sqlite(value: object) -> str:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, datetime):
        return require_aware(value).replace(tzinfo=None).isoformat(" ", "microseconds")
    raise TypeError(f"cannot be given to a statement: {type(value).__name__}")


PLAIN: Mapping[type, Callable[[Any], str]] = {
    uuid.UUID: lambda id_: f"{id_.int:032x}",
    datetime: lambda moment: require_aware(moment).isoformat(),
    date: date.isoformat,
    bytes: lambda sealed: "\\x" + sealed.hex(),
}
"""How what JSON has no word for is written, so that PostgreSQL reads it back."""


def as_json(value: object) -> str:
    """`value` as JSON, with what `PLAIN` writes.

    Raises:
        ValueError: a datetime is naive.
    """
    try:
        return orjson.dumps(value, _plain, orjson.OPT_PASSTHROUGH_DATETIME).decode()
    except orjson.JSONEncodeError as error:
        # What was wrong with the value says more than that it cannot be JSON.
        raise error.__cause__ or error from None


def _plain(value: object) -> str:
    return PLAIN[type(value)](value)
