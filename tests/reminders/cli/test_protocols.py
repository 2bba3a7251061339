"""Judging and publishing a draft from the command line."""

from pathlib import Path

import pytest
from sqlalchemy import select

from reminders.care import protocol_drafts
from reminders.care.actors import Actor
from reminders.cli.common import open_database
from reminders.models import Clinic, Protocol
from reminders.models.instance import now
from reminders.models.kinds import Channel, Language
from reminders.settings import load
from reminders.wording.findings import Place
from tests.reminders.cli.conftest import Command

BY = ("--approved-by", "camille@clinic.example")


@pytest.fixture
def clinic(command: Command) -> None:
    """A clinic with an owner."""
    command("migrate")
    where = ("--phone", "514-555-0123", "--address", "1, rue A")
    owner = ("--owner-name", "Camille Roy", "--owner-email", "camille@clinic.example")
    assert command("create-clinic", "--name", "Lumière", *where, *owner).exit_code == 0


def draft(folder: Path, body: str) -> None:
    """A draft whose first French text is this."""
    database = open_database(load({"REMINDERS_DATA_DIR": str(folder / "var")}, dotenv=Path("/nonexistent")))
    with database.begin() as session:
        found, protocol = session.scalars(select(Clinic)).one(), session.scalars(select(Protocol)).one()
        actor, at = Actor(found.id, "command"), Place("day-1", Language.FR, Channel.SMS)
        protocol_drafts.start(session, actor, protocol, now(session))
        protocol_drafts.change_text(session, actor, protocol, at, {"body": body}, now(session))
    database.close()


@pytest.mark.usefixtures("clinic")
def test_a_draft_is_judged_and_published(command: Command, tmp_path: Path) -> None:
    clean = command("protocol", "lint", "microneedling")
    assert (clean.exit_code, clean.stdout) == (0, "==> microneedling, version 1: 0 found, 0 of them must be mended\n")
    draft(tmp_path, "{clinic} : ça va? 911, ARRET, AIDE")
    judged = command("protocol", "lint", "microneedling", "--language", "fr")
    assert judged.exit_code == 1
    assert "    day-1 fr sms: À corriger: Il contient ce qui rend" in judged.stdout
    assert "ç → c" in judged.stdout
    refused = command("protocol", "publish", "microneedling", *BY)
    assert (refused.exit_code, "ç → c" in refused.stdout) == (1, True)
    draft(tmp_path, "{clinic} : comment allez-vous? 911, ARRET, AIDE")
    assert command("protocol", "publish", "microneedling", *BY).stdout == (
        "==> microneedling: version 2 is published\n"
    )
    assert command("protocol", "publish", "microneedling", *BY).exit_code == 2, "there is no draft any more"


@pytest.mark.usefixtures("clinic")
def test_an_owner_must_have_approved(command: Command, tmp_path: Path) -> None:
    draft(tmp_path, "{clinic} : comment allez-vous? 911, ARRET, AIDE")
    member = ("--name", "Priya Shah", "--email", "priya@clinic.example", "--role", "staff")
    assert command("invite", *member).exit_code == 0
    for email in ("priya@clinic.example", "nobody@clinic.example"):
        done = command("protocol", "publish", "microneedling", "--approved-by", email)
        assert (done.exit_code, done.stderr) == (
            2,
            "approver: No owner of this clinic signs in with that address.\n",
        )
    assert command("protocol", "lint", "botox").exit_code == 2
