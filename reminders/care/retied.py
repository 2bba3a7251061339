"""What an answer has led to goes with it to the treatment that it was about, or is taken back."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, exists, select, update
from sqlalchemy.orm import Session

from reminders.care import consult_tickets, consults, severities
from reminders.care.ending import RETIED
from reminders.care.silence import SECOND_LOOK
from reminders.care.ticket_keys import key_for
from reminders.care.tickets import NewTicket, open_ticket
from reminders.models import CheckIn, Consult, Message, MessageReminder, Reminder, Reply, Ticket
from reminders.models.kinds import CheckInOutcome, ConsultState, ReminderState, TicketKind
from reminders.outbox import cancel
from schedules.lifecycle import CANCELLABLE


@dataclass(frozen=True, slots=True)
class Moved:
    """An answer that is a treatment's now, and of which it was before; its check-ins are moved already."""

    reply: Reply
    answers: Collection[CheckIn]
    before: Collection[uuid.UUID]
    to: uuid.UUID

    @property
    def persists(self) -> bool:
        """Whether it calls for a consult."""
        return any(answer.outcome is CheckInOutcome.PERSISTING for answer in self.answers)


def carry(session: Session, moved: Moved, now: datetime) -> None:
    """Tickets, consult, second look and what a rise of the severity means, once the check-ins are moved."""
    for ticket in session.scalars(select(Ticket).where(Ticket.reply_id == moved.reply.id).order_by(Ticket.id)).all():
        _carry_ticket(session, ticket, moved, now)
    session.flush()
    _carry_consult(session, moved, now)
    _take_back_second_look(session, moved, now)
    for treatment_id in (*moved.before, moved.to):
        severities.weigh_anew(session, treatment_id)


def _carry_ticket(session: Session, ticket: Ticket, moved: Moved, now: datetime) -> None:
    own_key = key_for(ticket.kind, moved.reply.id)
    if ticket.kind is not TicketKind.CONSULT or ticket.dedupe_key == own_key:
        ticket.treatment_id = moved.to
        session.flush()
        if ticket.kind is TicketKind.CONSULT:
            consult_tickets.join_waiting(session, ticket.id, now)
        return
    # It was opened by an earlier answer, which it is about again; this one has a ticket of its own there.
    ticket.reply_id = uuid.UUID(ticket.dedupe_key.rpartition(":")[2])
    session.execute(update(Reply).where(Reply.id == ticket.reply_id).values(handled_at=None))
    patient_id, reason = moved.reply.patient_id, ticket.reason
    new = NewTicket(ticket.clinic_id, ticket.kind, own_key, patient_id, moved.to, moved.reply.id, reason=reason)
    consult_tickets.join_waiting(session, open_ticket(session, new, now).id, now)


def _carry_consult(session: Session, moved: Moved, now: datetime) -> None:
    """The consult that the answer led to goes along, unless another answer calls for it too, or it has come further.
    Where the other treatment has one already it is taken back."""
    stale = _only_because_of(moved)
    if session.scalar(select(exists().where(Consult.treatment_id == moved.to))):
        session.execute(delete(Consult).where(*stale))
        return
    goes = update(Consult).where(*stale).values(treatment_id=moved.to).returning(Consult.id)
    if session.scalars(goes).first() is None and moved.persists:
        consults.offer(session, moved.to, now)


def _only_because_of(moved: Moved) -> tuple[ColumnElement[bool], ...]:
    persists = exists().where(
        CheckIn.treatment_id == Consult.treatment_id, CheckIn.outcome == CheckInOutcome.PERSISTING
    )
    # An answer and its offer are of one moment.
    its_own = Consult.offered_at.in_([answer.answered_at for answer in moved.answers])
    return (Consult.treatment_id.in_(moved.before), Consult.state == ConsultState.OFFERED, its_own, ~persists)


def _take_back_second_look(session: Session, moved: Moved, now: datetime) -> None:
    """One that is owed because the skin was getting better, where nobody has said so any more, and has not gone."""
    improves = exists().where(
        CheckIn.treatment_id == Reminder.treatment_id, CheckIn.outcome == CheckInOutcome.IMPROVING
    )
    gone = exists().where(
        MessageReminder.reminder_id == Reminder.id,
        Message.id == MessageReminder.message_id,
        Message.state.not_in(CANCELLABLE),
    )
    owed = (Reminder.treatment_id.in_(moved.before), Reminder.reason == SECOND_LOOK, ~improves, ~gone)
    stale = session.scalars(select(Reminder.id).where(*owed, Reminder.state == ReminderState.OWED)).all()
    carries = select(MessageReminder.message_id).where(MessageReminder.reminder_id.in_(stale))
    cancel(session, Message.id.in_(carries), RETIED, now)
    off = {"state": ReminderState.CANCELLED, "state_at": now, "reason": RETIED}
    session.execute(update(Reminder).where(Reminder.id.in_(stale)).values(**off))
