"""What each clinic's texts have come to in each month.

Safe while the service runs: it makes a table that nothing reads yet.

Revision: 0003, after 0002.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply it."""
    op.create_table(
        "spending",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("segments", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_spending_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "month", name=op.f("pk_spending")),
    )


def downgrade() -> None:
    """Undo it."""
    op.drop_table("spending")
