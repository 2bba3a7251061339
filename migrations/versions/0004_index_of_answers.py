"""The index of the replies that messages answer holds answers only: few messages are, and each move of any other was
entered in it as well.

It asks for a stopped service, seconds for a million messages: dropping an index locks its table, and what a database
lacks is brought to it in one transaction.

Revision: 0004, after 0003.
"""

from alembic import op
from sqlalchemy import text

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_NAME = "ix_message_reply_id"
_ANSWERS = text("reply_id IS NOT NULL")


def upgrade() -> None:
    """Apply it."""
    op.drop_index(_NAME, table_name="message")
    op.create_index(_NAME, "message", ["reply_id"], sqlite_where=_ANSWERS, postgresql_where=_ANSWERS)


def downgrade() -> None:
    """Take it back."""
    op.drop_index(_NAME, table_name="message")
    op.create_index(_NAME, "message", ["reply_id"])
