"""What every benchmark is given, and what it gives back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from benchmarks.figures import Figures
from benchmarks.homes import Home
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


@dataclass(frozen=True, slots=True)
class Column:
    """A figure to show: its name in the samples, and its heading."""

    name: str
    heading: str


@dataclass(frozen=True, slots=True)
class Section:
    """A benchmark's part of RESULTS.md. `ratios` and `dominates` are sentences; `dominates` one for each figure."""

    title: str
    what: str
    columns: Sequence[Column]
    figures: Figures
    ratios: Sequence[str]
    dominates: Sequence[str] = field(default_factory=tuple)


Benchmark = Callable[[Lab], Section]
