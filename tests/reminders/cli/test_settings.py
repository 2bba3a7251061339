"""A setting that cannot work stops the start with one line that says how to write it."""

from pathlib import Path

import pytest

from tests.reminders.cli.conftest import Command

TWILIO = {"TWILIO_ACCOUNT_SID": "AC" + "1" * 32, "TWILIO_AUTH_TOKEN": "token"}
SMTP = {"SMTP_URL": "smtp://mail.example:587", "MAIL_FROM": "care@clinic.example"}


@pytest.mark.parametrize(
    "given",
    [
        *({"REMINDERS_DATABASE_URL": url} for url in ("foo", "mysql://h/db", "postgresql+asyncpg://h/db", "sqlite:x")),
        *({"REMINDERS_BROKER_URL": url} for url in ("amqp://h", "redis://", "redis://h:port/0", "redis://h/db", "foo")),
        *(
            {"REMINDERS_PUBLIC_URL": url}
            for url in ("https://", "https:///", "ftp://h", "https://h:port", "https://a b")
        ),
        *({"REMINDERS_OVERDUE_SECONDS": typed} for typed in ("0", "59", "86401", "nan", "inf", "soon")),
        *({"TWILIO_API_URL": url} for url in ("https://", "http://h:99999")),
        *({"SMTP_URL": url, "MAIL_FROM": SMTP["MAIL_FROM"]} for url in ("smtp://h:notaport", "smtp://h:0", "http://h")),
        *({"MAIL_FROM": address, "SMTP_URL": SMTP["SMTP_URL"]} for address in ("nobody", "a@", "Clinic <x>")),
        *({"TWILIO_FROM_NUMBER": number, **TWILIO} for number in ("514-555-0123", "15145550123", "+1 514 555 0123")),
    ],
)
@pytest.mark.parametrize("name", ["check", "web"])
def test_one_line_names_the_setting(command: Command, name: str, given: dict[str, str]) -> None:
    done = command(name, **given)
    [line] = done.stderr.splitlines()
    assert done.exit_code == 2
    assert line.startswith(f"{next(iter(given))}: ")
    assert done.stdout == ""


def test_no_line_quotes_a_password(command: Command) -> None:
    done = command("check", SMTP_URL="smtp://user:zzpassword@h:notaport", MAIL_FROM=SMTP["MAIL_FROM"])
    assert "zzpassword" not in done.output


@pytest.mark.parametrize(
    "given",
    [
        {"REMINDERS_BROKER_URL": "redis://:secret@127.0.0.1:1/0"},
        {"REMINDERS_BROKER_URL": "rediss://127.0.0.1:1"},
        {"REMINDERS_BROKER_URL": "redis+socket:///nowhere/redis.sock"},
    ],
)
def test_a_broker_that_is_not_there(command: Command, given: dict[str, str]) -> None:
    command("migrate")
    done = command("check", **given)
    assert done.exit_code == 1
    assert "NO  broker: does not answer (ConnectionError); look at REMINDERS_BROKER_URL" in done.stdout.splitlines()


@pytest.mark.parametrize("name", ["worker", "beat"])
def test_worker_and_beat_refuse_a_broker_in_memory(command: Command, name: str) -> None:
    command("migrate")
    done = command(name)
    [line] = done.stderr.splitlines()
    assert done.exit_code == 2
    assert line.startswith("REMINDERS_BROKER_URL: missing")


def test_a_data_folder_that_cannot_be(command: Command, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    keys = dict(line.split("=", 1) for line in command("check", "--new-key").stdout.splitlines())
    for folder, more in (("file", {}), ("file/below", {}), ("/proc/nothing", {}), ("file", keys)):
        done = command("check", REMINDERS_DATA_DIR=folder, **more)
        [line] = done.stderr.splitlines()
        assert done.exit_code == 2
        assert line.startswith("REMINDERS_DATA_DIR: ")


def test_a_good_configuration_passes(command: Command) -> None:
    command("migrate")
    given = {**TWILIO, **SMTP, "TWILIO_FROM_NUMBER": "+15145550123", "REMINDERS_PUBLIC_URL": "https://clinic.example/"}
    done = command("check", **given)
    assert (done.exit_code, done.stderr) == (0, "")
