"""Putting somebody on call from the command line, and being told when nobody is."""

import pytest

from tests.reminders.cli.conftest import Command

TEXTS_ONLY = {
    "TWILIO_ACCOUNT_SID": "AC" + "1" * 32,
    "TWILIO_AUTH_TOKEN": "token",
    "TWILIO_FROM_NUMBER": "+15145550123",
    "REMINDERS_PUBLIC_URL": "https://reminders.example",
}
NURSE = ("invite", "--name", "Priya Shah", "--email", "priya@clinic.example", "--role", "staff")


@pytest.fixture
def clinic(command: Command) -> None:
    """A clinic with its owner."""
    command("migrate")
    owner = ("--owner-name", "Camille Roy", "--owner-email", "camille@clinic.example")
    assert (
        command(
            "create-clinic",
            "--name",
            "Lumière",
            "--phone",
            "514-555-0123",
            "--address",
            "1, rue A",
            *owner,
            **TEXTS_ONLY,
        ).exit_code
        == 0
    )


@pytest.mark.usefixtures("clinic")
def test_somebody_on_call_mends_what_check_says(command: Command) -> None:
    before = command("check", **TEXTS_ONLY)
    assert before.exit_code == 1
    assert "NO  alerts: nobody would hear of a red flag at Lumière; put somebody on call with" in before.stdout
    done = command(*NURSE, "--on-call", "--phone", "514 555-0160", **TEXTS_ONLY)
    assert done.exit_code == 0
    assert "https://reminders.example/sign-in/" in done.stdout
    after = command("check", **TEXTS_ONLY)
    assert after.exit_code == 0
    assert "ok  alerts\n" in after.stdout


@pytest.mark.usefixtures("clinic")
def test_an_owner_without_a_phone_is_said_and_stops_nothing(command: Command) -> None:
    """Seen to fail without the line."""
    command(*NURSE, "--on-call", "--phone", "514 555-0160", **TEXTS_ONLY)
    done = command("check", **TEXTS_ONLY)
    assert done.exit_code == 0
    assert "ok  owners: an owner has no phone number, so no text would wake them at Lumière; " in done.stdout


@pytest.mark.usefixtures("clinic")
def test_who_can_be_reached_by_nothing_is_not_handed_over_to(command: Command) -> None:
    """Seen to fail with the words for somebody unknown."""
    command(*NURSE, **TEXTS_ONLY)
    done = command("hand-over", "priya@clinic.example", **TEXTS_ONLY)
    assert done.exit_code == 2
    assert "No alert can reach them" in done.stderr


@pytest.mark.usefixtures("clinic")
def test_who_is_not_on_call_is_nobody_to_alert(command: Command) -> None:
    assert command(*NURSE, "--phone", "514 555-0160", **TEXTS_ONLY).exit_code == 0
    assert "NO  alerts" in command("check", **TEXTS_ONLY).stdout


@pytest.mark.usefixtures("clinic")
def test_an_impossible_number_is_refused(command: Command) -> None:
    done = command(*NURSE, "--phone", "12", **TEXTS_ONLY)
    assert done.exit_code == 2
    assert done.stderr.startswith("phone: ")


@pytest.mark.usefixtures("clinic")
def test_the_owner_hears_by_email_once_that_is_connected(command: Command) -> None:
    mail = {"SMTP_URL": "smtp://mail.example:587", "MAIL_FROM": "clinic@example.org"}
    assert "ok  alerts\n" in command("check", **mail).stdout


@pytest.mark.usefixtures("clinic")
@pytest.mark.parametrize(
    ("language", "now", "planned"),
    [
        ("en", "On call: Zoé Roy (text).\n", "==> The hand-over is planned.\n"),
        ("fr", "De garde : Zoé Roy (texto).\n", "==> Le changement de garde est prévu.\n"),
    ],
)
def test_it_is_handed_over_and_said(command: Command, language: str, now: str, planned: str) -> None:
    assert command(*NURSE, "--on-call", "--phone", "514 555-0160", **TEXTS_ONLY).exit_code == 0
    zoe = ("invite", "--name", "Zoé Roy", "--email", "zoe@clinic.example", "--phone", "514 555-0161")
    assert command(*zoe, **TEXTS_ONLY).exit_code == 0
    given = ("--language", language)
    assert command("hand-over", "Zoe@clinic.example ", *given, **TEXTS_ONLY).exit_code == 0
    assert command("on-call", *given, **TEXTS_ONLY).stdout == now
    later = command("hand-over", "priya@clinic.example", "--at", "23:59", *given, **TEXTS_ONLY)
    assert later.stdout == planned
    first, second = command("on-call", *given, **TEXTS_ONLY).stdout.splitlines()
    assert first + "\n" == now
    assert "Priya Shah" in second
    assert "ok  on-call: Lumière: On call: Zoé Roy (text). From " in command("check", **TEXTS_ONLY).stdout


@pytest.mark.usefixtures("clinic")
@pytest.mark.parametrize(
    ("who", "at", "field"),
    [("nobody@clinic.example", "", "staff_id"), ("camille@clinic.example", "", "staff_id"), ("x", "noon", "time")],
)
def test_nobody_who_cannot_be_alerted_takes_over(command: Command, who: str, at: str, field: str) -> None:
    """The owner has no phone here, and e-mail is not connected."""
    done = command("hand-over", who, "--at", at, **TEXTS_ONLY)
    assert (done.exit_code, done.stderr.split(":")[0]) == (2, field)
