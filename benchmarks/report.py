"""RESULTS.md: one part for each benchmark, each from the last run that had it."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from benchmarks.figures import shown
from benchmarks.lab import Goal, Section
from benchmarks.machine import Quiet, describe, version

PATH = Path(__file__).with_name("RESULTS.md")

_HEAD = """# What was measured

Written by `make bench`. Each table is from one run: its variants by turns, medians of the turns, nothing but loopback.
Figures of different tables, or of one at different times, come from different minutes of a machine: compare ratios.
"""


def write(section: Section, quiet: Quiet, databases: Sequence[str], at: datetime) -> None:
    """Put `section` in the place of what is there of its title."""
    kept = _parts(PATH.read_text(encoding="utf-8")) if PATH.exists() else {}
    kept[section.title] = _part(section, quiet, databases, at)
    PATH.write_text("\n".join([_HEAD, *(kept[title] for title in sorted(kept))]), encoding="utf-8")


def _parts(text: str) -> dict[str, str]:
    found = re.split(r"^(?=## )", text, flags=re.MULTILINE)[1:]
    return {part.splitlines()[0].removeprefix("## "): part.strip() + "\n" for part in found}


def _part(section: Section, quiet: Quiet, databases: Sequence[str], at: datetime) -> str:
    runs = min(len(samples) for samples in section.figures.samples.values())
    lines = [f"## {section.title}", "", section.what, "", *_table(section), ""]
    if section.goals:
        lines += [*_goals(section.goals), ""]
    lines += [f"- {ratio}." for ratio in section.ratios]
    lines += ["", "What dominates:", "", *(f"- {sentence}" for sentence in section.dominates), ""]
    measured = f"{at:%Y-%m-%d %H:%M} UTC, medians of {runs}. {version()}{describe()}. {'; '.join(databases)}."
    lines += [f"{measured} {quiet.sentence}", ""]
    return "\n".join(lines)


def _goals(goals: Sequence[Goal]) -> list[str]:
    """Medians beside what was asked for."""
    lines = ["| goal | measured | asked for | |", "| --- | ---: | ---: | --- |"]
    for goal in goals:
        asked = f"{'at most' if goal.at_most else 'at least'} {shown(goal.bound)}"
        asked += f", reach for {shown(goal.reach)}" if goal.reach is not None else ""
        lines.append(f"| {goal.what} | {shown(goal.measured)} | {asked} | {goal.verdict} |")
    return lines


def _table(section: Section) -> list[str]:
    """Figures down, variants across: there are more figures than variants."""
    names = list(section.figures.samples)
    lines = [f"| | {' | '.join(names)} |", f"| --- |{' ---: |' * len(names)}"]
    for column in section.columns:
        cells = [_cell(section, name, column.name) for name in names]
        lines.append(f"| {column.heading} | {' | '.join(cells)} |")
    return lines


def _cell(section: Section, variant: str, name: str) -> str:
    samples: Sequence[Mapping[str, float]] = section.figures.samples[variant]
    if any(name not in sample for sample in samples):
        return ""
    low, high = section.figures.spread(variant, name)
    median = shown(section.figures.median(variant, name))
    return median if shown(low) == shown(high) else f"{median} ({shown(low)} to {shown(high)})"
