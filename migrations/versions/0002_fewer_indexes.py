"""Indexes that no query uses, each of which every sent message had to be entered in several times.

`message (clinic_id, state_at)` changed with each of a message's moves; attempts, receipts and links are found by their
message, and treatments of a clinic by the unique constraints that begin with it.

Safe while the service runs: dropping an index locks its table for a moment, and needs no scan. Old and new code run
beside it.

Revision: 0002, after 0001.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_UNUSED = {
    "ix_message_clinic_id_state_at": ("message", ["clinic_id", "state_at"]),
    "ix_attempt_clinic_id": ("attempt", ["clinic_id"]),
    "ix_receipt_clinic_id": ("receipt", ["clinic_id"]),
    "ix_message_reminder_clinic_id": ("message_reminder", ["clinic_id"]),
    "ix_treatment_clinic_id": ("treatment", ["clinic_id"]),
}


def upgrade() -> None:
    """Apply it."""
    for name, (table, _) in _UNUSED.items():
        op.drop_index(name, table_name=table)


def downgrade() -> None:
    """Take it back."""
    for name, (table, columns) in _UNUSED.items():
        op.create_index(name, table, columns)
