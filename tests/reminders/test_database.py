"""The ground: sealed columns, explicit time, the scoping door, live connections, and migrations equal to the models.

Seen to fail when `_check_alive` looked at nothing, and when it asked nothing of what had rested.
"""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import LargeBinary, literal, select, text, update
from sqlalchemy.exc import StatementError

from reminders import engine, migrate
from reminders.care.patient_search import search
from reminders.database import Base, Database
from reminders.ids import new_id
from reminders.models import Clinic, Instance, Patient, Sender
from reminders.models.instance import CLOCK_OFFSET, now
from reminders.models.kinds import Language
from tests.conftest import NOW


def patient_of(clinic: Clinic, given_name: str) -> Patient:
    return Patient(
        clinic_id=clinic.id, given_name=given_name, family_name="Tremblay", language=Language.FR, created_at=NOW
    )


def other_clinic(database: Database, clinic: Clinic) -> Clinic:
    copy = {c.key: getattr(clinic, c.key) for c in Clinic.__table__.columns if c.key != "id"}
    other = Clinic(**copy | {"name": "Another"})
    with database.begin() as session:
        session.add(other)
    return other


def test_migrations_equal_models(database: Database) -> None:
    with database.engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), Base.metadata)
    assert found == []
    assert migrate.is_current(database)


def test_upgrading_twice_does_nothing(database: Database) -> None:
    migrate.upgrade(database)
    assert migrate.is_current(database)


def test_names_from_before_their_words_are_found(database: Database, clinic: Clinic) -> None:
    """Seen to fail when the migration made the table and left it empty, and when a name that no key opens ended it."""
    with database.begin() as session:
        marie, lost = patient_of(clinic, "Marie-Ève"), patient_of(clinic, "Paul")
        session.add_all([marie, lost])
        session.flush()
        unreadable = literal(b"sealed with a key that is lost", LargeBinary())
        session.execute(update(Patient).where(Patient.id == lost.id).values(given_name=unreadable))
    with database.engine.begin() as connection:
        config = migrate.config_for(connection)
        command.downgrade(config, "0004")
        command.upgrade(config, "head")
    with database.read(clinic.id) as session:
        assert [found.id for found in search(session, clinic.id, "ev mar", 10)] == [marie.id]
        assert search(session, clinic.id, "paul", 10) == []


def test_personal_columns_are_unreadable_at_rest(database: Database, clinic: Clinic) -> None:
    with database.begin(clinic.id) as session:
        session.add(patient_of(clinic, "Geneviève"))
    with database.engine.connect() as connection:
        stored = connection.execute(text("SELECT given_name FROM patient")).scalar_one()
    assert "Genevi" not in repr(bytes(stored))
    with database.read(clinic.id) as session:
        assert session.scalars(select(Patient)).one().given_name == "Geneviève"


def test_naive_datetimes_are_refused(database: Database, clinic: Clinic) -> None:
    with database.begin() as session, pytest.raises(StatementError, match="naive datetime refused"):
        session.execute(update(Clinic).values(held_at=datetime(2026, 3, 10, 12)))  # noqa: DTZ001


def test_moments_come_back_in_utc(database: Database, clinic: Clinic) -> None:
    with database.read() as session:
        created = session.get_one(Clinic, clinic.id).created_at
    assert created == NOW
    assert created.tzinfo == UTC


def test_the_clock_is_the_databases_plus_the_demo_offset(database: Database) -> None:
    with database.begin() as session:
        before = now(session)
        session.add(Instance(key=CLOCK_OFFSET, value="3600"))
        session.flush()
        assert timedelta(seconds=3600) <= now(session) - before < timedelta(seconds=3660)


def test_a_clinics_session_sees_and_changes_only_its_own(database: Database, clinic: Clinic) -> None:
    other = other_clinic(database, clinic)
    with database.begin() as session:
        ours, theirs = patient_of(clinic, "Ours"), patient_of(other, "Theirs")
        session.add_all([ours, theirs])
    with database.begin(clinic.id) as session:
        assert session.scalars(select(Patient.id)).all() == [ours.id]
        assert session.get(Patient, theirs.id) is None
        session.execute(update(Patient).values(priority=5))
    with database.read() as session:
        assert session.get_one(Patient, theirs.id).priority == 0
        assert session.get_one(Patient, ours.id).priority == 5


def test_a_clinics_session_refuses_to_write_anothers_row(database: Database, clinic: Clinic) -> None:
    other = other_clinic(database, clinic)
    with pytest.raises(PermissionError), database.begin(clinic.id) as session:
        session.add(patient_of(other, "Theirs"))


def test_two_scopes_in_a_row_do_not_share_a_filter(database: Database, clinic: Clinic) -> None:
    # The filter is a cached lambda: the clinic must be a bound value, not part of what is cached.
    for clinic_id, expected in ((clinic.id, 2), (new_id(), 0), (clinic.id, 2)):
        with database.read(clinic_id) as session:
            assert len(session.scalars(select(Sender)).all()) == expected


def backend(database: Database) -> int:
    """The server's process behind the connection that the pool hands out next."""
    with database.begin() as session:
        return session.scalar(text("SELECT pg_backend_pid()")) or 0


@pytest.mark.parametrize("trusted", [30.0, -1.0], ids=["looked at", "asked"])
def test_a_connection_that_died_in_the_pool_costs_nobody_his_work(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, trusted: float
) -> None:
    database: Database = request.getfixturevalue("_postgres")
    monkeypatch.setattr(engine, "_TRUSTED_SECONDS", trusted)
    if trusted < 0:
        monkeypatch.setattr(engine, "_has_news", lambda _: False)
    first = backend(database)
    assert backend(database) == first, "one that lives is used again"
    with psycopg.connect(database.engine.url.set(drivername="postgresql").render_as_string(False)) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [first])
    assert backend(database) not in {0, first}
