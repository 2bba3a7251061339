"""The `reminders` command."""

import sys
from typing import Any, NoReturn

import click
from click.exceptions import NoArgsIsHelpError

from reminders.cli import checking, desk, evidence, holding, on_call, previewing, protocols, reading, ruling, serving


class _InALine(click.Group):
    """Says what is wrong with how a command was called in one line, as for all else that is wrong."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            _refuse(ctx, error)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            _refuse(ctx, error)


def _refuse(ctx: click.Context, error: click.UsageError) -> NoReturn:
    if isinstance(error, NoArgsIsHelpError):
        raise error
    path = (error.ctx or ctx).command_path
    click.echo(f"{error.format_message()} See `{path} --help`.", err=True)
    ctx.exit(2)


@click.group(cls=_InALine)
def main() -> None:
    """Aftercare follow-up by text and e-mail: day 1, day 3, day 7."""
    # Words are printed in French too, whatever the terminal's locale says.
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]


_PARTS = (serving, desk, on_call, evidence, holding, ruling, previewing, protocols, reading, checking)

for command in (command for part in _PARTS for command in part.COMMANDS):
    main.add_command(command)
