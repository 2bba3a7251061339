"""Seeing and changing a clinic's sending rules from the command line."""

import pytest

from tests.reminders.cli.conftest import Command


@pytest.fixture
def clinic(command: Command) -> str:
    """A clinic, by its name."""
    command("migrate")
    where = ("--phone", "514-555-0123", "--address", "1, rue A")
    owner = ("--owner-name", "Camille Roy", "--owner-email", "camille@clinic.example")
    assert command("create-clinic", "--name", "Lumière", *where, *owner).exit_code == 0
    return "Lumière"


def test_rules_are_shown_and_changed_one_by_one(command: Command, clinic: str) -> None:
    assert "--unknown try-again\n    --monthly-segments none\n" in command("clinic-rules", clinic).stdout
    command("clinic-rules", clinic, "--monthly-segments", "1500")
    command("clinic-rules", clinic, "--unknown", "ask-staff")
    assert "--unknown ask-staff\n    --monthly-segments 1500\n" in command("clinic-rules", clinic).stdout
    assert "--link-in-texts yes" in command("clinic-rules", clinic, "--link-in-texts", "yes").stdout
    assert "--link-in-texts yes" in command("clinic-rules", clinic, "--unknown", "try-again").stdout
    assert "--monthly-segments none" in command("clinic-rules", clinic, "--monthly-segments", "none").stdout


def test_what_is_wrong_is_said_in_words(command: Command, clinic: str) -> None:
    done = command("clinic-rules", clinic, "--monthly-segments", "many")
    assert (done.exit_code, done.stderr) == (2, "monthly_segments: This must be a whole number.\n")
    assert command("clinic-rules", "Another").exit_code == 2


def test_hours_are_shown_as_they_would_be_typed(command: Command, clinic: str) -> None:
    assert "    --hours-en ''\n    --hours-fr ''\n" in command("clinic-rules", clinic).stdout
    given = ("--hours-en", "Mon-Fri 9:00-17:00", "--hours-fr", "lun-ven 9 h-17 h")
    shown = command("clinic-rules", clinic, *given).stdout
    assert "    --hours-en 'Mon-Fri 9:00-17:00'\n    --hours-fr 'lun-ven 9 h-17 h'\n" in shown
    done = command("clinic-rules", clinic, "--hours-fr", "")
    assert (done.exit_code, done.stderr) == (2, "hours_fr: Give the hours in both languages, or in neither.\n")
