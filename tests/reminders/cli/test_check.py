"""The configuration doctor: a line for each thing looked at, and an exit code that scripts can trust."""

from pathlib import Path

from tests.reminders.cli.conftest import Command

IN_MEMORY = "ok  broker: in memory, which is enough for `reminders up` and for nothing else"

SANDBOX = "ok  channels: nothing is connected, so texts and e-mails go to the sandbox"


def test_all_is_well(command: Command) -> None:
    command("migrate")
    done = command("check")
    assert done.exit_code == 0
    assert done.stdout.splitlines() == [
        "ok  settings",
        "ok  database",
        IN_MEMORY,
        SANDBOX,
        "ok  alerts",
        "ok  owners",
        "ok  on-call",
        "ok  alarm-tests",
        "ok  webhooks",
        "ok  mailbox",
    ]


def test_what_does_not_fit_ends_with_1(command: Command) -> None:
    given = {
        "TWILIO_ACCOUNT_SID": "AC" + "1" * 32,
        "TWILIO_AUTH_TOKEN": "token",
        "TWILIO_FROM_NUMBER": "+15145550123",
        "IMAP_URL": "imaps://mail.example",
        "REMINDERS_BROKER_URL": "redis://127.0.0.1:1/0",
    }
    done = command("check", **given)
    assert done.exit_code == 1
    assert done.stdout.splitlines() == [
        "ok  settings",
        "NO  database: the schema is not current; run `reminders migrate`",
        "NO  broker: does not answer (ConnectionError); look at REMINDERS_BROKER_URL",
        "ok  channels: e-mail is not connected (SMTP_URL): none is sent, and there is no sandbox beside real texts",
        "ok  alerts: not looked at, for want of a database that answers and is current",
        "ok  owners: not looked at, for want of a database that answers and is current",
        "ok  on-call: not looked at, for want of a database that answers and is current",
        "ok  alarm-tests: not looked at, for want of a database that answers and is current",
        "NO  webhooks: REMINDERS_PUBLIC_URL is not https, so Twilio's receipts and replies would not reach us safely",
        "ok  mailbox: IMAP_URL is not used while e-mail is not connected (SMTP_URL)",
    ]


def test_a_mailbox_that_does_not_answer_and_none(command: Command) -> None:
    given = {"SMTP_URL": "smtp://127.0.0.1:1", "MAIL_FROM": "care@clinic.example"}
    done = command("check", **given)
    assert "ok  mailbox: answers to e-mails are read by nobody, and each e-mail says so (IMAP_URL)" in done.stdout
    done = command("check", **given, IMAP_URL="imap://me:secret@127.0.0.1:1")
    assert "NO  mailbox: does not answer (connection); look at IMAP_URL" in done.stdout
    assert "secret" not in done.output
    done = command("check", **given, IMAP_URL="http://x")
    assert done.exit_code == 2
    assert "IMAP_URL: must look like imaps://" in done.stderr


def test_a_database_that_does_not_answer(command: Command, tmp_path: Path) -> None:
    keys = dict(line.split("=", 1) for line in command("check", "--new-key").stdout.splitlines())
    for url in ("postgresql://nobody@127.0.0.1:1/none", f"sqlite:///{tmp_path}/no/folder.db"):
        done = command("check", REMINDERS_DATABASE_URL=url, **keys)
        assert done.exit_code == 1
        assert "NO  database: does not answer (OperationalError)" in done.stdout


def test_a_wrong_setting_ends_with_2_before_anything_is_asked(command: Command) -> None:
    done = command("check", PORT="none", REMINDERS_SWEEP_SECONDS="0")
    assert done.exit_code == 2
    assert [line.partition(":")[0] for line in done.stderr.splitlines()] == ["PORT", "REMINDERS_SWEEP_SECONDS"]
    assert done.stdout == ""
