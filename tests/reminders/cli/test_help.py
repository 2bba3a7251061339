"""`reminders --help` shows every command with a line that says what it is for."""

from reminders.cli import main
from tests.reminders.cli.conftest import Command

THERE = {
    *("up", "migrate", "web", "worker", "beat", "sandbox", "check"),
    *("create-clinic", "invite", "create-api-key", "import", "preview", "read-reply", "read-replies"),
}


def test_every_command_is_shown_with_one_line(command: Command) -> None:
    done = command("--help")
    listed = [line.split(maxsplit=1) for line in done.stdout.partition("Commands:\n")[2].splitlines()]
    assert done.exit_code == 0
    assert {name for name, *_ in listed} == set(main.commands) >= THERE
    assert all(len(parts) == 2 and parts[1].endswith(".") and "..." not in parts[1] for parts in listed), listed
