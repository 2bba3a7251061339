"""Recording a treatment and all that it owes; moving its date; cancelling it."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from reminders.care import audit, ending, replanning
from reminders.care.actors import Actor
from reminders.care.preview import Preview, PreviewEntry, preview
from reminders.care.recording import record
from reminders.care.texts_in import one_line, text_problem
from reminders.care.treatment_input import DETAIL_KEYS, TreatmentInput, treated_at
from reminders.care.treatment_store import refuse_same_day
from reminders.errors import InvalidInputError, NotFoundError, Problem
from reminders.models import Clinic, Patient, Treatment
from reminders.models.kinds import TreatmentState

# fmt: off
__all__ = [
    "DETAIL_KEYS", "Preview", "PreviewEntry", "TreatedWhen", "TreatmentInput", "cancel", "get", "move", "preview",
    "record",
]
# fmt: on

_LONGEST_REASON = 200


@dataclass(frozen=True, slots=True)
class TreatedWhen:
    """A corrected date and time of a treatment, as typed; see `TreatmentInput`."""

    treated_on: str
    treated_time: str = ""


def move(session: Session, actor: Actor, clinic: Clinic, treatment: Treatment, to: TreatedWhen, now: datetime) -> None:
    """Correct the date of a treatment: what is planned moves with it; what was sent stays, and is not sent again.

    Raises:
        InvalidInputError: a date or time that cannot be; on treated_on treatment_cancelled.
        DuplicateError: the patient has this protocol on that local date already.
    """
    if treatment.state is not TreatmentState.ACTIVE:
        raise InvalidInputError({"treated_on": Problem("treatment_cancelled")})
    zone = ZoneInfo(clinic.timezone)
    moment = treated_at(TreatmentInput("", to.treated_on, to.treated_time), zone, now)
    patient = session.get_one(Patient, treatment.patient_id)
    replanning.lock(session, patient)
    day = moment.astimezone(zone).date()
    if day != treatment.local_date:
        refuse_same_day(session, treatment, day)
        treatment.ordinal = 1
    treatment.treated_at, treatment.local_date = moment, day
    replanning.revise(session, clinic, patient, treatment, now)
    audit.note(session, actor, "treatment.moved", "treatment", treatment.id, now)


def cancel(session: Session, actor: Actor, treatment: Treatment, reason: str, now: datetime) -> None:
    """End a treatment's follow-up: nothing planned for it will be sent. Cancelling it again changes nothing.

    Raises:
        InvalidInputError: on reason too_long or control_characters.
    """
    replanning.lock(session, session.get_one(Patient, treatment.patient_id))
    if treatment.state is TreatmentState.CANCELLED:
        return
    problem = text_problem(one_line(reason), _LONGEST_REASON)
    if problem:
        raise InvalidInputError({"reason": problem})
    treatment.state, treatment.state_at = TreatmentState.CANCELLED, now
    treatment.state_reason = one_line(reason)
    ending.end(session, treatment, "treatment_cancelled", now)
    audit.note(session, actor, "treatment.cancelled", "treatment", treatment.id, now)


def get(session: Session, clinic_id: uuid.UUID, treatment_id: uuid.UUID) -> Treatment:
    """One of the clinic's treatments.

    Raises:
        NotFoundError: there is none, or it is another clinic's.
    """
    found = session.scalar(select(Treatment).where(Treatment.id == treatment_id, Treatment.clinic_id == clinic_id))
    if found is None:
        raise NotFoundError("no such treatment")
    return found
