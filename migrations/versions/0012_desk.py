"""What the staff's pages need: a theme and the week's report for each member, who has seen a reply, saved answers, the
state to which a consult goes back, the clinic's province, and indexes by which lists and reports find their rows.

Safe while the service runs: columns that may be empty or have a default, which nothing reads or writes before. Replies
that came before count as seen. No foreign key on `reply.seen_by`: SQLite would rebuild the table for it.

Revision: 0012, after 0011.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_UNSEEN = sa.text("seen_at IS NULL")
_INDEXES = (
    ("treatment", "created_at"),
    ("treatment", "treated_at"),
    ("ticket", "opened_at"),
    ("opt_out", "at"),
)


def upgrade() -> None:
    """Apply it."""
    op.add_column("staff", sa.Column("theme", sa.String(32), nullable=False, server_default="system"))
    op.add_column("staff", sa.Column("digest", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("clinic", sa.Column("province", sa.String(2), nullable=False, server_default="QC"))
    op.add_column("ticket", sa.Column("consult_before", sa.String(32), nullable=True))
    op.add_column("reply", sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("reply", sa.Column("seen_by", sa.Uuid(), nullable=True))
    op.execute("UPDATE reply SET seen_at = received_at")
    op.create_table(
        "saved_answer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_saved_answer_clinic_id")),
        sa.ForeignKeyConstraint(["created_by"], ["staff.id"], name=op.f("fk_saved_answer_created_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_answer")),
    )
    op.create_index(op.f("ix_saved_answer_clinic_id"), "saved_answer", ["clinic_id"])
    op.create_index(
        "ix_reply_unseen", "reply", ["clinic_id", "received_at"], sqlite_where=_UNSEEN, postgresql_where=_UNSEEN
    )
    for table, column in _INDEXES:
        op.create_index(op.f(f"ix_{table}_clinic_id_{column}"), table, ["clinic_id", column])


def downgrade() -> None:
    """Take it back. Saved answers, who has seen what, and the choice of a theme are lost."""
    for table, column in _INDEXES:
        op.drop_index(op.f(f"ix_{table}_clinic_id_{column}"), table_name=table)
    op.drop_index("ix_reply_unseen", table_name="reply")
    op.drop_table("saved_answer")
    for table, column in (
        ("reply", "seen_by"),
        ("reply", "seen_at"),
        ("ticket", "consult_before"),
        ("clinic", "province"),
        ("staff", "digest"),
        ("staff", "theme"),
    ):
        op.drop_column(table, column)
