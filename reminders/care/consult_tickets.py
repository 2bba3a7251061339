"""One open consult ticket a treatment: a later answer that asks for the same joins the ticket that waits already."""

import uuid
from datetime import datetime

from sqlalchemy import Select, exists, select, update
from sqlalchemy.orm import Session

from reminders.models import Reply, Ticket, Treatment
from reminders.models.kinds import TicketKind, TicketState


def join_waiting(session: Session, ticket_id: uuid.UUID, now: datetime) -> None:
    """Make one of a consult's ticket just opened and of the treatment's that waits, if one does.

    That one shows the newest words from then on, and presses as much as either; where that is more than before
    somebody must take it in hand anew. The reply that it showed is dealt with by it.
    """
    new = session.get(Ticket, ticket_id)
    if new is None or new.treatment_id is None:
        return
    # Of two answers at once the second finds the first one's ticket.
    session.execute(select(Treatment.id).where(Treatment.id == new.treatment_id).with_for_update())
    waiting = session.scalars(_waiting(new)).first()
    if waiting is None:
        return
    shown, presses_more = waiting.reply_id, new.priority < waiting.priority
    waiting.reply_id, waiting.reason = new.reply_id, new.reason or waiting.reason
    if presses_more:
        waiting.priority = new.priority
        waiting.state, waiting.acknowledged_at, waiting.acknowledged_by = TicketState.OPEN, None, None
    session.delete(new)
    session.flush()
    others = exists().where(Ticket.reply_id == shown, Ticket.state != TicketState.CLOSED)
    dealt_with = update(Reply).where(Reply.id == shown, Reply.handled_at.is_(None), ~others)
    session.execute(dealt_with.values(handled_at=now))


def _waiting(new: Ticket) -> Select[Ticket]:
    same = (Ticket.kind == TicketKind.CONSULT, Ticket.treatment_id == new.treatment_id, Ticket.id != new.id)
    return select(Ticket).where(*same, Ticket.state != TicketState.CLOSED).order_by(Ticket.opened_at, Ticket.id)
