"""The list behind each figure of the report: who and when, from the very conditions that the figure counts by."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, select
from sqlalchemy.orm import Session

from reminders.care.reports import CAME_ABOUT, TAKEN_AT, Period, asked_in, is_sent, outcome_of
from reminders.models import Consult, Message, Patient, Reply, Ticket, Treatment
from reminders.models.kinds import Channel, CheckInOutcome, ConsultState, TicketKind
from schedules.lifecycle import State

PAGE = 50
"""Lines a page."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A line: what the figure counts happened at `at` (UTC) to a patient; none if nobody knows whose it was."""

    at: datetime
    patient: Patient | None


@dataclass(frozen=True, slots=True)
class Part:
    """A page of a list, the newest first; `is_last` if no other follows."""

    rows: Sequence[Listed]
    is_last: bool


def listed(session: Session, period: Period, key: str, number: int) -> Part:
    """Page `number` (from 1) of what the figure `key`, one of LISTS, counts. Two queries."""
    query = LISTS[key](period)
    rows = query.subquery()
    ordered = select(rows.c.at, rows.c.patient_id).order_by(rows.c.at.desc(), rows.c.id.desc())
    found = session.execute(ordered.offset((number - 1) * PAGE).limit(PAGE + 1)).all()
    ids = {patient_id for _, patient_id in found[:PAGE] if patient_id}
    known = {patient.id: patient for patient in session.scalars(_patients(period, ids))}
    return Part([Listed(at, known.get(patient_id)) for at, patient_id in found[:PAGE]], len(found) <= PAGE)


def _patients(period: Period, ids: set[uuid.UUID]) -> Select[Patient]:
    # Whoever was erased stays in the figure, and has no name.
    return select(Patient).where(
        Patient.clinic_id == period.clinic_id, Patient.id.in_(ids), Patient.erased_at.is_(None)
    )


def _messages(*which: ColumnElement[bool]) -> Callable[[Period], Select[*tuple[Any, ...]]]:
    columns = (TAKEN_AT.label("at"), Message.patient_id, Message.id)
    return lambda period: select(*columns).where(is_sent(period), *which)


def _patients_replied(period: Period) -> Select[*tuple[Any, ...]]:
    columns = (func.max(Reply.received_at).label("at"), Reply.patient_id, Reply.patient_id.label("id"))
    query = select(*columns).join(Message, Reply.answers_id == Message.id)
    return query.where(is_sent(period), Reply.patient_id.is_not(None)).group_by(Reply.patient_id)


def _check_ins(period: Period) -> Select[*tuple[Any, ...]]:
    asked = asked_in(period).subquery()
    columns = (asked.c.asked_at.label("at"), Treatment.patient_id, Treatment.id, asked.c.treatment_id, asked.c.step)
    return select(*columns).join(asked, asked.c.treatment_id == Treatment.id)


def _outcome(outcome: CheckInOutcome | None) -> Callable[[Period], Select[*tuple[Any, ...]]]:
    def query(period: Period) -> Select[*tuple[Any, ...]]:
        rows = _check_ins(period).subquery()
        holds = outcome_of(rows.c.treatment_id, rows.c.step)
        is_it = holds == outcome if outcome else holds.is_(None)
        return select(rows.c.at, rows.c.patient_id, rows.c.id).where(is_it)

    return query


def _consults(*states: ConsultState) -> Callable[[Period], Select[*tuple[Any, ...]]]:
    columns = (Consult.offered_at.label("at"), Consult.patient_id, Consult.id)
    return lambda period: select(*columns).where(
        Consult.clinic_id == period.clinic_id, period.of(Consult.offered_at), Consult.state.in_(states)
    )


def _tickets(kind: TicketKind) -> Callable[[Period], Select[*tuple[Any, ...]]]:
    columns = (Ticket.opened_at.label("at"), Ticket.patient_id, Ticket.id)
    return lambda period: select(*columns).where(
        Ticket.clinic_id == period.clinic_id, period.of(Ticket.opened_at), Ticket.kind == kind
    )


LISTS: Mapping[str, Callable[[Period], Select[*tuple[Any, ...]]]] = {
    "sent": _messages(),
    "texts_delivered": _messages(Message.channel == Channel.SMS, Message.state == State.DELIVERED),
    "emails": _messages(Message.channel == Channel.EMAIL),
    "replied": _messages(exists().where(Reply.answers_id == Message.id)),
    "patients_replied": _patients_replied,
    "check_ins_sent": _check_ins,
    **{outcome.value: _outcome(outcome) for outcome in CheckInOutcome},
    "no_answer": _outcome(None),
    "consults_offered": _consults(*ConsultState),
    "consults_booked": _consults(*CAME_ABOUT),
    "consults_attended": _consults(ConsultState.ATTENDED),
    "red_flags": _tickets(TicketKind.RED_FLAG),
    "unreachable": _tickets(TicketKind.UNREACHABLE),
}
"""By figure what is behind it. Of opt-outs there is none: what is kept of them is a keyed hash of an address."""
