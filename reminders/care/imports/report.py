"""What an import did, line by line, in staff's words."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from reminders.care.imports.words import COLUMNS, HEADINGS, REASONS
from reminders.errors import Problem
from reminders.models.kinds import Language

ACCEPTED, SKIPPED, ALREADY = "accepted", "skipped", "already"
TOO_LATE = "too_late"
BOTH_GO_ON = "both_go_on"


@dataclass(frozen=True, slots=True)
class LineResult:
    """What became of one line of the file (from 1, the header's).

    `status` is accepted, skipped or already (an earlier import has it). `reason` is a message key: of a skipped line
    why; of an accepted one "", or why nothing will be sent (no_consent, no_address, opted_out, no_sender, too_late),
    or consent_added, or both_go_on. `params` name the column ("phone"), never what stands in it.
    """

    line: int
    status: str
    reason: str = ""
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ImportReport:
    """Every line that is not blank, in order."""

    lines: list[LineResult]
    dry_run: bool = False

    @property
    def counts(self) -> Mapping[tuple[str, str], int]:
        """How many lines came to each (status, reason)."""
        return Counter((line.status, line.reason) for line in self.lines)


def report_lines(report: ImportReport, language: Language) -> list[str]:
    """The report as text: the totals, then each line that staff should look at or that was taken, in file order.

    It names lines and columns only, so it can be kept in a log.
    """
    headings = HEADINGS[language]
    totals = Counter(line.status for line in report.lines)
    summary = headings["summary"].format(**{status: totals[status] for status in (ACCEPTED, SKIPPED, ALREADY)})
    opening = [headings["dry_run"], summary] if report.dry_run else [summary]
    return opening + [_line(line, language) for line in report.lines]


def problem_text(problem: Problem, language: Language) -> str:
    """One problem with a file or a line, as a sentence."""
    return _sentence(problem.key, problem.params, language)


def _line(result: LineResult, language: Language) -> str:
    headings = HEADINGS[language]
    told = headings[result.status]
    reason = f" – {_sentence(result.reason, result.params, language)}" if result.reason else ""
    return headings["line"].format(line=result.line, status=told) + reason


def _sentence(key: str, params: Mapping[str, str], language: Language) -> str:
    named = dict(params)
    if "column" in named:
        named["column"] = COLUMNS[language].get(named["column"], named["column"])
    if "columns" in named:
        named["columns"] = ", ".join(COLUMNS[language].get(name, name) for name in named["columns"].split(", "))
    text = REASONS[language].get(key, key)
    return text.format_map(named)
