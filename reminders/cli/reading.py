"""Commands that show how a reply is read."""

import csv
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from reminders.triage import Asked, read
from reminders.triage.evaluate import Row, evaluate, to_json

CHECK_IN_DAY = 7


@click.command("read-reply")
@click.argument("text")
@click.option("--day", type=int, default=None, help="Days since the treatment.")
@click.option(
    "--asked", type=click.Choice([a.value for a in Asked]), default=None, help="What the patient was asked last."
)
def read_reply(text: str, day: int | None, asked: str | None) -> None:
    """Read one reply: labels, confidence, language and the words that decided, as JSON."""
    # Somebody who types a bare "3" here means the check-in's answer, unless they say otherwise.
    question = Asked(asked) if asked else _asked_on(CHECK_IN_DAY if day is None else day)
    click.echo(json.dumps(to_json(read(text, day, question)), ensure_ascii=False))


@click.command("read-replies")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON line a row, in order, instead of the figures.")
def read_replies(file: Path, *, as_json: bool) -> None:
    """Read a table of replies (columns lang, day, expected, text); print accuracy per label and every miss."""
    try:
        rows = list(_rows(file))
    except (UnicodeDecodeError, ValueError, KeyError) as error:
        click.echo(f"{file.name}: {error}", err=True)
        sys.exit(2)
    if as_json:
        for row in rows:
            click.echo(json.dumps(to_json(read(row.text, row.day, _asked_on(row.day))), ensure_ascii=False))
        return
    for line in evaluate(rows).lines():
        click.echo(line)


def _rows(file: Path) -> Iterator[Row]:
    with file.open(encoding="utf-8", newline="") as lines:
        table = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        if missing := {"day", "text"} - set(table.fieldnames or ()):
            raise ValueError(f"missing columns: {', '.join(sorted(missing))}")
        for row in table:
            expected = frozenset(filter(None, (row.get("expected") or "").split("|")))
            yield Row(text=row["text"].replace("\\n", "\n"), day=int(row["day"]), expected=expected)


def _asked_on(day: int) -> Asked:
    return Asked.CHECK_IN if day >= CHECK_IN_DAY else Asked.NONE


COMMANDS = (read_reply, read_replies)
