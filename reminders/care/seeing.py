"""What staff have read: a reply is unread until somebody who may act on it has had its conversation open.

See decision 0031. Only whoever may act marks anything, and only up to what was on their screen.
"""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, bindparam, case, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from reminders.care.actors import Actor
from reminders.database import core_table
from reminders.models import Reply

MOST_COUNTED = 99
"""Above this nobody needs the exact number of unread conversations."""

_MOST_LOOKED_AT = 500
"""How many unread replies are looked at to count their conversations."""


@dataclass(frozen=True, slots=True)
class Talk:
    """One conversation: a patient's, or that of an address (by its look-up index) of which nobody knows who writes."""

    patient_id: uuid.UUID | None
    index: str = ""

    @property
    def is_of(self) -> ColumnElement[bool]:
        """Whether a reply belongs to it."""
        if self.patient_id is not None:
            return Reply.patient_id == self.patient_id
        return Reply.patient_id.is_(None) & (Reply.from_index == self.index)


def talk_of(reply: Reply) -> Talk:
    """The conversation that a reply belongs to."""
    return Talk(reply.patient_id) if reply.patient_id else Talk(None, reply.from_index)


def see(session: Session, actor: Actor, shown: Collection[uuid.UUID], now: datetime) -> int:
    """Somebody has had these replies on their screen, so all of their conversations up to them: how many replies that
    were unread were read. Who was first stays on record. One statement."""
    there = aliased(Reply)
    nobody = and_(there.patient_id.is_(None), Reply.patient_id.is_(None), there.from_index == Reply.from_index)
    same = or_(there.patient_id == Reply.patient_id, nobody)
    on_screen = (there.id.in_(shown), there.clinic_id == actor.clinic_id, there.received_at >= Reply.received_at)
    return _mark(session, actor, select(there.id).where(*on_screen, same).exists(), now)


def see_only(session: Session, actor: Actor, shown: Collection[uuid.UUID], now: datetime) -> int:
    """As `see`, for replies of which nothing that came before was on the screen: only they have been read."""
    return _mark(session, actor, Reply.id.in_(shown), now)


def unsee(session: Session, actor: Actor, talk: Talk) -> bool:
    """The newest reply of the conversation is to be unread again, for whoever takes it up later."""
    mine = (Reply.clinic_id == actor.clinic_id, talk.is_of)
    newest = select(Reply.id).where(*mine).order_by(Reply.received_at.desc(), Reply.id.desc()).limit(1)
    changed = update(Reply).where(Reply.id == newest.scalar_subquery()).values(seen_at=None, seen_by=None)
    found = session.scalar(changed.returning(Reply.id).execution_options(synchronize_session=False))
    return found is not None


def unread(session: Session, clinic_id: uuid.UUID) -> int:
    """How many conversations have something unread; above MOST_COUNTED any larger number. One statement by its own
    index, whose cost has a bound."""
    return int(session.connection().execute(_UNREAD, {"clinic": clinic_id}).scalar_one())


def _mark(session: Session, actor: Actor, these: ColumnElement[bool], now: datetime) -> int:
    unseen = (Reply.clinic_id == actor.clinic_id, Reply.seen_at.is_(None))
    changed = update(Reply).where(*unseen, these).values(seen_at=now, seen_by=actor.staff_id).returning(Reply.id)
    return len(session.scalars(changed.execution_options(synchronize_session=False)).all())


_reply = core_table(Reply)
_NEWEST = (
    select(_reply.c.patient_id, _reply.c.from_index)
    .where(_reply.c.clinic_id == bindparam("clinic", type_=_reply.c.clinic_id.type), _reply.c.seen_at.is_(None))
    .order_by(_reply.c.received_at.desc())
    .limit(_MOST_LOOKED_AT)
    .subquery()
)
_UNREAD = select(
    func.count(_NEWEST.c.patient_id.distinct())
    + func.count(case((_NEWEST.c.patient_id.is_(None), _NEWEST.c.from_index)).distinct())
)
