"""What delivery reports, turned into tickets, opt-outs and messages in place of those lost; each event once."""

import uuid
from datetime import datetime

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from reminders import logs
from reminders.care import fallback
from reminders.care.consequences import HANDLERS, NotYetError, Report, sender_paused
from reminders.database import Database
from reminders.models import Event, Message
from reminders.models.instance import now as clock
from reminders.models.kinds import EventKind
from schedules.lifecycle import State

_log = logs.get(__name__)

_AT_ONCE = 500

_OF_LOSS = (EventKind.FAILED, EventKind.UNDELIVERED, EventKind.UNKNOWN)


def handle_events(database: Database) -> int:
    """Handle what delivery has reported since, oldest first, each in a transaction of its own. How many were handled.

    A change of hours is not delivery's to report: `new_hours` follows it.

    One that cannot be handled is logged, stays open and holds up no other, however many there are of its kind.
    """
    handled, after = 0, None
    while page := _open_events(database, after):
        handled += sum(_try(database, event_id) for _, event_id in page)
        after = page[-1]
    return handled


_Place = tuple[datetime, uuid.UUID]


def _open_events(database: Database, after: _Place | None) -> list[_Place]:
    """When and which: the oldest events to handle that come `after` that one."""
    open_ones = (Event.handled_at.is_(None), Event.kind != EventKind.HOURS_CHANGED)
    query = select(Event.at, Event.id).where(*open_ones).order_by(Event.at, Event.id).limit(_AT_ONCE)
    if after is not None:
        at, event_id = after
        query = query.where(Event.at >= at, or_(Event.at > at, Event.id > event_id))
    with database.read() as session:
        return [(row.at, row.id) for row in session.execute(query)]


def handle(session: Session, event_id: uuid.UUID, now: datetime) -> bool:
    """Handle one event. False if somebody has done so before, or it must be handled again later."""
    event = session.scalars(
        update(Event).where(Event.id == event_id, Event.handled_at.is_(None)).values(handled_at=now).returning(Event)
    ).first()
    if event is None:
        return False
    if event.kind is EventKind.SENDER_PAUSED:
        sender_paused(session, event, now)
        return True
    message = session.scalars(select(Message).where(Message.id == event.message_id)).first()
    if message is None:
        return True
    fallback.lock(session, message)
    # What was reported lost and has arrived by now needs nobody; its own later event calls off what took its place.
    if message.state is State.DELIVERED and event.kind in _OF_LOSS:
        return True
    try:
        HANDLERS[event.kind](session, Report(event, message), now)
    except NotYetError:
        event.handled_at = None
        return False
    return True


def _try(database: Database, event_id: uuid.UUID) -> bool:
    try:
        with database.begin() as session:
            return handle(session, event_id, clock(session))
    except Exception as error:  # one event that cannot be handled must not hold up a red flag's text that failed
        _log.error("event not handled", exc_info=error)
        return False
