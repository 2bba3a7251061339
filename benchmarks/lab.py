"""What every benchmark is given, and what it gives back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from benchmarks.figures import Figures
from benchmarks.homes import Home, PostgresHome
from benchmarks.processes import StandIn


@dataclass(frozen=True, slots=True)
class Lab:
    """The databases, the stand-in carrier, and how much to measure: `n` things (None: as the benchmark thinks fit),
    `repeats` times each; `in_flight` calls at a time; `rows` planned ahead for the idle sweep."""

    homes: Sequence[Home]
    carrier: StandIn
    repeats: int
    n: int | None
    in_flight: Sequence[int]
    rows: int

    @property
    def server(self) -> PostgresHome:
        """The home of databases that several processes share."""
        return next(home for home in self.homes if isinstance(home, PostgresHome))


@dataclass(frozen=True, slots=True)
class Column:
    """A figure to show: its name in the samples, and its heading."""

    name: str
    heading: str


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure that was asked for: what of it was measured, and the bound. `reach` is hoped for, beyond the bound."""

    what: str
    measured: float
    bound: float
    at_most: bool = False
    reach: float | None = None

    @property
    def verdict(self) -> str:
        """Met, not met, or met with what was hoped for."""
        if self.reach is not None and self._holds(self.reach):
            return "met, and the reach"
        return "met" if self._holds(self.bound) else "NOT MET"

    def _holds(self, bound: float) -> bool:
        return self.measured <= bound if self.at_most else self.measured >= bound


@dataclass(frozen=True, slots=True)
class Section:
    """A benchmark's part of RESULTS.md. `ratios` and `dominates` are sentences; `dominates` one for each figure."""

    title: str
    what: str
    columns: Sequence[Column]
    figures: Figures
    ratios: Sequence[str]
    dominates: Sequence[str] = field(default_factory=tuple)
    goals: Sequence[Goal] = field(default_factory=tuple)


Benchmark = Callable[[Lab], Section]
