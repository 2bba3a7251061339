"""Counting what a program asks of its database, and timing the parts of a sweep, without changing either."""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, ParamSpec, TypeVar

from sqlalchemy import Engine, event

from reminders.database import Database
from reminders.delivery.context import Delivery, Opener, Pace
from reminders.settings import Settings

P = ParamSpec("P")
T = TypeVar("T")


@dataclass
class Sql:
    """`statements` sent, `rows` that they were executed for (more where one statement is run for many), commits."""

    statements: int = 0
    rows: int = 0
    commits: int = 0
    by_text: Counter[str] = field(default_factory=Counter)

    def with_words(self, words: str) -> int:
        """How many of the statements have these words in them."""
        return sum(count for text, count in self.by_text.items() if words in text)


@contextmanager
def counted(engine: Engine) -> Iterator[Sql]:
    """What goes to `engine` from here to the end of the block."""
    sql = Sql()

    def statement(_conn: Any, _cursor: Any, text: str, parameters: Any, _context: Any, executemany: Any) -> None:
        sql.statements += 1
        sql.rows += len(parameters) if executemany else 1
        sql.by_text[text] += 1

    def commit(_conn: Any) -> None:
        sql.commits += 1

    event.listen(engine, "before_cursor_execute", statement)
    event.listen(engine, "commit", commit)
    try:
        yield sql
    finally:
        event.remove(engine, "before_cursor_execute", statement)
        event.remove(engine, "commit", commit)


class TimedDelivery(Delivery):
    """A Delivery that notes how long each kind of work in the database took, waiting for a thread included."""

    def __init__(self, database: Database, settings: Settings, opener: Opener, pace: Pace) -> None:
        super().__init__(database, settings, opener, pace)
        self._spent: defaultdict[str, list[float]] = defaultdict(list)

    async def in_thread(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As `Delivery.in_thread`."""
        began = time.perf_counter()
        try:
            return await super().in_thread(work, *args, **kwargs)
        finally:
            self._spent[getattr(work, "__name__", "").strip("_")].append(time.perf_counter() - began)

    def mean_ms(self, name: str) -> float:
        """The mean time of one kind of work, ms; 0 if there was none."""
        spent = self._spent[name]
        return 1000 * sum(spent) / len(spent) if spent else 0.0
