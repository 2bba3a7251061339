"""Facts about this installation as a whole, and its clock."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import String, Text, text
from sqlalchemy.orm import Mapped, Session, mapped_column

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


_OFFSET = ", (SELECT value FROM instance WHERE key = :key)"
_NOW = {
    "sqlite": text("SELECT strftime('%Y-%m-%dT%H:%M:%f', 'now')" + _OFFSET),
    "postgresql": text(
        "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US')" + _OFFSET
    ),
}


def now(session: Session) -> datetime:
    """The database's clock in UTC, plus the demo clock's offset if there is one.

    Every process asks the same clock, so a host whose own is wrong does no harm.
    """
    dialect = session.get_bind().dialect.name
    found, offset = session.execute(_NOW[dialect], {"key": CLOCK_OFFSET}).one()
    return datetime.fromisoformat(found).replace(tzinfo=UTC) + timedelta(seconds=float(offset or 0))
