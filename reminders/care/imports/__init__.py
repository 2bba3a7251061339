"""Importing a practice system's CSV: patients, treatments and consents, each line by itself, twice without harm."""

from reminders.care.imports.report import ImportReport, LineResult, problem_text, report_lines
from reminders.care.imports.run import import_csv

__all__ = ["ImportReport", "LineResult", "import_csv", "problem_text", "report_lines"]
