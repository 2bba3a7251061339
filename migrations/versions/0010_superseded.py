"""By which later one a treatment was superseded.

Safe while the service runs: a column that may be empty, which nothing reads or writes before. Not a foreign key: it
points at a later row of its own table, and tables are copied in the order of their rows.

Revision: 0010, after 0008.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply it."""
    op.add_column("treatment", sa.Column("superseded_by_id", sa.Uuid(), nullable=True))


def downgrade() -> None:
    """Take it back. Superseded treatments stay in a state that no version before this one has a word for: cancelled."""
    op.execute("UPDATE treatment SET state = 'cancelled' WHERE state = 'superseded'")
    op.drop_column("treatment", "superseded_by_id")
