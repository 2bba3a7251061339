"""Silence is followed up: one nudge, then a ticket to telephone; and a second look after "improving".

A round is owed from the moment at which its turn has come, not before: what the answer would be cannot be planned. Each
run does what is due and not done yet, so a run that is lost, late or doubled changes nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from reminders import logs
from reminders.care import clinics, reach, replanning, silence
from reminders.care.owed import Terms
from reminders.care.owed_rows import Episode, Slot, draft
from reminders.care.silence import Asked, Improving
from reminders.care.ticket_keys import key_for
from reminders.care.tickets import NewTicket, open_ticket
from reminders.database import Database
from reminders.ids import new_id
from reminders.models import Clinic, Message, Patient, Reminder, Treatment
from reminders.models.follow_up_rules import FollowUpRules
from reminders.models.instance import now as clock
from reminders.models.kinds import ReminderState, TicketKind
from reminders.outbox import cancel, enqueue
from schedules.hours import next_open

_log = logs.get(__name__)

_USEFUL_FOR = timedelta(days=2)
"""How long after its turn a further round is worth sending."""


def follow_up(database: Database) -> int:
    """Follow up every silence and every second look whose turn has come. How many were."""
    with database.begin() as session:
        now = clock(session)
        cancel(session, Message.id.in_(silence.answered_nudges(now)), "answered", now)
        rules = silence.rules_of_all(session)
        turns: list[Asked | Improving] = [
            *silence.silent(session, rules, now),
            *silence.improving(session, rules, now),
        ]
    return sum(_try(database, turn, rules[turn.clinic_id]) for turn in turns)


def _try(database: Database, turn: Asked | Improving, rules: FollowUpRules) -> bool:
    try:
        with database.begin(clinic=turn.clinic_id) as session:
            return _take(session, turn, rules)
    except Exception as error:  # one patient whose follow-up fails must not hold up the others'
        _log.error("not followed up", treatment_id=str(turn.treatment_id), exc_info=error)
        return False


def _take(session: Session, turn: Asked | Improving, rules: FollowUpRules) -> bool:
    """Do what is due, if it still is once the patient is locked."""
    treatment = session.scalars(select(Treatment).where(Treatment.id == turn.treatment_id)).one()
    patient = session.scalars(select(Patient).where(Patient.id == treatment.patient_id)).one()
    replanning.lock(session, patient)
    case = _Case(session, treatment, patient, turn.step, clock(session))
    if isinstance(turn, Improving):
        if due := silence.still_improving(session, turn, rules, case.now):
            _further_round(case, silence.SECOND_LOOK)
        return due
    if not silence.still_silent(session, turn, case.now):
        return False
    if turn.reason == silence.NUDGE or not _further_round(case, silence.NUDGE):
        _to_telephone(case, turn)
    return True


@dataclass(frozen=True, slots=True)
class _Case:
    """Whose check-in a further round is of."""

    session: Session
    treatment: Treatment
    patient: Patient
    step: str
    now: datetime


def _further_round(case: _Case, why: str) -> bool:
    """Owe one more round of the check-in. False if no channel reaches the patient and staff do not know of it yet; an
    opt-out they know of."""
    way = reach.reach(case.session, case.patient)
    row = _row(case, why, way.reason)
    case.session.add(row)
    case.session.flush()
    if way.channel is None:
        return way.reason == reach.OPTED_OUT
    mine = case.treatment
    episode = Episode(mine.id, mine.clinic_id, mine.patient_id, mine.protocol_version_id)
    slot = Slot(row.id, row.step, row.due_at, row.useful_until, why)
    enqueue(case.session, [draft(episode, slot, Terms(way.channel, "", case.patient.language), 1)], case.now)
    return True


def _row(case: _Case, why: str, unreachable: str) -> Reminder:
    clinic = case.session.get_one(Clinic, case.treatment.clinic_id)
    due_at = next_open(case.now, clinics.hours(clinic, case.patient), avoid_closed_days=True)
    return Reminder(
        id=new_id(),
        clinic_id=clinic.id,
        treatment_id=case.treatment.id,
        step=case.step,
        round=_rounds(case) + 1,
        is_check_in=True,
        due_at=due_at,
        useful_until=due_at + _USEFUL_FOR,
        state=ReminderState.SKIPPED if unreachable else ReminderState.OWED,
        state_at=case.now,
        reason=unreachable or why,
        created_at=case.now,
    )


def _rounds(case: _Case) -> int:
    mine = (Reminder.treatment_id == case.treatment.id, Reminder.step == case.step)
    return case.session.scalar(select(func.max(Reminder.round)).where(*mine)) or 0


def _to_telephone(case: _Case, asked: Asked) -> None:
    ticket = NewTicket(
        clinic_id=asked.clinic_id,
        kind=TicketKind.MISSED_CHECK_IN,
        dedupe_key=key_for(TicketKind.MISSED_CHECK_IN, asked.reminder_id),
        patient_id=case.patient.id,
        treatment_id=asked.treatment_id,
        message_id=asked.message_id,
        reason="silence",
    )
    open_ticket(case.session, ticket, case.now)
