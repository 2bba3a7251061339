"""The one place that reads the host's clock, and the guard that refuses naive datetimes."""

from datetime import UTC, datetime


def host_now() -> datetime:
    """The host's time, in UTC. Delivery and records use the database's clock (`models.instance.now`) instead."""
    return datetime.now(UTC)


def require_aware(moment: datetime) -> datetime:
    """`moment` in UTC.

    Raises:
        ValueError: `moment` has no zone, so nobody can say when it is.
    """
    if moment.tzinfo is None or moment.utcoffset() is None:
        raise ValueError(f"naive datetime refused: {moment.isoformat()}")
    return moment.astimezone(UTC)
