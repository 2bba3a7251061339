"""Commands that show how a reply is read."""

import json
from collections.abc import Iterator
from pathlib import Path

import click

from reminders.cli.common import clear_errors
from reminders.errors import SettingsError
from reminders.triage import Asked, asked_on, read
from reminders.triage.evaluate import Evaluation, Result, Row, evaluate, rows, to_json
from reminders.triage.reading import CHECK_IN_DAY


@click.command("read-reply")
@click.argument("text")
@click.option("--day", type=int, default=CHECK_IN_DAY, show_default=True, help="Days since the treatment.")
@click.option(
    "--asked", type=click.Choice([a.value for a in Asked]), help="What was asked last; by the day if left out."
)
def read_reply(text: str, day: int, asked: str | None) -> None:
    """Read one reply: labels, confidence, language and the words that decided, as JSON."""
    question = Asked(asked) if asked else asked_on(day)
    click.echo(json.dumps(to_json(read(text, day, question)), ensure_ascii=False))


@click.command("read-replies")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON line a row, in order, instead of the figures.")
@clear_errors
def read_replies(file: Path, *, as_json: bool) -> None:
    """Read a table of replies (columns lang, day, expected, text); print accuracy per label and every miss."""
    labelled = _rows(file)
    lines = map(_as_json, labelled) if as_json else _report(evaluate(labelled))
    for line in lines:
        click.echo(line)


def _rows(file: Path) -> list[Row]:
    try:
        return list(rows(file))
    except (OSError, ValueError) as error:
        raise SettingsError([f"{file.name}: {error}"]) from error


def _as_json(row: Row) -> str:
    return json.dumps(to_json(read(row.text, row.day, asked_on(row.day))), ensure_ascii=False)


def _report(found: Evaluation) -> Iterator[str]:
    for miss in found.misses:
        yield _miss(miss)
    yield f"{'label':<14}{'rows':>6}{'found':>7}{'precision':>11}{'recall':>8}"
    for score in found.scores:
        yield f"{score.label:<14}{score.expected:>6}{score.found:>7}{score.precision:>11.1%}{score.recall:>8.1%}"
    yield f"label set exactly right: {found.exact:.1%} of {len(found.results)} rows"
    yield f"harmless rows called urgent or stop: {found.false_alarms:.1%}"


def _miss(miss: Result) -> str:
    expected, got = "|".join(sorted(miss.row.expected)), "|".join(sorted(miss.reading.labels))
    words = ", ".join(f"{one.label}: {one.words}" for one in miss.reading.evidence)
    return f"MISS day {miss.row.day} expected {expected} got {got} ({words}): {miss.row.text!r}"


COMMANDS = (read_reply, read_replies)
