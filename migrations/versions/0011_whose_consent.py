"""Who gave a consent: a parent or tutor for a minor, the API key by which a system recorded it; hand-overs of who is
on call; and an index by which the alerts about a ticket are found.

Safe while the service runs: nothing reads or writes what is new before. No foreign key on `consent.api_key_id`: SQLite
would rebuild the table for it, and keys are never deleted.

Revision: 0011, after 0008.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_ABOUT_A_TICKET = sa.text("ticket_id IS NOT NULL")
_TO_COME = sa.text("done_at IS NULL")
_POINTS_AT = {"clinic_id": "clinic", "staff_id": "staff", "recorded_by": "staff"}


def upgrade() -> None:
    """Apply it."""
    op.add_column("consent", sa.Column("given_by", sa.LargeBinary(), nullable=True))
    op.add_column("consent", sa.Column("api_key_id", sa.Uuid(), nullable=True))
    op.create_table(
        "hand_over",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(f"fk_hand_over_{column}"))
            for column, table in _POINTS_AT.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hand_over")),
    )
    op.create_index(op.f("ix_hand_over_clinic_id"), "hand_over", ["clinic_id"])
    op.create_index("ix_hand_over_due", "hand_over", ["at"], sqlite_where=_TO_COME, postgresql_where=_TO_COME)
    op.create_index(
        "ix_message_ticket_id",
        "message",
        ["ticket_id"],
        sqlite_where=_ABOUT_A_TICKET,
        postgresql_where=_ABOUT_A_TICKET,
    )


def downgrade() -> None:
    """Take it back. Who gave a consent, and who had taken over, is lost."""
    op.drop_index("ix_message_ticket_id", table_name="message")
    op.drop_table("hand_over")
    op.drop_column("consent", "api_key_id")
    op.drop_column("consent", "given_by")
