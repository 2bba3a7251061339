"""What a command says when it cannot do what it was asked: a sentence, never a key and never a traceback."""

from pathlib import Path

import pytest

from tests.reminders.cli.conftest import Command

CLINIC = (
    *("create-clinic", "--name", "Clinique Lumière", "--owner-name", "Camille Roy"),
    *("--owner-email", "camille@clinic.example"),
    *("--phone", "514-555-0123", "--address", "4970, rue Sherbrooke Ouest, Westmount"),
)


def test_what_was_typed_wrong_is_answered_in_words(command: Command) -> None:
    command("migrate")
    wrong = command(*CLINIC, "--phone", "123", "--booking-url", "x")
    assert wrong.exit_code == 2
    assert sorted(wrong.stderr.splitlines()) == [
        "booking_url: This is not a web address.",
        "phone: Nobody can have this phone number. Write it with its area code, for example 514 555-0134.",
    ]
    french = command(*CLINIC, "--phone", "123", "--language", "fr")
    assert french.stderr.startswith("phone: Personne ne peut avoir ce numéro.")
    silent = command(*CLINIC, "--phone", " ", "--address", " ")
    assert silent.stderr.splitlines() == [
        "phone: Enter the phone number that patients call.",
        "address: Enter the postal address: each e-mail must name it.",
    ]
    owner = command(*CLINIC, "--owner-email", "camille", "--language", "en")
    assert owner.stderr.startswith("owner-email: This cannot be an e-mail address.")


def test_a_file_that_cannot_be_imported_is_explained(command: Command, tmp_path: Path) -> None:
    command("migrate")
    assert command(*CLINIC).exit_code == 0
    file = tmp_path / "patients.csv"
    file.write_text("a;b\n1;2\n")
    english, french = command("import", str(file)), command("import", str(file), "--language", "fr")
    assert english.exit_code == french.exit_code == 2
    assert english.stderr.startswith("file: These columns are missing: ")
    assert french.stderr.startswith("file: Il manque ces colonnes : ")


def test_a_file_that_cannot_be_read(command: Command, tmp_path: Path) -> None:
    # Reading it fails, even for root.
    unreadable = command("import", "/proc/self/mem")
    assert (unreadable.exit_code, unreadable.stderr) == (2, "FILE: cannot be read (OSError)\n")
    for name in (str(tmp_path), str(tmp_path / "nothing.csv")):
        assert command("import", name).exit_code == 2


def test_people_and_systems_need_a_clinic(command: Command) -> None:
    command("migrate")
    for asked in (("invite", "--name", "Priya Shah", "--email", "p@clinic.example"), ("create-api-key", "--name", "x")):
        done = command(*asked)
        assert (done.exit_code, done.stderr) == (2, "there is no clinic yet; run `reminders create-clinic` first\n")


def test_an_invitation_is_printed_once_a_person(command: Command) -> None:
    command("migrate")
    command(*CLINIC)
    asked = ("invite", "--name", "Priya Shah", "--email", "p@clinic.example", "--language", "en")
    assert "http://127.0.0.1:8000/sign-in/" in command(*asked).stdout
    assert command(*asked).stderr == "email: Somebody with this e-mail address signs in already.\n"


@pytest.mark.parametrize("url", ["postgresql://user:zzpassword@host:port/db", "sqlite+psycopg://zzpassword"])
@pytest.mark.parametrize("name", ["check", "migrate", "web"])
def test_a_database_url_that_cannot_be_read(command: Command, name: str, url: str) -> None:
    keys = dict(line.split("=", 1) for line in command("check", "--new-key").stdout.splitlines())
    done = command(name, REMINDERS_DATABASE_URL=url, **keys)
    [line] = done.stderr.splitlines()
    assert done.exit_code == 2
    assert line.startswith("REMINDERS_DATABASE_URL: ")
    assert "zzpassword" not in done.output


def test_a_file_that_is_no_database(command: Command, tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("no database at all, " * 100)
    done = command("migrate", REMINDERS_DATABASE_URL=f"sqlite:///{tmp_path}/text.db")
    assert done.exit_code == 2
    assert done.stderr == "REMINDERS_DATABASE_URL: the database does not answer (DatabaseError)\n"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("holds", "--foo"), "No such option '--foo'. See `reminders holds --help`."),
        (("nonsense",), "No such command 'nonsense'. See `reminders --help`."),
        (("--foo",), "No such option '--foo'. See `reminders --help`."),
        (("hold", "clinic"), "Missing option '--reason'. See `reminders hold clinic --help`."),
    ],
)
def test_a_command_called_wrongly_is_answered_in_a_line(command: Command, typed: tuple[str, ...], said: str) -> None:
    done = command(*typed)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.replace("main", "reminders").splitlines() == [said]
