"""How well the rules read a table of labelled replies; and a reading as JSON."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reminders.triage.labels import Evidence, Label, Reading
from reminders.triage.reading import asked_on, read

ALARMS = frozenset({Label.URGENT, Label.STOP})
_BY = {"rules": "", "second": " (second reader)"}
COLUMNS = ("lang", "day", "expected", "text")


@dataclass(frozen=True, slots=True)
class Row:
    """One labelled reply; its text has real line ends."""

    language: str
    day: int
    expected: frozenset[Label]
    text: str


@dataclass(frozen=True, slots=True)
class Result:
    """A row and how it was read."""

    row: Row
    reading: Reading

    @property
    def right(self) -> bool:
        """True when the set of labels is exactly the expected one."""
        return self.reading.labels == self.row.expected


@dataclass(frozen=True, slots=True)
class Score:
    """One label over all rows. Precision and recall are 1.0 where there was nothing to get wrong."""

    label: Label
    expected: int
    found: int
    both: int

    @property
    def precision(self) -> float:
        """Of the rows called so, the part that is so (0 to 1)."""
        return self.both / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        """Of the rows that are so, the part that was found (0 to 1)."""
        return self.both / self.expected if self.expected else 1.0


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All results in the order of the rows, and one score a label."""

    results: tuple[Result, ...]
    scores: tuple[Score, ...]

    @property
    def exact(self) -> float:
        """The part of rows whose label set is exactly right (0 to 1); 1.0 of no rows."""
        return sum(result.right for result in self.results) / len(self.results) if self.results else 1.0

    def of(self, label: Label) -> Score:
        """The score of one label."""
        return next(score for score in self.scores if score.label is label)

    @property
    def misses(self) -> tuple[Result, ...]:
        """Every row that was read otherwise than expected."""
        return tuple(result for result in self.results if not result.right)

    @property
    def false_alarms(self) -> float:
        """Of the harmless rows (neither urgent nor stop), the part called urgent or stop (0 to 1)."""
        harmless = [result for result in self.results if not result.row.expected & ALARMS]
        alarmed = [result for result in harmless if result.reading.labels & ALARMS]
        return len(alarmed) / len(harmless) if harmless else 0.0


def rows(path: Path) -> Iterator[Row]:
    """Rows of a tab-separated file with columns `lang day expected text` and newlines as \\n.

    Raises OSError, and ValueError naming the line, for a column that is missing, a day that is no number or a label
    that does not exist.
    """
    with path.open(encoding="utf-8", newline="") as file:
        for number, line in enumerate(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE), start=2):
            yield _row(number, line)


def _row(number: int, line: dict[str, Any]) -> Row:
    if any(line.get(column) is None for column in COLUMNS):
        raise ValueError(f"line {number}: the columns are {' '.join(COLUMNS)}, tab-separated")
    try:
        expected = frozenset(Label(label) for label in line["expected"].split("|"))
        return Row(line["lang"], int(line["day"]), expected, line["text"].replace("\\n", "\n"))
    except ValueError as problem:
        raise ValueError(f"line {number}: {problem}") from problem


def evaluate(labelled: Iterable[Row]) -> Evaluation:
    """Read every row as an answer to what its day asks, and compare."""
    results = tuple(Result(row, read(row.text, row.day, asked_on(row.day))) for row in labelled)
    return Evaluation(results, tuple(_score(label, results) for label in Label))


def _score(label: Label, results: Iterable[Result]) -> Score:
    pairs = [(label in result.row.expected, label in result.reading.labels) for result in results]
    return Score(label, sum(e for e, _ in pairs), sum(f for _, f in pairs), sum(e and f for e, f in pairs))


def report(evaluation: Evaluation) -> Iterator[str]:
    """Lines for a terminal: accuracy by label, over all rows, and each miss with what decided it."""
    yield f"{'label':<14}{'expected':>9}{'found':>7}{'precision':>11}{'recall':>8}"
    for score in evaluation.scores:
        yield f"{score.label:<14}{score.expected:>9}{score.found:>7}{score.precision:>11.3f}{score.recall:>8.3f}"
    yield f"{len(evaluation.results)} rows: {evaluation.exact:.1%} exactly right"
    yield f"red flags found: {_found(evaluation, Label.URGENT)}"
    yield f"opt-outs found: {_found(evaluation, Label.STOP)}"
    yield f"{evaluation.false_alarms:.1%} of harmless rows called urgent or stop"
    for miss in evaluation.misses:
        yield f"expected {_listed(miss.row.expected)}, read {_listed(miss.reading.labels)}: {miss.row.text!r}"
        yield from (f"    {one.label}: {one.words}{_BY[one.reader]}" for one in miss.reading.evidence)


def _found(evaluation: Evaluation, label: Label) -> str:
    score = evaluation.of(label)
    return f"{score.both} of {score.expected} ({score.recall:.1%})"


def _listed(labels: Iterable[Label]) -> str:
    return "|".join(sorted(labels))


def to_json(reading: Reading) -> dict[str, Any]:
    """A reading as JSON-safe values: labels (sorted), confidence, language, tier, evidence (label and words; and
    "reader": "second" where no rule went by them)."""
    return {
        "labels": sorted(reading.labels),
        "confidence": reading.confidence,
        "language": reading.language,
        "tier": reading.tier,
        "evidence": [_shown(one) for one in reading.evidence],
    }


def _shown(evidence: Evidence) -> dict[str, str]:
    shown = {"label": str(evidence.label), "words": evidence.words}
    return shown if evidence.reader == "rules" else shown | {"reader": evidence.reader}
