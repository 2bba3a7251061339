"""Bringing what a patient is owed in line with what is now true: a date, an address, a consent, a language."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from reminders.care import clinics, joining, protocols
from reminders.care.ending import SUPERSEDED
from reminders.care.owed import Carried, Intents, Row, Terms, decide
from reminders.care.owed_rows import Episode, Slot, draft, reminder_row, slot_of
from reminders.care.reach import address_index, reach
from reminders.care.silence import FURTHER
from reminders.models import Attempt, Clinic, Message, MessageReminder, Patient, ProtocolVersion, Reminder, Treatment
from reminders.models.kinds import ReminderState, TreatmentState
from reminders.outbox.cancel import cancel, move_due
from reminders.outbox.drafts import Draft
from reminders.outbox.enqueue import enqueue
from schedules.plan import PlannedStep, plan
from schedules.protocol import LAST_DAY, LONGEST_USE, StepKind

_REPLACED = "replaced"
# No step of an older treatment can still be useful.
_OLDEST = timedelta(days=LAST_DAY) + 2 * LONGEST_USE


@dataclass(frozen=True, slots=True)
class _Case:
    """Everything that a treatment's rows are made from."""

    session: Session
    treatment: Treatment
    terms: Terms
    now: datetime

    @property
    def episode(self) -> Episode:
        mine = self.treatment
        return Episode(mine.id, mine.clinic_id, mine.patient_id, mine.protocol_version_id)


def refresh(session: Session, clinic: Clinic, patient: Patient, now: datetime) -> None:
    """Make what `patient` is owed follow their consents, opt-outs, addresses, language and zone as they are now.

    To be called after any of these changed, in the same transaction. What is sent, or on its way, stays.
    """
    lock(session, patient)
    wanted = (Treatment.patient_id == patient.id, Treatment.clinic_id == clinic.id)
    running = (Treatment.state == TreatmentState.ACTIVE, Treatment.treated_at > now - _OLDEST)
    for treatment in session.scalars(select(Treatment).where(*wanted, *running)).all():
        revise(session, clinic, patient, treatment, now)


def revise(session: Session, clinic: Clinic, patient: Patient, treatment: Treatment, now: datetime) -> None:
    """Make one active treatment's reminders and messages what its date, its version and its patient now call for.

    The caller holds the patient's lock. A new treatment gets its first rows by the same decisions: see `owed_rows`.
    """
    session.flush()
    terms, _, intents = _considered(session, clinic, patient, treatment, now)
    was_joined = joining.part(session, [row.reminder_id for row in intents.touched], now)
    if was_joined:
        terms, _, intents = _considered(session, clinic, patient, treatment, now)
    _carry_out(_Case(session, treatment, terms, now), intents)
    if was_joined or intents.add or intents.move or intents.replace:
        joining.join(session, clinic, patient, now)


def foresee(
    session: Session, clinic: Clinic, treatment: Treatment, version_id: uuid.UUID, now: datetime
) -> tuple[Sequence[Row], Intents]:
    """A treatment's rows as they stand, and what `revise` would do if it followed that version. Changes nothing."""
    patient = session.get_one(Patient, treatment.patient_id)
    _, rows, intents = _considered(session, clinic, patient, treatment, now, version_id)
    return rows, intents


def _considered(
    session: Session,
    clinic: Clinic,
    patient: Patient,
    treatment: Treatment,
    now: datetime,
    version_id: uuid.UUID | None = None,
) -> tuple[Terms, Sequence[Row], Intents]:
    version = session.get_one(ProtocolVersion, version_id or treatment.protocol_version_id)
    hours = clinics.hours(clinic, patient)
    wanted = plan(protocols.parse(version), treatment.treated_at, hours, now, treatment.local_date)
    way = reach(session, patient)
    address = address_index(patient, way.channel) if way.channel else ""
    terms = Terms(way.channel, way.reason, patient.language, way.agreed_at, address or "", version.id)
    rows = _rows(session, treatment.id)
    return terms, rows, decide(rows, wanted, terms, now)


def lock(session: Session, patient: Patient) -> None:
    """Hold the patient until the end of the transaction, so that two changes to what they are owed queue up."""
    session.execute(select(Patient.id).where(Patient.id == patient.id).with_for_update(key_share=True))


