"""Somebody comes on call while an alarm rings: from then on it calls them too."""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from reminders.care import rounds
from reminders.care.alerts import drafts_about, staff_of, tell_of_nobody, turn_of
from reminders.care.rounds import Call, Contact
from reminders.models import Ticket
from reminders.models.kinds import TicketKind, TicketState
from reminders.outbox import enqueue, sending_channels


@contextmanager
def whoever_is_new(session: Session, clinic_id: uuid.UUID, now: datetime) -> Iterator[None]:
    """What happens within changes the clinic's people: whoever is then called first, and was not, is called at once.

    With nobody on call any more these are the owners, who would hear of it later only. Who is not called first any
    more needs nothing: delivery asks again before each call.
    """
    before = {(one.staff.id, one.channel) for one in _first(session, clinic_id)}
    yield
    after = _first(session, clinic_id)
    join(session, clinic_id, [one for one in after if (one.staff.id, one.channel) not in before], None, now)
    if before and not after and _ringing(session, clinic_id):
        tell_of_nobody(session, clinic_id, now)


def join(
    session: Session, clinic_id: uuid.UUID, contacts: Sequence[Contact], since: datetime | None, now: datetime
) -> None:
    """What rings and nobody has in hand calls them too: from the first round after `since` on, or from that of now on.

    A round that is past and still worth making goes at once. What is queued already is not queued again.
    """
    for ticket in _ringing(session, clinic_id) if contacts else ():
        turn = turn_of(session, ticket)
        began = turn.began
        ahead = [one for one in rounds.ROUNDS if began + one.until > now and not (since and began + one.after <= since)]
        calls = [Call(contact, rounds.again(one, turn.n)) for one in ahead for contact in contacts]
        enqueue(session, drafts_about(ticket, calls, began), now)


def _first(session: Session, clinic_id: uuid.UUID) -> list[Contact]:
    return rounds.first_called(staff_of(session, clinic_id), sending_channels(session, clinic_id))


def _ringing(session: Session, clinic_id: uuid.UUID) -> Sequence[Ticket]:
    ringing = (Ticket.clinic_id == clinic_id, Ticket.kind == TicketKind.RED_FLAG, Ticket.state == TicketState.OPEN)
    return session.scalars(select(Ticket).where(*ringing)).all()
