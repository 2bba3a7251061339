"""The engine and the session style: one door to a clinic's data."""

import uuid
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import cache, lru_cache
from typing import Any, TypeVar

from sqlalchemy import (
    Connection,
    Insert,
    MetaData,
    Table,
    event,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import (
    DeclarativeBase,
    LoaderCriteriaOption,
    Mapped,
    ORMExecuteState,
    Session,
    make_transient_to_detached,
    mapped_column,
    with_loader_criteria,
)

from reminders.columns import KEYRING, UtcDateTime
from reminders.crypto import Keyring
from reminders.engine import ONE_BY_ONE, READ_ONLY, make_engine

_CLINIC = "clinic_id"


class Base(DeclarativeBase):
    """Base of every table, with constraint names that both databases and the migrations share."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UtcDateTime()}  # noqa: RUF012


Stored = TypeVar("Stored", bound=Base)


class ClinicOwned:
    """Mixed into every table that holds a clinic's data: what the scoping door filters on."""

    clinic_id: Mapped[uuid.UUID] = mapped_column(index=True)


class Database:
    """One database, opened with the keys to its personal columns.

    A session from `begin` or `read` sees every clinic and belongs to delivery, webhooks and sign-in. A session given
    a `clinic` is the one door to a clinic's data: each ORM statement on a `ClinicOwned` table is filtered by that
    clinic, and writing another clinic's row is refused. It does not filter statements on bare tables.
    """

    def __init__(self, url: str, keyring: Keyring, pool_size: int = 10) -> None:
        self.keyring = keyring
        self.engine = make_engine(url, pool_size)
        setattr(self.engine.dialect, KEYRING, keyring)

    @property
    def is_sqlite(self) -> bool:
        """Whether this is SQLite: one writer at a time, no SKIP LOCKED."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def begin(self, clinic: uuid.UUID | None = None) -> Iterator[Session]:
        """A session in one transaction that may write; committed at the end, rolled back on an error."""
        with Session(self.engine, expire_on_commit=False, info={_CLINIC: clinic}) as session, session.begin():
            yield session

    @contextmanager
    def read(self, clinic: uuid.UUID | None = None) -> Iterator[Session]:
        """A session for reading, which never waits for a writer; what it writes is rolled back.

        What it read stays usable after it ends.
        """
        with Session(self.engine, expire_on_commit=False, autoflush=False, info={_CLINIC: clinic}) as session:
            session.connection(execution_options={READ_ONLY: True})
            yield session
            # A rollback expires what the session still holds, and no page could show it any more.
            session.expunge_all()
            session.rollback()

    @contextmanager
    def apart(self) -> Iterator[Connection]:
        """A connection on which each statement is a transaction of its own, past the ORM and its door."""
        alone: dict[str, Any] = {ONE_BY_ONE: True} if self.is_sqlite else {"isolation_level": "AUTOCOMMIT"}
        with self.engine.connect() as connection:
            yield connection.execution_options(**alone)

    def close(self) -> None:
        """Give up every connection."""
        self.engine.dispose()


def core_table(model: type[Base]) -> Table:
    """The table of a model, for statements that go past the ORM: no session filters these by clinic."""
    table = model.__table__
    if not isinstance(table, Table):
        raise TypeError(f"{model.__name__} is no table")
    return table


def keyring_of(talk: Session | Connection) -> Keyring:
    """The keys of the database that a session or a connection talks to."""
    bind = talk if isinstance(talk, Connection) else talk.get_bind()
    keyring: Keyring = getattr(bind.dialect, KEYRING)
    return keyring


def refuse_other_clinics(session: Session, clinic_ids: Collection[uuid.UUID]) -> None:
    """The door for rows that no flush sees: whoever writes them past the ORM asks here first.

    Raises:
        PermissionError: the session is one clinic's, and one of these is another.
    """
    clinic_id = session.info.get(_CLINIC)
    if clinic_id is not None and not set(clinic_ids) <= {clinic_id}:
        raise PermissionError("rows of another clinic")


def of_another_clinic(session: Session, clinic_id: uuid.UUID) -> bool:
    """Whether the session is one clinic's, and not this one's: the door for what is read past the ORM."""
    return session.info.get(_CLINIC) not in {None, clinic_id}


def as_stored(session: Session, model: type[Stored], row: Mapping[str, Any]) -> Stored:
    """A row that was just read or written past the ORM, all of it, as the session's own object.

    The caller knows that the session has no object of this row yet.
    """
    stored = model()
    # Set past the instruments: nothing of it is news to the database.
    vars(stored).update(row)
    make_transient_to_detached(stored)
    session.add(stored)
    return stored


def insert_missing(session: Session, table: type[Base], values: dict[str, Any]) -> bool:
    """Insert one row unless a UNIQUE constraint says that it is there. True if it was added.

    `values` are by column name; the columns' own defaults fill the rest.
    """
    # Past the ORM, which would put the same statement together each time; what it still holds must come first.
    session.flush()
    return add_missing(session.connection(), table, values)


def add_missing(connection: Connection, table: type[Base], values: dict[str, Any]) -> bool:
    """As `insert_missing`, for whoever has no session: no door asks whose row it is."""
    done = connection.execute(_insert_unless_there(table, connection.dialect.name), values)
    return done.rowcount == 1


@cache
def _insert_unless_there(table: type[Base], dialect: str) -> Insert:
    insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
    core = insert(table.__table__)  # type: ignore[arg-type]
    return core.on_conflict_do_nothing().execution_options(preserve_rowcount=True)


@event.listens_for(Session, "do_orm_execute")
def _only_own_clinic(state: ORMExecuteState) -> None:
    clinic_id = state.session.info.get(_CLINIC)
    if clinic_id is None or state.is_column_load or state.is_relationship_load:
        return
    state.statement = state.statement.options(_own_clinic(clinic_id))


@lru_cache(maxsize=256)
def _own_clinic(clinic_id: uuid.UUID) -> LoaderCriteriaOption:
    return with_loader_criteria(ClinicOwned, lambda cls: cls.clinic_id == clinic_id, include_aliases=True)


@event.listens_for(Session, "before_flush")
def _write_own_clinic(session: Session, _context: object, _instances: object) -> None:
    clinic_id = session.info.get(_CLINIC)
    if clinic_id is None:
        return
    for row in (*session.new, *session.dirty, *session.deleted):
        if isinstance(row, ClinicOwned) and row.clinic_id != clinic_id:
            raise PermissionError(f"{type(row).__name__} of another clinic")
