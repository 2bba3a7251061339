"""Check-ins that nobody answers, and those who were getting better: whose turn it is. Only looks."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, case, exists, func, select
from sqlalchemy.orm import Session, aliased

from reminders.care.checkins import ANSWERABLE_FOR
from reminders.care.ending import TAKEN_BACK
from reminders.models import CheckIn, Clinic, Message, MessageReminder, Patient, Reminder, Ticket, Treatment
from reminders.models.follow_up_rules import FollowUpRules, follow_up_rules
from reminders.models.kinds import CheckInOutcome, ReminderState, TicketKind, TreatmentState
from reminders.outbox.answered import answered_since
from schedules.lifecycle import CANCELLABLE, State

NUDGE, SECOND_LOOK = "nudge", "second_look"
"""Why a further round of a check-in is owed: nobody answered, or the patient was getting better. Kept as its reason."""

FURTHER = frozenset({NUDGE, SECOND_LOOK})

_LATE = timedelta(days=4)
"""A second look that much after its turn is none: the clinic did not want one then, or nothing was sent at all."""

_OWED_FOR = timedelta(days=14)
"""No check-in whose turn was longer ago is waited for, however late it went out."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A check-in's newest round, sent `at` (UTC) and not answered since; `reason` is why that round was owed."""

    clinic_id: uuid.UUID
    treatment_id: uuid.UUID
    reminder_id: uuid.UUID
    message_id: uuid.UUID
    step: str
    round: int
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Improving:
    """A treatment whose patient has answered "improving" last, to the round of a step."""

    clinic_id: uuid.UUID
    treatment_id: uuid.UUID
    step: str


Rules = Mapping[uuid.UUID, FollowUpRules]


def rules_of_all(session: Session) -> Rules:
    """Every clinic's rules."""
    rows = session.execute(select(Clinic.id, Clinic.options))
    return {row.id: follow_up_rules(row.options) for row in rows}


def is_due(asked: Asked, rules: FollowUpRules, now: datetime) -> bool:
    """Whether the patient has been silent long enough: after the check-in for a nudge, after a nudge for a call."""
    return asked.at + (rules.call_after if asked.reason == NUDGE else rules.nudge_after) <= now


def silent(session: Session, rules: Rules, now: datetime) -> list[Asked]:
    """Every check-in round whose turn to be followed up has come, longest silent first."""
    if not rules:
        return []
    soonest = min(min(one.nudge_after, one.call_after) for one in rules.values())
    # Older ones were sent when nobody waited for them; their digits are no answers any more.
    found = _asked(session, [_sent_at() > now - ANSWERABLE_FOR, _sent_at() <= now - soonest], now)
    return [one for one in found if one.clinic_id in rules and is_due(one, rules[one.clinic_id], now)]


def still_silent(session: Session, asked: Asked, now: datetime) -> bool:
    """Whether it is so still, for whoever has locked the patient."""
    return asked in _asked(session, [Reminder.id == asked.reminder_id], now)


def _asked(session: Session, among: Iterable[ColumnElement[bool]], now: datetime) -> list[Asked]:
    columns = (Reminder.clinic_id, Reminder.treatment_id, Reminder.id, Message.id, Reminder.step, Reminder.round)
    # A nudge was owed because nothing had been answered; what came while it was under way is an answer, too.
    since = case((Reminder.reason == NUDGE, Reminder.created_at), else_=_sent_at())
    later = aliased(Reminder)
    same_step = (later.treatment_id == Reminder.treatment_id, later.step == Reminder.step)
    called = exists().where(
        Ticket.patient_id == Patient.id,
        Ticket.kind == TicketKind.MISSED_CHECK_IN,
        Ticket.message_id == Message.id,
    )
    query = (
        _check_ins(select(*columns, Reminder.reason, _sent_at().label("at")), now)
        .where(Message.state.in_((State.SENT, State.DELIVERED)), *among)
        .where(~exists().where(*same_step, later.round > Reminder.round, ~_taken_back(later)), ~called)
        .where(~answered_since(Reminder.treatment_id, since))
        .order_by(_sent_at(), Message.id)
    )
    return [Asked(*row) for row in session.execute(query)]


def answered_nudges(now: datetime) -> Select[Any]:
    """The messages of nudges not sent yet whose patient has answered meanwhile."""
    return _check_ins(select(Message.id), now).where(
        Reminder.reason == NUDGE,
        Message.state.in_(CANCELLABLE),
        answered_since(Reminder.treatment_id, Reminder.created_at),
    )


def _check_ins(query: Select[*tuple[Any, ...]], now: datetime) -> Select[*tuple[Any, ...]]:
    """The messages of check-ins that are owed to somebody whose follow-up runs."""
    return (
        query.select_from(Reminder)
        .join(Treatment, Treatment.id == Reminder.treatment_id)
        .join(Patient, Patient.id == Treatment.patient_id)
        .join(MessageReminder, MessageReminder.reminder_id == Reminder.id)
        .join(Message, Message.id == MessageReminder.message_id)
        .where(Reminder.is_check_in, Reminder.state == ReminderState.OWED, Reminder.due_at > now - _OWED_FOR)
        .where(Treatment.state == TreatmentState.ACTIVE, Patient.erased_at.is_(None))
    )


def _taken_back(one: type[Reminder]) -> ColumnElement[bool]:
    """Whether a round was called off because its treatment was replaced, which owes it again once that is taken back;
    or because it was owed for an answer about another treatment."""
    return (one.state == ReminderState.CANCELLED) & one.reason.in_(TAKEN_BACK)


def _sent_at() -> ColumnElement[datetime]:
    # A receipt that overtook the provider's answer has set only `delivered_at`.
    return func.coalesce(Message.sent_at, Message.delivered_at)


def improving(session: Session, rules: Rules, now: datetime) -> list[Improving]:
    """Every treatment whose second look has its turn, in the clinics that want one: once for a step."""
    return [
        found
        for clinic_id, one in rules.items()
        if one.second_look_after
        for found in _improving(session, clinic_id, now - one.second_look_after)
    ]


def still_improving(session: Session, found: Improving, rules: FollowUpRules, now: datetime) -> bool:
    """Whether it is so still, for whoever has locked the patient."""
    after = rules.second_look_after
    return after is not None and found in _improving(session, found.clinic_id, now - after)


def _improving(session: Session, clinic_id: uuid.UUID, until: datetime) -> Sequence[Improving]:
    newer, further = aliased(CheckIn), aliased(Reminder)
    again = exists().where(newer.treatment_id == CheckIn.treatment_id, newer.answered_at > CheckIn.answered_at)
    made = exists().where(
        further.treatment_id == Reminder.treatment_id,
        further.step == Reminder.step,
        (further.reason == SECOND_LOOK) | (further.created_at >= CheckIn.answered_at),
        ~_taken_back(further),
    )
    query = (
        select(CheckIn.clinic_id, CheckIn.treatment_id, Reminder.step)
        .join(Reminder, Reminder.id == CheckIn.reminder_id)
        .join(Treatment, Treatment.id == CheckIn.treatment_id)
        .join(Patient, Patient.id == Treatment.patient_id)
        .where(CheckIn.clinic_id == clinic_id, CheckIn.answered_at <= until, CheckIn.answered_at > until - _LATE)
        .where(CheckIn.outcome == CheckInOutcome.IMPROVING, ~again, ~made)
        .where(Treatment.state == TreatmentState.ACTIVE, Patient.erased_at.is_(None))
        .order_by(CheckIn.answered_at)
    )
    return [Improving(*row) for row in session.execute(query)]
