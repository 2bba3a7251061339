"""Reading replies: microseconds each, beside cutting them into words alone."""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.figures import Figures, Sample, by_turns, percentile
from benchmarks.lab import Column, Lab, Section
from reminders.triage.evaluate import Row, rows
from reminders.triage.reading import asked_on, read
from reminders.triage.scene import build

REPLIES = Path(__file__).resolve().parent.parent / "tests" / "data" / "replies_own.tsv"
"""Labelled replies in both languages; columns lang, day, expected, text."""

LONGEST = 1600
"""Characters that a text can have at most."""

_COLUMNS = (
    Column("mean_us", "mean, µs"),
    Column("p50_us", "p50, µs"),
    Column("p99_us", "p99, µs"),
    Column("worst_us", "worst, µs"),
    Column("per_s", "replies/s"),
)


def run(lab: Lab) -> Section:
    """µs a reply over the project's own replies, and over texts as long as they can be."""
    replies = list(rows(REPLIES))
    long = [_lengthened(row) for row in replies[:: max(1, len(replies) // 50)]]
    variants: dict[str, Callable[[], Sample]] = {
        "read": partial(_timed, replies, _read),
        "words alone": partial(_timed, replies, _words_alone),
        f"read, {LONGEST} characters": partial(_timed, long, _read),
    }
    for row in replies:
        _read(row)
    figures = by_turns(variants, lab.repeats)
    what = f"{len(replies):,} replies one by one, warm, one process; `words alone` cuts them up and applies no rule."
    return Section("triage", what, _COLUMNS, figures, [_ratio(figures)], [_dominates(figures)])


def _timed(replies: list[Row], job: Callable[[Row], object]) -> Sample:
    taken = []
    for row in replies:
        began = time.perf_counter_ns()
        job(row)
        taken.append((time.perf_counter_ns() - began) / 1000)
    mean = sum(taken) / len(taken)
    return {
        "mean_us": mean,
        "p50_us": percentile(taken, 0.5),
        "p99_us": percentile(taken, 0.99),
        "worst_us": max(taken),
        "per_s": 1e6 / mean,
    }


def _read(row: Row) -> object:
    return read(row.text, row.day, asked_on(row.day))


def _words_alone(row: Row) -> object:
    return build(row.text)


def _lengthened(row: Row) -> Row:
    times = LONGEST // (len(row.text) + 1) + 1
    return Row(row.language, row.day, row.expected, " ".join([row.text] * times)[:LONGEST])


def _ratio(figures: Figures) -> str:
    return f"Reading takes {figures.ratio('mean_us', 'read', 'words alone'):.1f} times as long as cutting into words"


def _dominates(figures: Figures) -> str:
    rules = 1 - figures.ratio("mean_us", "words alone", "read")
    return f"Pure CPU in one thread: {rules:.0%} of it are the rules, the rest normalising, spelling and clauses."
