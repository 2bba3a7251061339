"""What is planned follows a change of the clinic's hours, patient by patient, each in a transaction of its own.

So ten thousand patients hold up nobody: no red flag, no sweep, no page. Each one's part is idempotent, so a run that
ends half-way is simply made again. Whoever could not be replanned is tried again, and in the end is told to staff.
"""

import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, exists, select, update
from sqlalchemy.orm import Session

from reminders import logs
from reminders.care import replanning
from reminders.care.ticket_keys import key_for_hours
from reminders.care.tickets import NewTicket, open_ticket
from reminders.database import Database
from reminders.models import Clinic, Event, Patient, Reminder, Treatment
from reminders.models.instance import now as clock
from reminders.models.kinds import EventKind, ReminderState, TicketKind, TreatmentState

_log = logs.get(__name__)

SETTLED_AFTER = timedelta(seconds=2)
"""Whoever was recording a treatment by the old hours is done by then, so its rows are met, too."""

RETRY_AFTER = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))
"""How long after each try whoever failed is tried again: a locked row is over in a minute, a bad release in an hour."""

MANY = 50
"""More failures than this have one cause: everybody is gone through again, and one ticket says it rather than each."""

_OPEN = (Event.kind == EventKind.HOURS_CHANGED, Event.handled_at.is_(None))


def follow(database: Database) -> int:
    """Bring what is planned in line where the hours have changed. How many patients were."""
    with database.read() as session:
        now = clock(session)
        asked = select(Event.clinic_id).where(*_due(now))
        clinics = session.scalars(asked.distinct().order_by(Event.clinic_id)).all()
    return sum(_follow(database, clinic_id, now) for clinic_id in clinics)


def _due(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return *_OPEN, Event.at <= now - SETTLED_AFTER


def _follow(database: Database, clinic_id: uuid.UUID, began: datetime) -> int:
    """One clinic's patients, then its events that were there when this began: what changed since needs another run."""
    with database.read(clinic=clinic_id) as session:
        events = session.scalars(select(Event).where(*_due(began)).order_by(Event.at, Event.id)).all()
        patients = _asked_for(events, _affected(session, began))
        session.expunge_all()
    failed = [patient_id for patient_id in patients if not _try(database, clinic_id, patient_id)]
    if events:
        with database.begin(clinic=clinic_id) as session:
            _settle(session, events, failed)
    return len(patients) - len(failed)


def _asked_for(events: Sequence[Event], affected: Sequence[uuid.UUID]) -> Sequence[uuid.UUID]:
    """All who are affected by a change that is new; only those who are left of one that was tried before."""
    if any("left" not in event.detail for event in events):
        return affected
    left = {patient_id for event in events for patient_id in event.detail["left"]}
    return [patient_id for patient_id in affected if str(patient_id) in left]


def _settle(session: Session, events: Sequence[Event], failed: Sequence[uuid.UUID]) -> None:
    """The events are done; but while anybody failed, the first stays open for them, until they are staff's."""
    now, tries = clock(session), min(event.detail.get("tries", 0) for event in events)
    done = {event.id for event in events}
    if failed and tries < len(RETRY_AFTER):
        done.discard(events[0].id)
        left = {"left": [str(patient_id) for patient_id in failed]} if len(failed) <= MANY else {}
        again = {"detail": {"tries": tries + 1} | left, "at": now + RETRY_AFTER[tries]}
        _update(session, {events[0].id}, again)
    elif failed:
        _tell(session, events[0], failed, now)
    _update(session, done, {"handled_at": now})


def _update(session: Session, event_ids: Collection[uuid.UUID], values: Mapping[str, Any]) -> None:
    met = update(Event).where(*_OPEN, Event.id.in_(event_ids)).values(**values)
    session.execute(met, execution_options={"synchronize_session": False})


def _tell(session: Session, event: Event, failed: Sequence[uuid.UUID], now: datetime) -> None:
    """Staff look at what is planned for each of them."""
    whom, reason = (failed, "not_replanned") if len(failed) <= MANY else ([None], "many_not_replanned")
    for patient_id in whom:
        key = key_for_hours(event.id, patient_id)
        new = NewTicket(event.clinic_id, TicketKind.DELIVERY, key, patient_id=patient_id, reason=reason)
        open_ticket(session, new, now)


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
