"""Alembic's entry: runs the migrations on the connection that `reminders.migrate` hands over."""

from typing import Any, Literal

import sqlalchemy as sa
from alembic import context

from reminders.columns import Sealed, UtcDateTime
from reminders.models import Base


def render_type(kind: str, item: Any, _autogen: object) -> str | Literal[False]:
    """Write plain column types into migrations: they must not change when our own types do."""
    if kind != "type":
        return False
    if isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if isinstance(item, Sealed):
        return "sa.LargeBinary()"
    if isinstance(item, sa.Enum):
        return f"sa.String({item.length})"
    return False


def run() -> None:
    """Run on the given connection, in its transaction."""
    connection = context.config.attributes["connection"]
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_item=render_type,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


run()
