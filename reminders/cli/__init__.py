"""The `reminders` command."""

import sys

import click

from reminders.cli import checking, desk, previewing, reading, serving


@click.group()
def main() -> None:
    """Aftercare follow-up by text and e-mail: day 1, day 3, day 7."""
    # Words are printed in French too, whatever the terminal's locale says.
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]


for command in (*serving.COMMANDS, *desk.COMMANDS, *previewing.COMMANDS, *reading.COMMANDS, *checking.COMMANDS):
    main.add_command(command)
