"""What is planned follows a change of the clinic's hours, patient by patient, each in a transaction of its own.

So ten thousand patients hold up nobody: no red flag, no sweep, no page. Each one's part is idempotent, so a run that
ends half-way is simply made again.
"""

import uuid
from datetime import datetime, timedelta

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from reminders import logs
from reminders.care import replanning
from reminders.database import Database
from reminders.models import Clinic, Event, Patient, Reminder, Treatment
from reminders.models.instance import now as clock
from reminders.models.kinds import EventKind, ReminderState, TreatmentState

_log = logs.get(__name__)

SETTLED_AFTER = timedelta(seconds=2)
"""Whoever was recording a treatment by the old hours is done by then, so its rows are met, too."""

_OPEN = (Event.kind == EventKind.HOURS_CHANGED, Event.handled_at.is_(None))


def follow(database: Database) -> int:
    """Bring what is planned in line where the hours have changed. How many patients were gone through."""
    with database.read() as session:
        now = clock(session)
        asked = select(Event.clinic_id).where(*_OPEN, Event.at <= now - SETTLED_AFTER)
        clinics = session.scalars(asked.distinct().order_by(Event.clinic_id)).all()
    return sum(_follow(database, clinic_id, now) for clinic_id in clinics)


def _follow(database: Database, clinic_id: uuid.UUID, began: datetime) -> int:
    """One clinic's patients, then its events that were there when this began: what changed since needs another run."""
    with database.read(clinic=clinic_id) as session:
        patients = _affected(session, began)
    done = sum(_try(database, clinic_id, patient_id) for patient_id in patients)
    with database.begin(clinic=clinic_id) as session:
        met = update(Event).where(*_OPEN, Event.at <= began - SETTLED_AFTER)
        session.execute(met.values(handled_at=clock(session)), execution_options={"synchronize_session": False})
    return done


def _affected(session: Session, now: datetime) -> list[uuid.UUID]:
    """Whoever has something to come, or something that was skipped and may still be useful; in one order for all."""
    still = (Reminder.useful_until > now, Reminder.state.in_((ReminderState.OWED, ReminderState.SKIPPED)))
    useful = exists().where(Reminder.treatment_id == Treatment.id, *still)
    asked = select(Treatment.patient_id).where(Treatment.state == TreatmentState.ACTIVE, useful)
    return list(session.scalars(asked.distinct().order_by(Treatment.patient_id)))


def _try(database: Database, clinic_id: uuid.UUID, patient_id: uuid.UUID) -> bool:
    try:
        with database.begin(clinic=clinic_id) as session:
            clinic = session.get_one(Clinic, clinic_id)
            patient = session.scalars(select(Patient).where(Patient.id == patient_id)).one()
            replanning.refresh(session, clinic, patient, clock(session))
    except Exception as error:  # one patient's must not hold up the others'; delivery still keeps to the new hours
        _log.error("not replanned", patient_id=str(patient_id), exc_info=error)
        return False
    return True
