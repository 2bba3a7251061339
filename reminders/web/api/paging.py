"""Long lists in pages: by a cursor that marks a place in the order, so that new rows shift nothing."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field
from sqlalchemy import ColumnElement, Row, Select, and_, or_
from sqlalchemy.orm import InstrumentedAttribute, Session

from reminders.errors import CryptoError, InvalidInputError, Problem
from reminders.web.api.caller import Caller
from reminders.web.api.fields import Strict

MOST_ITEMS = 100
_USUAL = 50
_WRITE: Mapping[type, tuple[str, Callable[[Any], str]]] = {
    datetime: ("at", datetime.isoformat),
    UUID: ("id", str),
    int: ("number", str),
}
_READ: Mapping[str, Callable[[str], Any]] = {"at": datetime.fromisoformat, "id": UUID, "number": int}


class Paged(Strict):
    """What every list may be asked for."""

    limit: int = Field(_USUAL, ge=1, le=MOST_ITEMS, description="How many items at most.")
    cursor: str = Field("", max_length=400, description="`next` of the page before; empty for the first page.")


@dataclass(frozen=True)
class Listing:
    """A query (its first entity is what is listed) and the columns of the order, which ends in an id."""

    name: str
    query: Select[*tuple[Any, ...]]
    order: tuple[InstrumentedAttribute[Any], ...]
    newest_first: bool = False


@dataclass(frozen=True)
class Page:
    """Rows of the query, and the cursor of the page after; None on the last."""

    rows: list[Row[*tuple[Any, ...]]]
    next: str | None


def fetch(session: Session, caller: Caller, listing: Listing, asked: Paged) -> Page:
    """One page of `listing`.

    Raises:
        InvalidInputError: on cursor, cursor_unreadable; it is not ours, or another list's or clinic's.
    """
    query = listing.query
    if asked.cursor:
        query = query.where(_after(listing, _opened(caller, listing, asked.cursor)))
    order = [column.desc() if listing.newest_first else column for column in listing.order]
    rows = list(session.execute(query.order_by(*order).limit(asked.limit + 1)))
    more = len(rows) > asked.limit
    rows = rows[: asked.limit]
    return Page(rows, _cursor(caller, listing, rows[-1][0]) if more else None)


def _after(listing: Listing, place: list[Any]) -> ColumnElement[bool]:
    """Beyond `place` in the order: (a, b, c) > (x, y, z), spelled out column by column."""
    steps = []
    for index, column in enumerate(listing.order):
        same = [listing.order[before] == place[before] for before in range(index)]
        beyond = column < place[index] if listing.newest_first else column > place[index]
        steps.append(and_(*same, beyond))
    return or_(*steps)


def _cursor(caller: Caller, listing: Listing, last: Any) -> str:
    place = [_written(getattr(last, column.key)) for column in listing.order]
    return caller.database.keyring.sign(_purpose(caller, listing), json.dumps(place).encode())


def _opened(caller: Caller, listing: Listing, cursor: str) -> list[Any]:
    try:
        place = json.loads(caller.database.keyring.unsign(_purpose(caller, listing), cursor))
    except CryptoError:
        raise InvalidInputError({"cursor": Problem("cursor_unreadable")}) from None
    return [_READ[kind](value) for kind, value in place]


def _written(value: Any) -> tuple[str, str]:
    kind, write = _WRITE[type(value)]
    return kind, write(value)


def _purpose(caller: Caller, listing: Listing) -> str:
    return f"cursor {listing.name} {caller.clinic.id}"