def _carry_out(case: _Case, intents: Intents) -> None:
    for row, reason in intents.stop:
        _stop(case, row, reason)
    _move(case, intents.move)
    drafts = [_replacement(case, row, to) for row, to in intents.replace if _is_stopped(case, row, _REPLACED)]
    drafts += [_reworded(case, row) for row in intents.reword if _is_stopped(case, row, _REPLACED)]
    fresh = [reminder_row(case.episode, new.planned, new.round, case.now) for new in intents.add]
    skipped = [reminder_row(case.episode, step, 1, case.now, reason) for step, reason in intents.skip]
    case.session.add_all(Reminder(**row) for row in (*fresh, *skipped))
    case.session.flush()
    drafts += [draft(case.episode, slot_of(row), case.terms, 1) for row in fresh]
    enqueue(case.session, drafts, case.now)


def _stop(case: _Case, row: Row, reason: str) -> None:
    if _is_stopped(case, row, reason):
        reminder = case.session.get_one(Reminder, row.reminder_id)
        reminder.state, reminder.state_at, reminder.reason = ReminderState.SKIPPED, case.now, reason


def _is_stopped(case: _Case, row: Row, reason: str) -> bool:
    """Cancel the row's open messages. False if a worker was faster with one: the row is as good as done."""
    asked = {message.message_id for message in row.open_messages}
    return set(cancel(case.session, Message.id.in_(asked), reason, case.now)) == asked


def _move(case: _Case, moves: Sequence[tuple[Row, PlannedStep]]) -> None:
    dues: dict[uuid.UUID, tuple[datetime, datetime]] = {}
    for row, to in moves:
        reminder = case.session.get_one(Reminder, row.reminder_id)
        reminder.due_at, reminder.useful_until = to.due_at, to.useful_until
        dues |= {message.message_id: (to.due_at, to.useful_until) for message in row.open_messages}
    move_due(case.session, dues, case.now)


def _replacement(case: _Case, row: Row, to: PlannedStep) -> Draft:
    moved = case.session.get_one(Reminder, row.reminder_id)
    moved.due_at, moved.useful_until = to.due_at, to.useful_until
    moved.is_check_in = to.step.kind is StepKind.CHECK_IN
    return draft(
        case.episode, Slot(moved.id, moved.step, moved.due_at, moved.useful_until), case.terms, _next(case, row)
    )


def _reworded(case: _Case, row: Row) -> Draft:
    """A further round as it was, by the channel and in the language that the patient has now."""
    owed = case.session.get_one(Reminder, row.reminder_id)
    slot = Slot(owed.id, owed.step, owed.due_at, owed.useful_until, owed.reason)
    return draft(case.episode, slot, case.terms, _next(case, row))


def _next(case: _Case, row: Row) -> int:
    return sum(message.channel is case.terms.channel for message in row.messages) + 1


def _rows(session: Session, treatment_id: uuid.UUID) -> list[Row]:
    """The treatment's reminders as they stand, read afresh: another process may have moved a message."""
    asked = select(Reminder).where(Reminder.treatment_id == treatment_id).order_by(Reminder.step, Reminder.round)
    reminders = session.scalars(asked.execution_options(populate_existing=True)).all()
    messages = _messages(session, [reminder.id for reminder in reminders])
    return [_row(reminder, messages[reminder.id]) for reminder in reminders]


def _row(reminder: Reminder, messages: Iterable[Carried]) -> Row:
    due_at, state = reminder.due_at, ReminderState(reminder.state)
    follows, superseded = reminder.reason in FURTHER, reminder.reason == SUPERSEDED
    return Row(reminder.id, reminder.step, reminder.round, due_at, state, tuple(messages), follows, superseded)


def _messages(session: Session, reminder_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[Carried]]:
    address = (
        select(Attempt.address_index)
        .where(Attempt.message_id == Message.id)
        .order_by(Attempt.number.desc())
        .limit(1)
        .correlate(Message)
        .scalar_subquery()
    )
    message = (Message.id, Message.channel, Message.language, Message.state, Message.state_at, Message.reason)
    found = session.execute(
        select(MessageReminder.reminder_id, *message, func.coalesce(address, ""), Message.protocol_version_id)
        .join(Message, Message.id == MessageReminder.message_id)
        .where(MessageReminder.reminder_id.in_(reminder_ids))
        .order_by(Message.created_at, Message.id)
    )
    carried: dict[uuid.UUID, list[Carried]] = defaultdict(list)
    for reminder_id, *told in found:
        carried[reminder_id].append(Carried(*told))
    return carried
