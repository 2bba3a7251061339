"""A row for each word of a name, instead of one for each of its beginnings; indexes that nothing needs.

Of the 27 rows of an imported line 11 were beginnings of names. A word's hashes, one after the other, say the same in
one row: whoever is asked for by "mar" has a row that begins with the hash of "ma" and that of "mar". The clinic is no
foreign key of these rows, since each points at its patient. Every name is opened, with the keys, to be written so; one
that no key opens is passed over and named in the log.

`patient`, `audit` and `consent` lose the index on their clinic: the first two have others that begin with it, and
consents are found by their patient. Consents and links are no longer looked up behind their clinic either: the patient,
the message and the reminder that they point at are.

Stop the service for it: code of before and of after cannot look for each other's names.

Revision: 0005, after 0004.
"""

import uuid
from collections.abc import Sequence

import orjson
import sqlalchemy as sa
from alembic import op
from sqlalchemy.orm import Session

from reminders import logs
from reminders.care.names import name_tokens
from reminders.crypto import Keyring
from reminders.database import keyring_of
from reminders.errors import CryptoError
from reminders.models import Patient

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_UNUSED = {"ix_patient_clinic_id": "patient", "ix_audit_clinic_id": "audit", "ix_consent_clinic_id": "consent"}
_OF_A_CLINIC_BY_ANOTHER = ("consent", "message_reminder")
_AT_ONCE = 1_000
_NAMES = ("patient.given_name", "patient.family_name")

_log = logs.get(__name__)


def upgrade() -> None:
    """Apply it."""
    op.drop_table("name_token")
    table = op.create_table(
        "name_token",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name=op.f("fk_name_token_patient_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("clinic_id", "token", "patient_id", name=op.f("pk_name_token")),
    )
    _fill(table)
    op.create_index(op.f("ix_name_token_patient_id"), "name_token", ["patient_id"], unique=False)
    for name, of_table in _UNUSED.items():
        op.drop_index(name, table_name=of_table)
    for of_table in _OF_A_CLINIC_BY_ANOTHER:
        with op.batch_alter_table(of_table) as batch:
            batch.drop_constraint(f"fk_{of_table}_clinic_id", type_="foreignkey")


def _fill(table: sa.Table) -> None:
    sealed = (sa.type_coerce(column, sa.LargeBinary) for column in (Patient.given_name, Patient.family_name))
    patients = sa.select(Patient.id, Patient.clinic_id, *sealed).execution_options(yield_per=_AT_ONCE)
    with Session(op.get_bind()) as session:
        keyring = keyring_of(session)
        for some in session.execute(patients).partitions():
            rows = [
                {"clinic_id": clinic_id, "token": token, "patient_id": patient_id}
                for patient_id, clinic_id, *names in some
                for token in _tokens(keyring, patient_id, clinic_id, names)
            ]
            if rows:
                op.bulk_insert(table, rows)


def _tokens(keyring: Keyring, patient_id: uuid.UUID, clinic_id: uuid.UUID, names: Sequence[bytes]) -> frozenset[bytes]:
    """Of a patient whose name no key opens there are none: one such must not stop an upgrade, and so all sending."""
    try:
        opened = [orjson.loads(keyring.open(name, context)) for name, context in zip(names, _NAMES, strict=True)]
    except CryptoError:
        _log.warning("a patient will not be found by name: it cannot be opened", patient_id=str(patient_id))
        return frozenset()
    return name_tokens(keyring, clinic_id, *opened)


def downgrade() -> None:
    """Take it back. Names that were there are not found until their patients are changed."""
    for of_table in _OF_A_CLINIC_BY_ANOTHER:
        with op.batch_alter_table(of_table) as batch:
            batch.create_foreign_key(f"fk_{of_table}_clinic_id", "clinic", ["clinic_id"], ["id"])
    for name, of_table in _UNUSED.items():
        op.create_index(name, of_table, ["clinic_id"])
    op.drop_table("name_token")
    op.create_table(
        "name_token",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("token", sa.String(length=32), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_name_token_clinic_id")),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name=op.f("fk_name_token_patient_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("clinic_id", "token", "patient_id", name=op.f("pk_name_token")),
    )
    op.create_index(op.f("ix_name_token_patient_id"), "name_token", ["patient_id"], unique=False)
