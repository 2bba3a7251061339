"""A later treatment of the same protocol takes an earlier one's place, because staff said so; and back again.

Only staff know whether the second visit begins the aftercare anew or goes beside the first (another part of the body).
So nothing is called off by itself: whoever records the later treatment is asked. What was sent stays sent, an answer to
it still belongs to the earlier treatment, and no ticket of it is closed.
"""

import uuid
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from reminders.care import audit, ending, replanning
from reminders.care.actors import Actor
from reminders.care.ticket_keys import key_for
from reminders.care.tickets import NewTicket, open_ticket
from reminders.errors import InvalidInputError, Problem
from reminders.models import Clinic, Message, MessageReminder, Patient, Reminder, Treatment
from reminders.models.kinds import ReminderState, TicketKind, TreatmentState
from schedules.lifecycle import CANCELLABLE


@dataclass(frozen=True, slots=True)
class Owed:
    """What a reminder would still send: its step, and when it is due (UTC)."""

    step: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Earlier:
    """A treatment that still owes messages, the soonest first; `treated_at` is UTC."""

    treatment_id: uuid.UUID
    treated_at: datetime
    owed: tuple[Owed, ...]


def owing(session: Session, treatment_ids: Collection[uuid.UUID]) -> list[Earlier]:
    """Those of the treatments that still owe something that can be called off, the latest first."""
    if not treatment_ids:
        return []
    query = (
        select(Treatment.id, Treatment.treated_at, Reminder.step, Reminder.due_at)
        .join(Reminder, Reminder.treatment_id == Treatment.id)
        .join(MessageReminder, MessageReminder.reminder_id == Reminder.id)
        .join(Message, Message.id == MessageReminder.message_id)
        .where(Treatment.id.in_(treatment_ids), Reminder.state == ReminderState.OWED)
        .where(MessageReminder.live, Message.state.in_(sorted(CANCELLABLE)))
        .order_by(Treatment.treated_at.desc(), Treatment.id.desc(), Reminder.due_at)
    )
    found: defaultdict[tuple[uuid.UUID, datetime], list[Owed]] = defaultdict(list)
    for treatment_id, treated_at, step, due_at in session.execute(query):
        found[treatment_id, treated_at].append(Owed(step, due_at))
    return [Earlier(*key, tuple(owed)) for key, owed in found.items()]


def earlier_than(session: Session, patient_id: uuid.UUID, protocol_id: uuid.UUID, day: date) -> list[Earlier]:
    """What a treatment of that protocol on that local date could replace."""
    alike = (Treatment.patient_id == patient_id, Treatment.protocol_id == protocol_id)
    before = (Treatment.state == TreatmentState.ACTIVE, Treatment.local_date < day)
    return owing(session, session.scalars(select(Treatment.id).where(*alike, *before)).all())


def replaceable(session: Session, patient_id: uuid.UUID) -> dict[uuid.UUID, uuid.UUID]:
    """The patient's treatments that still owe something although a later one of their protocol runs: the newest of
    those, by treatment."""
    later = aliased(Treatment)
    query = (
        select(Treatment.id, later.id)
        .join(later, (later.patient_id == Treatment.patient_id) & (later.protocol_id == Treatment.protocol_id))
        .where(Treatment.patient_id == patient_id, Treatment.local_date < later.local_date)
        .where(Treatment.state == TreatmentState.ACTIVE, later.state == TreatmentState.ACTIVE)
        .order_by(later.treated_at, later.id)
    )
    newest = dict(session.execute(query).all())
    return {one.treatment_id: newest[one.treatment_id] for one in owing(session, newest)}


def supersede(session: Session, actor: Actor, treatment: Treatment, by: uuid.UUID, now: datetime) -> None:
    """The treatment `by` takes this one's place: what this one still owes is called off. The caller holds the patient.

    One that does not run any more stays as it is.
    """
    if treatment.state is not TreatmentState.ACTIVE:
        return
    treatment.state, treatment.state_at, treatment.superseded_by_id = TreatmentState.SUPERSEDED, now, by
    ending.end(session, treatment, ending.SUPERSEDED, now)
    audit.note(session, actor, "treatment.superseded", "treatment", treatment.id, now, {"by": str(by)})


def supersede_all(session: Session, actor: Actor, earlier: Sequence[Earlier], by: uuid.UUID, now: datetime) -> None:
    """The same for each of them."""
    for one in earlier:
        supersede(session, actor, session.get_one(Treatment, one.treatment_id), by, now)


def replace(session: Session, actor: Actor, treatment: Treatment, now: datetime) -> None:
    """Let the newest later treatment of its protocol take this one's place after all.

    Raises:
        InvalidInputError: on treatment, not_replaceable: it owes nothing any more, or there is no later one.
    """
    replanning.lock(session, session.get_one(Patient, treatment.patient_id))
    by = replaceable(session, treatment.patient_id).get(treatment.id)
    if by is None:
        raise InvalidInputError({"treatment": Problem("not_replaceable")})
    supersede(session, actor, treatment, by, now)


def take_back(session: Session, actor: Actor, clinic: Clinic, treatment: Treatment, now: datetime) -> None:
    """It was not superseded after all: it runs again, and what is still in time is planned anew.

    Raises:
        InvalidInputError: on treatment, not_superseded.
    """
    patient = session.get_one(Patient, treatment.patient_id)
    replanning.lock(session, patient)
    session.refresh(treatment)
    if treatment.state is not TreatmentState.SUPERSEDED:
        raise InvalidInputError({"treatment": Problem("not_superseded")})
    treatment.state, treatment.state_at, treatment.superseded_by_id = TreatmentState.ACTIVE, now, None
    replanning.revise(session, clinic, patient, treatment, now)
    audit.note(session, actor, "treatment.taken_back", "treatment", treatment.id, now)


def ask_staff(session: Session, clinic_id: uuid.UUID, patient_id: uuid.UUID, by: uuid.UUID, now: datetime) -> None:
    """A treatment came without anybody to ask: both go on, and staff are to say whether they should."""
    key = key_for(TicketKind.OVERLAP, by)
    ticket = NewTicket(clinic_id, TicketKind.OVERLAP, key, patient_id, by, reason="same_protocol")
    open_ticket(session, ticket, now)
