"""Commands that show how a reply is read."""

import json
from pathlib import Path

import click

from reminders.cli.common import clear_errors
from reminders.errors import SettingsError
from reminders.triage import Asked, asked_on, read
from reminders.triage.evaluate import Row, evaluate, report, rows, to_json
from reminders.triage.reading import CHECK_IN_DAY
from reminders.triage.sheet import Language, sheet


@click.command("read-reply")
@click.argument("text")
@click.option("--day", type=int, default=CHECK_IN_DAY, show_default=True, help="Days since the treatment.")
@click.option(
    "--asked", type=click.Choice([a.value for a in Asked]), help="What was asked last; by the day if left out."
)
def read_reply(text: str, day: int, asked: str | None) -> None:
    """Say how one reply is read, as JSON.

    Labels, confidence, language and the words that decided.
    """
    question = Asked(asked) if asked else asked_on(day)
    click.echo(json.dumps(to_json(read(text, day, question)), ensure_ascii=False))


@click.command("read-replies")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON line a row, in order, instead of the figures.")
@clear_errors
def read_replies(file: Path, *, as_json: bool) -> None:
    """Say how well a table of replies is read.

    Columns lang, day, expected, text. Prints the accuracy per label and every miss.
    """
    labelled = _rows(file)
    lines = map(_as_json, labelled) if as_json else report(evaluate(labelled))
    for line in lines:
        click.echo(line)


@click.command("triage-lexicon")
@click.option("--language", type=click.Choice(["en", "fr"]), default="en", show_default=True, help="Of the entries.")
def triage_lexicon(language: Language) -> None:
    """Print the words that replies are read by, for review.

    Each class of red flags and of opt-outs in plain words, with texts that are read so and texts that are not.
    """
    for line in sheet(language):
        click.echo(line)


def _rows(file: Path) -> list[Row]:
    try:
        return list(rows(file))
    except (OSError, ValueError) as error:
        raise SettingsError([f"{file.name}: {error}"]) from error


def _as_json(row: Row) -> str:
    return json.dumps(to_json(read(row.text, row.day, asked_on(row.day))), ensure_ascii=False)


COMMANDS = (read_reply, read_replies, triage_lexicon)
