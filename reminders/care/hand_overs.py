"""Who is on call, and who takes over when: from that moment they alone are, and what already rings calls them next."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from reminders import logs
from reminders.care import audit, newly_called, rounds
from reminders.care.actors import Actor
from reminders.care.alerts import staff_of
from reminders.database import Database
from reminders.errors import InvalidInputError, NotFoundError, Problem
from reminders.ids import new_id
from reminders.models import HandOver, Staff
from reminders.models.instance import now as clock
from reminders.models.kinds import Channel, Role
from reminders.outbox import sending_channels

_log = logs.get(__name__)


@dataclass(frozen=True, slots=True)
class OnCall:
    """Somebody who is called, and by what. Without a channel they cannot be."""

    staff_id: uuid.UUID
    name: str = field(repr=False)
    channels: tuple[Channel, ...]


@dataclass(frozen=True, slots=True)
class Next:
    """A hand-over to come: from `at` (UTC) `who` alone is on call."""

    id: uuid.UUID
    at: datetime
    who: OnCall


@dataclass(frozen=True, slots=True)
class Rota:
    """Who is on call now, and who takes over, soonest first. With nobody on call the owners are called."""

    now: Sequence[OnCall]
    next: Sequence[Next]
    may_take: Sequence[OnCall]
    """Everybody who can be handed over to."""


def rota(session: Session, clinic_id: uuid.UUID) -> Rota:
    """The clinic's people as alarms see them. A constant number of statements."""
    channels = sending_channels(session, clinic_id)
    own = (Staff.clinic_id == clinic_id, Staff.disabled_at.is_(None))
    names = {one.id: one.name for one in session.execute(select(Staff.id, Staff.name).where(*own))}
    people = staff_of(session, clinic_id)
    every = {
        person.id: OnCall(person.id, names[person.id], tuple(way.channel for way in rounds.ways(person, channels)))
        for person in people
    }
    waiting = select(HandOver).where(HandOver.clinic_id == clinic_id, HandOver.done_at.is_(None))
    coming = session.scalars(waiting.order_by(HandOver.at, HandOver.id)).all()
    return Rota(
        now=[every[person.id] for person in people if person.on_call and person.role is not Role.VIEWER],
        next=[Next(one.id, one.at, every[one.staff_id]) for one in coming if one.staff_id in every],
        may_take=sorted((one for one in every.values() if one.channels), key=lambda one: one.name),
    )


def hand_over(session: Session, actor: Actor, staff_id: uuid.UUID | None, at: datetime, now: datetime) -> HandOver:
    """From `at` on this member of staff alone is on call; at once if that is now or past.

    Raises:
        InvalidInputError: on staff_id, on_call_unknown: nobody here of that id; on_call_unreachable: no alert could
            reach them; viewer_on_call: they may only look.
    """
    person = next((one for one in staff_of(session, actor.clinic_id) if one.id == staff_id), None)
    if person is None:
        raise InvalidInputError({"staff_id": Problem("on_call_unknown")})
    if person.role is Role.VIEWER:
        raise InvalidInputError({"staff_id": Problem("viewer_on_call")})
    if not _hears(session, actor.clinic_id, person):
        raise InvalidInputError({"staff_id": Problem("on_call_unreachable")})
    row = HandOver(
        id=new_id(),
        clinic_id=actor.clinic_id,
        staff_id=person.id,
        at=max(at, now),
        recorded_by=actor.staff_id,
        created_at=now,
    )
    session.add(row)
    session.flush()
    audit.note(session, actor, "hand_over.planned", "staff", person.id, now, {"at": row.at.isoformat()})
    if row.at <= now:
        _make(session, row, now)
    return row


def cancel(session: Session, actor: Actor, hand_over_id: uuid.UUID, now: datetime) -> None:
    """It does not come to be; whoever is on call stays so.

    Raises:
        NotFoundError: there is none to come of that id in this clinic.
    """
    own = (HandOver.id == hand_over_id, HandOver.clinic_id == actor.clinic_id, HandOver.done_at.is_(None))
    gone = session.scalar(delete(HandOver).where(*own).returning(HandOver.staff_id))
    if gone is None:
        raise NotFoundError("no such hand-over")
    audit.note(session, actor, "hand_over.cancelled", "staff", gone, now)


def make_due(database: Database) -> int:
    """Make every hand-over whose time has come. How many; one that fails holds up no other clinic's."""
    with database.read() as session:
        now = clock(session)
        due = select(HandOver.id, HandOver.clinic_id).where(HandOver.done_at.is_(None), HandOver.at <= now)
        waiting = session.execute(due.order_by(HandOver.at, HandOver.id)).all()
    return sum(_try(database, id_, clinic_id, now) for id_, clinic_id in waiting)


def _try(database: Database, hand_over_id: uuid.UUID, clinic_id: uuid.UUID, now: datetime) -> bool:
    try:
        with database.begin(clinic=clinic_id) as session:
            found = session.scalars(select(HandOver).where(HandOver.id == hand_over_id)).one_or_none()
            return found is not None and _make(session, found, now)
    except Exception as error:  # one clinic's must not hold up the others'
        _log.error("not handed over", staff_id=None, exc_info=error)
        return False


def _make(session: Session, row: HandOver, now: datetime) -> bool:
    """Put them on call and everybody else off, once. Who has left meanwhile, or can be reached no longer, takes
    nothing: those before stay."""
    mine = (HandOver.id == row.id, HandOver.done_at.is_(None))
    if session.scalar(update(HandOver).where(*mine).values(done_at=now).returning(HandOver.id)) is None:
        return False
    actor = Actor(row.clinic_id, "staff", row.recorded_by)
    taker = next((one for one in staff_of(session, row.clinic_id) if one.id == row.staff_id), None)
    if taker is None or not _hears(session, row.clinic_id, taker):
        audit.note(session, actor, "hand_over.void", "staff", row.staff_id, now)
        return False
    every = update(Staff).where(Staff.clinic_id == row.clinic_id)
    session.execute(every.values(on_call=Staff.id == row.staff_id), execution_options={"synchronize_session": False})
    audit.note(session, actor, "hand_over.made", "staff", row.staff_id, now)
    ways = list(rounds.ways(taker, sending_channels(session, row.clinic_id)))
    newly_called.join(session, row.clinic_id, ways, row.at, now)
    return True


def _hears(session: Session, clinic_id: uuid.UUID, person: rounds.Colleague) -> bool:
    """Whether an alert can reach them by something that the clinic sends on."""
    return any(rounds.ways(person, sending_channels(session, clinic_id)))
