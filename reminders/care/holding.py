"""Holding a patient until the end of the transaction, so that two changes to what they are owed queue up."""

import uuid

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session, SessionTransaction

from reminders.database import core_table, refuse_other_clinics
from reminders.errors import NotFoundError
from reminders.models import Patient

_HELD = "reminders_held"

_patient = core_table(Patient)
_HOLD = (
    select(_patient.c.id)
    .where(_patient.c.id == bindparam("patient"), _patient.c.clinic_id == bindparam("clinic"))
    .with_for_update(key_share=True)
)
"""Locked only against being locked likewise: rows may go on pointing at them."""


def hold(session: Session, patient: Patient) -> None:
    """Hold the patient, unless `patients.get` has done so already in this very transaction.

    Whoever then reads by another statement sees what this one may have waited for.

    Raises:
        NotFoundError: there is no such patient any more.
        PermissionError: the session is another clinic's.
    """
    refuse_other_clinics(session, {patient.clinic_id})
    session.flush()
    if session.info.get(_HELD) == (_innermost(session), patient.id):
        return
    asked = {"clinic": patient.clinic_id, "patient": patient.id}
    if session.connection().execute(_HOLD, asked).first() is None:
        raise NotFoundError("no such patient")


def note_held(session: Session, patient_id: uuid.UUID) -> None:
    """Remember that a statement of this transaction, or of this savepoint, has locked the patient."""
    session.info[_HELD] = (_innermost(session), patient_id)


def _innermost(session: Session) -> SessionTransaction | None:
    # A savepoint that is taken back lets go of what it had locked, so what was locked in another one does not count.
    return session.get_nested_transaction() or session.get_transaction()
