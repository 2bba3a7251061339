"""The preview shows what a patient would read, when, and what they would not get, and why."""

import pytest

from tests.reminders.cli.conftest import Command
from tests.reminders.cli.test_errors import CLINIC

SUNDAY = ("preview", "microneedling", "--treated-at", "2026-03-08T14:30")


def test_texts_are_shown_as_they_are_read(command: Command) -> None:
    done = command(*SUNDAY, "--language", "en")
    assert done.exit_code == 0
    assert not set("{}") & set(done.stdout)
    assert "[[" not in done.stdout
    for words in ("Clinique Lumière: Redness", "514 555-0123", "Hello Olivia,", "4970, rue Sherbrooke Ouest"):
        assert words in done.stdout
    assert "[sms, 3 segments]" in done.stdout


def test_a_check_in_waits_for_the_day_after_a_closed_one(command: Command) -> None:
    headings = [line for line in command(*SUNDAY).stdout.splitlines() if line.startswith("day-")]
    assert headings == [
        "day-1  lundi 9 mars 2026, 10:00 HAE",
        "day-3  mercredi 11 mars 2026, 10:00 HAE",
        "day-7  lundi 16 mars 2026, 10:00 HAE",
    ]


def test_what_is_not_sent_is_shown_with_its_reason(command: Command) -> None:
    done = command(*SUNDAY, "--recorded-at", "2026-03-13T12:00", "--language", "en")
    lines = done.stdout.splitlines()
    assert lines[1:3] == [
        "day-1  Monday 9 March 2026, 10:00 EDT",
        "  It will not be sent because it was too late for it to be useful.",
    ]
    assert "day-3  Friday 13 March 2026, 12:00 EDT" in lines


def test_a_clinic_of_the_database(command: Command) -> None:
    command("migrate")
    command(*CLINIC, "--name", "Clinique Étoile", "--phone", "416-555-0123", "--timezone", "America/Vancouver")
    done = command(*SUNDAY, "--clinic", "Clinique Étoile")
    assert "Clinique Étoile : " in done.stdout
    assert "416-555-0123" in done.stdout
    assert "day-1  lundi 9 mars 2026, 10:00 HAP" in done.stdout.splitlines()
    nobody = command(*SUNDAY, "--clinic", "Nobody's").stderr
    assert nobody == "no clinic is called that; there are: Clinique Étoile\n"


MAIL = {"SMTP_URL": "smtp://mail.example", "MAIL_FROM": "Care <care@clinic.example>"}
READ = {"en": "You can also answer this e-mail", "fr": "Vous pouvez aussi répondre à ce courriel"}
UNREAD = {"en": "Nobody reads answers", "fr": "Personne ne lit les réponses"}


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("stored", [False, True])
@pytest.mark.parametrize("imap", ["", "imaps://u:p@mail.example/INBOX"])
def test_it_says_what_will_be_said_of_answers(command: Command, language: str, imap: str, *, stored: bool) -> None:
    """Meant to fail when it always says that nobody reads them."""
    given = {**MAIL, "IMAP_URL": imap, "REMINDERS_PUBLIC_URL": "https://reminders.clinic.example"}
    command("migrate", **given)
    command(*CLINIC, "--name", "Clinique Étoile", **given)
    whose = ("--clinic", "Clinique Étoile") if stored else ()
    done = command(*SUNDAY, "--language", language, *whose, **given)
    assert done.exit_code == 0, done.stderr
    assert (READ[language] in done.stdout) is bool(imap)
    assert (UNREAD[language] in done.stdout) is not bool(imap)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        *(("--timezone", zone) for zone in ("Nope", "../../etc/passwd", "America", "/etc/localtime")),
        *(("--treated-at", at) for at in ("9998-12-31T14:30-11:00", "0001-01-01T00:00", "2026-03-08T02:30", "x")),
        *(("--recorded-at", at) for at in ("9999-12-31T23:59", "yesterday")),
    ],
)
def test_a_wrong_option_is_named(command: Command, option: str, value: str) -> None:
    done = command(*SUNDAY, option, value)
    [line] = done.stderr.splitlines()
    assert (done.exit_code, done.stdout) == (2, "")
    assert line.startswith(f"{option}: ")
