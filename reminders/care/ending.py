"""The end of a treatment's follow-up: what is still to be sent for it is called off, and its reminders say why."""

from datetime import datetime

from sqlalchemy import ColumnElement, exists, select, update
from sqlalchemy.orm import Session

from reminders.care import joining
from reminders.models import Clinic, Message, MessageReminder, Patient, Reminder, Treatment
from reminders.models.kinds import MessageKind, ReminderState
from reminders.outbox.cancel import cancel
from schedules.lifecycle import State

SUPERSEDED = "treatment_superseded"
"""Why a reminder was called off whose treatment a later one replaced. A step's own "superseded" is another matter."""

RETIED = "retied"
"""Why a second look was called off whose answer was about another treatment."""

TAKEN_BACK = frozenset({SUPERSEDED, RETIED})
"""A round that was called off so is as if it had never been owed, for whoever asks whether to owe another."""

_NOWHERE = (State.CANCELLED, State.SKIPPED, State.EXPIRED)


def end(session: Session, treatment: Treatment, reason: str, now: datetime) -> None:
    """Call off what `treatment` still owes. The caller holds the patient.

    What was sent, or may have been, stays; what shares a message with it goes in one of its own.
    """
    own = select(Reminder.id).where(Reminder.treatment_id == treatment.id)
    was_joined = joining.part(session, session.scalars(own).all(), now)
    sends = Message.kind.in_((MessageKind.REMINDER, MessageKind.NUDGE))
    cancel(session, (Message.treatment_id == treatment.id) & sends, reason, now)
    session.execute(
        update(Reminder)
        .where(Reminder.treatment_id == treatment.id, Reminder.state == ReminderState.OWED, ~_went_out())
        .values(state=ReminderState.CANCELLED, state_at=now, reason=reason)
        .execution_options(synchronize_session="fetch")
    )
    if was_joined:
        clinic, patient = session.get_one(Clinic, treatment.clinic_id), session.get_one(Patient, treatment.patient_id)
        joining.join(session, clinic, patient, now)


def _went_out() -> ColumnElement[bool]:
    """A reminder that some message carried, or may have carried, to its patient."""
    carried = (MessageReminder.reminder_id == Reminder.id, Message.state.not_in(_NOWHERE))
    return exists().where(MessageReminder.message_id == Message.id, *carried)
