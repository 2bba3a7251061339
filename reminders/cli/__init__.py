"""The `reminders` command."""

import sys

import click

from reminders.cli import checking, desk, holding, previewing, protocols, reading, ruling, serving


@click.group()
def main() -> None:
    """Aftercare follow-up by text and e-mail: day 1, day 3, day 7."""
    # Words are printed in French too, whatever the terminal's locale says.
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]


_PARTS = (serving, desk, holding, ruling, previewing, protocols, reading, checking)

for command in (command for part in _PARTS for command in part.COMMANDS):
    main.add_command(command)
