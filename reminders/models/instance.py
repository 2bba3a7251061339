"""Facts about this installation as a whole, and its clock."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, String, Text, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.sql.functions import FunctionElement

from reminders.columns import UtcDateTime
from reminders.database import Base

CLOCK_OFFSET = "clock_offset_seconds"
HOLD_ALL = "hold_all"
LAST_SWEEP = "last_sweep"


class Instance(Base):
    """One named fact: the demo clock's offset in seconds; the last sweep (ISO 8601, UTC); the kill switch ("" is off,
    else since when, and after a blank the sealed reason)."""

    __tablename__ = "instance"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[str] = mapped_column(Text)


class _DatabaseClock(FunctionElement[datetime]):
    """The instant at which the statement runs, by the database's own clock."""

    type = UtcDateTime()
    inherit_cache = True


@compiles(_DatabaseClock, "sqlite")
def _sqlite_clock(*_: object, **_kw: object) -> str:
    return "strftime('%Y-%m-%d %H:%M:%f000', 'now')"


@compiles(_DatabaseClock, "postgresql")
def _postgresql_clock(*_: object, **_kw: object) -> str:
    return "clock_timestamp()"


CLOCK: tuple[ColumnElement[datetime], ColumnElement[str]] = (
    _DatabaseClock().label("database_clock"),
    select(Instance.value).where(Instance.key == CLOCK_OFFSET).scalar_subquery().label("database_clock_offset"),
)
"""Two columns for any SELECT that must also know the time; `moment` puts them together."""

_NOW = select(*CLOCK)


def moment(clock: datetime, offset: str | None) -> datetime:
    """The time that the two columns of `CLOCK` tell, in UTC: the database's clock, plus the demo clock's offset."""
    return clock + timedelta(seconds=float(offset or 0))


def outside(session: Session) -> datetime:
    """The database's clock in UTC without a demo's offset: for what others date, such as a mailbox."""
    clock: datetime = session.connection().execute(_NOW).one()[0]
    return clock


def now(session: Session) -> datetime:
    """The database's clock in UTC, plus the demo clock's offset if there is one.

    Every process asks the same clock, so a host whose own is wrong does no harm.
    """
    return moment(*session.connection().execute(_NOW).one())
