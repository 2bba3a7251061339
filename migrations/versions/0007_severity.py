"""How severe patients say it is, on days 1, 3 and 7: a table of its own, since it is no outcome of a check-in.

Safe while the service runs: nothing reads or writes it before.

Revision: 0007, after 0006.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_POINTS_AT = ("clinic", "treatment", "reminder", "reply")


def upgrade() -> None:
    """Apply it."""
    op.create_table(
        "severity",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("treatment_id", sa.Uuid(), nullable=False),
        sa.Column("reminder_id", sa.Uuid(), nullable=False),
        sa.Column("reply_id", sa.Uuid(), nullable=True),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        *(
            sa.ForeignKeyConstraint([f"{table}_id"], [f"{table}.id"], name=op.f(f"fk_severity_{table}_id"))
            for table in _POINTS_AT
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_severity")),
    )
    op.create_index(op.f("ix_severity_treatment_id_answered_at"), "severity", ["treatment_id", "answered_at"])
    op.create_index(op.f("ix_severity_reminder_id"), "severity", ["reminder_id"])


def downgrade() -> None:
    """Take it back. The values are lost; those of check-ins stand in their answers, too."""
    op.drop_table("severity")
