"""A member of staff takes an alarm by text."""

import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from reminders.care.actors import Actor
from reminders.care.applying import Act, answer_to
from reminders.care.settling import acknowledge
from reminders.models import Ticket
from reminders.models.kinds import MessageKind
from reminders.outbox import enqueue


def take_alarm(session: Session, act: Act, alarm: uuid.UUID) -> None:
    """Acknowledge the ticket `alarm` in their name, and answer once: that it is theirs, or somebody's already."""
    ticket = session.scalars(select(Ticket).where(Ticket.id == alarm)).one()
    staff_id = act.context.colleague.staff_id if act.context.colleague else None
    taken = acknowledge(session, Actor(ticket.clinic_id, "staff", staff_id), ticket, act.now)
    template = "alert:taken" if taken else "alert:already"
    # Two machines must not talk in a ring; an alarm is taken once, so that answer needs no limit.
    tired = (MessageKind.ANSWER, "alert:already") in act.context.sent
    if act.context.sender_id is not None and (taken or not tired):
        enqueue(session, [answer_to(act, template, {"path": f"/tickets/{ticket.id}"})], act.now)
