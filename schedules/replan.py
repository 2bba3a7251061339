"""What is there against what is wanted after a change: keep, move, add, cancel."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from schedules.hours import utc
from schedules.plan import Plan, PlannedStep

OPEN = "open"
DONE = "done"
STATES = frozenset({OPEN, DONE, "skipped", "cancelled"})
"""open: owed and still to be stopped. done: sent, or on its way beyond recall. The others went nowhere."""


@dataclass(frozen=True, slots=True)
class Existing:
    """What one step already owes a treatment, in one of its rounds (from 1); `due_at` is aware.

    Raises:
        ValueError: an unknown state, a round below 1, or a naive `due_at`.
    """

    key: str
    round: int
    due_at: datetime
    state: str

    def __post_init__(self) -> None:
        utc(self.due_at)
        if self.state not in STATES or self.round < 1:
            raise ValueError(f"not a reminder's round and state: {self.round}, {self.state}")


@dataclass(frozen=True, slots=True)
class Move:
    """An open reminder and where it goes: `to` has the new due time and usefulness (UTC)."""

    existing: Existing
    to: PlannedStep


@dataclass(frozen=True, slots=True)
class Addition:
    """A step that is owed anew, in this round: one more than the step ever had."""

    planned: PlannedStep
    round: int


@dataclass(frozen=True, slots=True)
class Changes:
    """What must be done to get from what is there to what is wanted."""

    keep: tuple[Existing, ...]
    move: tuple[Move, ...]
    add: tuple[Addition, ...]
    cancel: tuple[Existing, ...]


def replan(existing: Iterable[Existing], wanted: Plan) -> Changes:
    """How to get from `existing` to `wanted`. Skipped and cancelled rounds stay as they are, in no list.

    A step done stays done: what the patient has read is never sent again, wherever the date moves, and a further
    round of it (a nudge) follows the answer and not the calendar, so it is kept too. Should a step have several open
    rounds, the newest is the one that counts.
    """
    rows = sorted(existing, key=lambda row: row.round)
    done = {row.key for row in rows if row.state == DONE}
    targets = {planned.step.key: planned for planned in wanted.planned if planned.step.key not in done}
    settled = tuple(row for row in rows if row.key in done and row.state in {OPEN, DONE})
    current = {row.key: row for row in rows if row.state == OPEN and row.key not in done}
    matched = [(row, targets[key]) for key, row in current.items() if key in targets]
    return Changes(
        keep=settled + tuple(row for row, target in matched if row.due_at == target.due_at),
        move=tuple(Move(row, target) for row, target in matched if row.due_at != target.due_at),
        add=tuple(Addition(targets[key], _next_round(key, rows)) for key in targets if key not in current),
        cancel=tuple(row for row in rows if _is_unwanted(row, done, [row for row, _ in matched])),
    )


def _next_round(key: str, rows: Sequence[Existing]) -> int:
    return max((row.round for row in rows if row.key == key), default=0) + 1


def _is_unwanted(row: Existing, done: set[str], matched: Sequence[Existing]) -> bool:
    return row.state == OPEN and row.key not in done and row not in matched
