"""Column types that keep time explicit, people unreadable, and words readable."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import orjson
from sqlalchemy import DateTime, Dialect, Enum, LargeBinary, TypeDecorator

from reminders.clock import require_aware
from reminders.crypto import Keyring

KEYRING = "reminders_keyring"
"""The attribute of a dialect that holds the keys, since a column's type gets to see nothing else of its database."""


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime, stored in UTC. Naive ones are refused; SQLite, which has no zones, stores naive UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment = require_aware(value)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Sealed(TypeDecorator[Any]):
    """A JSON value (a string, mostly) encrypted at rest, bound to its column by `context` ("patient.phone")."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, context: str) -> None:
        super().__init__()
        self.context = context

    def process_bind_param(self, value: Any, dialect: Dialect) -> bytes | None:
        if value is None:
            return None
        keyring: Keyring = getattr(dialect, KEYRING)
        return keyring.seal(self.packed(value), self.context)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        keyring: Keyring = getattr(dialect, KEYRING)
        return self.unpacked(keyring.open(value, self.context))

    def packed(self, value: Any) -> bytes:
        """The value as the bytes that are sealed."""
        return orjson.dumps(value)

    def unpacked(self, plain: bytes) -> Any:
        """The value behind bytes that were sealed."""
        return orjson.loads(plain)


class SealedBytes(Sealed):
    """Bytes, such as a picture's, encrypted at rest as they are: nothing else of `Sealed` differs, so whoever walks
    the sealed columns finds these, too."""

    cache_ok = True

    def packed(self, value: bytes) -> bytes:
        """The bytes themselves."""
        return value

    def unpacked(self, plain: bytes) -> bytes:
        """The bytes themselves."""
        return plain


def words(kind: type[StrEnum]) -> Enum:
    """A column type for a StrEnum, stored as its readable value; Python checks it, not the schema."""
    return Enum(
        kind, native_enum=False, create_constraint=False, length=32, values_callable=lambda k: [m.value for m in k]
    )
