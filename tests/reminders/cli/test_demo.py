"""`up --demo` starts on its own data, and never on a clinic's.

Seen to fail when: the demo started on whatever database was there; a data folder given in `.env` was passed over.
"""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from reminders import demo, demo_past, demo_visits, embedded
from reminders.care import alarm_tests, clinics, follow_ups
from reminders.care.clinics import NewClinic
from reminders.database import Database
from reminders.errors import SettingsError
from reminders.models import CheckIn, Clinic, Instance, Message, Severity, Ticket
from reminders.models.instance import CLOCK_OFFSET, now
from reminders.models.kinds import CheckInOutcome, TicketState
from reminders.settings import Settings
from schedules.lifecycle import State
from tests.conftest import NOW
from tests.reminders.cli.conftest import Command

LEFT_OVER = (State.PLANNED, State.CLAIMED, State.SENDING, State.UNKNOWN, State.FAILED, State.EXPIRED)

CLINIC = (
    "create-clinic",
    "--name",
    "Clinique Vraie",
    "--owner-name",
    "Camille Roy",
    "--owner-email",
    "c@clinic.example",
    "--phone",
    "514-555-0123",
    "--address",
    "1, rue A",
)


@pytest.fixture(autouse=True)
def _nothing_is_served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "serve", lambda *_: None)


def test_a_real_database_is_refused_and_left_as_it_is(database: Database, settings: Settings) -> None:
    demo.refuse_a_real_database(database)
    with database.begin() as session:
        clinics.create_clinic(
            session, NewClinic("Clinique Vraie", phone="+15145550117", address="1, rue A"), settings, NOW
        )
    with pytest.raises(SettingsError, match="has real clinics"):
        demo.refuse_a_real_database(database)
    with database.read() as session:
        assert session.get(Instance, CLOCK_OFFSET) is None


def test_the_demos_own_database_is_taken_again(database: Database, settings: Settings) -> None:
    demo.start(database, settings)
    demo.refuse_a_real_database(database)
    demo.start(database, settings)
    with database.read() as session:
        assert [clinic.name for clinic in session.scalars(select(Clinic))] == [demo.CLINIC.name]


def test_its_past_is_lived_through_and_leaves_nothing_to_do(database: Database, settings: Settings) -> None:
    """Seen to fail when: the last day had no test alert; what is due after a visit was not sent; a ticket stayed."""
    demo.start(database, settings)
    assert alarm_tests.run_tests(database) == 0, "nobody is alerted as the demo begins"
    assert follow_ups.follow_up(database) == 0
    with database.read() as session:
        moment = now(session)
        assert session.scalars(select(Ticket.kind).where(Ticket.state != TicketState.CLOSED)).all() == []
        begun = select(Message.kind).where(Message.created_at < moment - timedelta(hours=1))
        assert session.scalars(begun.where(Message.state.in_(LEFT_OVER))).all() == []
        assert set(session.scalars(select(CheckIn.outcome))) == set(CheckInOutcome)
        assert session.scalars(select(Severity)).all()
        recent = select(Message).where(Message.sent_at > moment - timedelta(hours=1))
        assert session.scalars(recent).all() == [], "the ten messages of the first morning are still to come"
        last = max(visit.days_ago for visit in demo_visits.visits())
        assert timedelta(days=last) < demo_past.BEGAN


def test_the_command_says_so_in_one_line(command: Command, tmp_path: Path) -> None:
    command("migrate")
    assert command(*CLINIC).exit_code == 0
    before = (tmp_path / "var" / "reminders.db").read_bytes()
    done = command("up", "--demo", PORT="18431")
    assert done.exit_code == 2
    assert len(done.stderr.splitlines()) == 1
    assert "the demo does not start on it" in done.stderr
    assert (tmp_path / "var" / "reminders.db").read_bytes() == before


@pytest.mark.parametrize(
    ("dotenv", "folder"),
    [("", "var/demo"), ("REMINDERS_DATA_DIR=\n", "var/demo"), ("REMINDERS_DATA_DIR=other\n", "other")],
)
def test_its_own_folder_unless_another_is_really_given(
    command: Command, tmp_path: Path, dotenv: str, folder: str
) -> None:
    (tmp_path / ".env").write_text(dotenv)
    unset = {"REMINDERS_DATA_DIR": None}
    assert command("up", "--demo", PORT="18431", **unset).exit_code == 0
    assert (tmp_path / folder / "reminders.db").exists()
