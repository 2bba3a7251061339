"""An index by which check-ins that nobody answers are found: of all reminders only those that ask, and are owed.

Revision: 0008, after 0007.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_NAME = "ix_reminder_check_in"
_ASKED = sa.text("is_check_in AND state = 'owed'")


def upgrade() -> None:
    """Apply it."""
    op.create_index(_NAME, "reminder", ["due_at"], sqlite_where=_ASKED, postgresql_where=_ASKED)


def downgrade() -> None:
    """Take it back."""
    op.drop_index(_NAME, table_name="reminder")
