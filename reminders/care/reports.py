"""The reply report: what went out in a period, what came back, and what it came to."""

import uuid
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from reminders.models import CheckIn, Clinic, Consult, Message, MessageReminder, OptOut, Reminder, Reply, Ticket
from reminders.models.kinds import Channel, CheckInOutcome, ConsultState, MessageKind, TicketKind
from schedules.hours import local_instant
from schedules.lifecycle import State

_OWED = (MessageKind.REMINDER, MessageKind.NUDGE)
_CAME_ABOUT = (ConsultState.BOOKED, ConsultState.ATTENDED)


@dataclass(frozen=True)
class ReplyReport:
    """The figures of a period of local dates, both included, in the clinic's zone.

    sent: reminders and nudges that a provider took in the period, by text or e-mail.
    delivered: those of them that a provider has said arrived.
    texts, texts_delivered: the same two of texts alone. Of e-mails nobody says that they arrived, so a share of
    arrivals is one of texts; the rest of `sent` was handed over to a mail server.
    replied: those of them that at least one reply answers, whenever it came.
    patients_replied: how many different patients these replies are from.
    check_ins_sent: different check-ins among what was sent, with nudges and second looks; the next five add up to it.
    clear, improving, persisting, urgent: the answer to such a check-in that holds today (the newest).
    no_answer: such a check-in that has no answer.
    consults_offered: consults first offered in the period.
    consults_booked: those of them that were booked or attended since.
    consults_attended: those of them that were attended since.
    opt_outs: addresses opted out in the period, also if they came back since.
    unreachable: tickets opened in the period because a patient could not be reached.
    red_flags: tickets opened in the period because a reply, to a check-in or not, reported a red flag.
    """

    start: date
    end: date
    sent: int
    delivered: int
    texts: int
    texts_delivered: int
    replied: int
    patients_replied: int
    check_ins_sent: int
    clear: int
    improving: int
    persisting: int
    urgent: int
    no_answer: int
    consults_offered: int
    consults_booked: int
    consults_attended: int
    opt_outs: int
    unreachable: int
    red_flags: int

    @property
    def emails(self) -> int:
        """Reminders and nudges that went by e-mail."""
        return self.sent - self.texts


def previous_report(session: Session, clinic: Clinic, start: date, end: date) -> ReplyReport:
    """The figures of as many days right before `start`: what a period of these two dates is compared with."""
    return reply_report(session, clinic, start - (end - start) - timedelta(days=1), start - timedelta(days=1))


@dataclass(frozen=True)
class _Period:
    clinic_id: uuid.UUID
    begins: datetime
    ends: datetime

    def of(self, moment: ColumnElement[datetime] | object) -> ColumnElement[bool]:
        """Whether a column's instant lies in the period."""
        column: ColumnElement[datetime] = moment  # type: ignore[assignment]
        return and_(column >= self.begins, column < self.ends)


def reply_report(session: Session, clinic: Clinic, start: date, end: date) -> ReplyReport:
    """The figures from `start` to `end`, local dates of the clinic, both included. Six queries."""
    zone = ZoneInfo(clinic.timezone)
    begins, ends = (local_instant(day, time(0), zone) for day in (start, end + timedelta(days=1)))
    period = _Period(clinic.id, begins, ends)
    gone = _sent(session, period)
    replied, patients_replied = _replied(session, period)
    outcomes = _outcomes(session, period)
    consults = _consults(session, period)
    tickets = _tickets(session, period)
    return ReplyReport(
        start=start,
        end=end,
        sent=gone.total(),
        delivered=sum(number for (_, state), number in gone.items() if state is State.DELIVERED),
        texts=sum(number for (channel, _), number in gone.items() if channel is Channel.SMS),
        texts_delivered=gone[Channel.SMS, State.DELIVERED],
        replied=replied,
        patients_replied=patients_replied,
        check_ins_sent=outcomes.total(),
        no_answer=outcomes[None],
        **{outcome.value: outcomes[outcome] for outcome in CheckInOutcome},
        consults_offered=consults.total(),
        consults_booked=sum(consults[state] for state in _CAME_ABOUT),
        consults_attended=consults[ConsultState.ATTENDED],
        opt_outs=_opt_outs(session, period),
        unreachable=tickets[TicketKind.UNREACHABLE],
        red_flags=tickets[TicketKind.RED_FLAG],
    )


def _is_sent(period: _Period) -> ColumnElement[bool]:
    # A receipt that overtook the provider's answer has set only `delivered_at`.
    taken_at = func.coalesce(Message.sent_at, Message.delivered_at)
    return and_(Message.clinic_id == period.clinic_id, Message.kind.in_(_OWED), period.of(taken_at))


def _sent(session: Session, period: _Period) -> Counter[tuple[Channel, State]]:
    of_one = (Message.channel, Message.state)
    found = session.execute(select(*of_one, func.count()).where(_is_sent(period)).group_by(*of_one))
    return Counter({(channel, state): number for channel, state, number in found})


def _replied(session: Session, period: _Period) -> tuple[int, int]:
    columns = (func.count(Message.id.distinct()), func.count(Reply.patient_id.distinct()))
    query = select(*columns).join(Reply, Reply.answers_id == Message.id).where(_is_sent(period))
    messages, patients = session.execute(query).one()
    return messages, patients


def _outcomes(session: Session, period: _Period) -> Counter[CheckInOutcome | None]:
    """How many check-ins sent in the period came to each outcome that holds; None for those without an answer."""
    asked = (
        select(Reminder.treatment_id, Reminder.step)
        .join(MessageReminder, MessageReminder.reminder_id == Reminder.id)
        .join(Message, Message.id == MessageReminder.message_id)
        .where(Reminder.is_check_in, _is_sent(period))
        .distinct()
        .subquery()
    )
    # A nudge and a second look are further rounds of one check-in.
    of_one = (Reminder.treatment_id, Reminder.step)
    newest = func.row_number().over(partition_by=of_one, order_by=(CheckIn.answered_at.desc(), CheckIn.id.desc()))
    answers = select(*of_one, CheckIn.outcome, newest.label("rank")).join(Reminder, Reminder.id == CheckIn.reminder_id)
    ranked = answers.where(CheckIn.clinic_id == period.clinic_id).subquery()
    same = (ranked.c.treatment_id == asked.c.treatment_id, ranked.c.step == asked.c.step)
    holds = and_(*same, ranked.c.rank == 1)
    query = (
        select(ranked.c.outcome, func.count()).select_from(asked).outerjoin(ranked, holds).group_by(ranked.c.outcome)
    )
    return Counter(dict(session.execute(query).all()))


def _consults(session: Session, period: _Period) -> Counter[ConsultState]:
    query = select(Consult.state, func.count()).where(
        Consult.clinic_id == period.clinic_id, period.of(Consult.offered_at)
    )
    return Counter(dict(session.execute(query.group_by(Consult.state)).all()))


def _opt_outs(session: Session, period: _Period) -> int:
    query = select(func.count()).where(OptOut.clinic_id == period.clinic_id, period.of(OptOut.at))
    return session.scalar(query) or 0


def _tickets(session: Session, period: _Period) -> Counter[TicketKind]:
    query = select(Ticket.kind, func.count()).where(Ticket.clinic_id == period.clinic_id, period.of(Ticket.opened_at))
    return Counter(dict(session.execute(query.group_by(Ticket.kind)).all()))
