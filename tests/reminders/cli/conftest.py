"""The command as an operator runs it: its own environment, its exit code, and what it says."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from click.testing import CliRunner, Result

from reminders.cli import main

Command = Callable[..., Result]


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Command]:
    """Run `reminders ...`: data in the folder of the test, environment by keyword, never a traceback."""
    monkeypatch.chdir(tmp_path)
    root = logging.getLogger()
    before, level = root.handlers[:], root.level

    def run(*arguments: str, **environ: str | None) -> Result:
        given = {"REMINDERS_DATA_DIR": str(tmp_path / "var"), **environ}
        result = CliRunner().invoke(main, arguments, env=given)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    yield run
    root.handlers[:] = before
    root.setLevel(level)
    structlog.reset_defaults()
