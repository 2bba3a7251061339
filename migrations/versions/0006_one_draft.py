"""A protocol has one draft at most: whoever starts a second one goes on with the first.

Safe while the service runs: no code before this one makes drafts, and the table is small.

Revision: 0006, after 0005.
"""

from alembic import op
from sqlalchemy import text

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_NAME = "uq_protocol_version_draft"
_DRAFTS = text("published_at IS NULL")


def upgrade() -> None:
    """Apply it."""
    op.create_index(
        _NAME, "protocol_version", ["protocol_id"], unique=True, sqlite_where=_DRAFTS, postgresql_where=_DRAFTS
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_index(_NAME, table_name="protocol_version")
