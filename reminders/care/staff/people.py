"""An owner looks after the clinic's people: who is invited, what they may do, and who has left.

Only somebody who is an owner at that very moment does so, and never to themselves: so there is always one left who can.
See decision 0035.
"""

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from reminders.care import audit, in_hand
from reminders.care.actors import Actor
from reminders.care.newly_called import whoever_is_new
from reminders.care.staff.accounts import NewStaff, add, check_person
from reminders.care.staff.sessions import INVITATION_LASTS, LINK_LASTS, new_link, sign_out_everywhere
from reminders.care.texts_in import one_line
from reminders.errors import InvalidInputError, NotFoundError, Problem
from reminders.models import Clinic, SignInLink, Staff, StaffSession
from reminders.models.kinds import Language, Role


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who works at the clinic, and how far they have come in. `last_seen_at` and `invited_until` are UTC."""

    staff: Staff = field(repr=False)
    last_seen_at: datetime | None
    invited_until: datetime | None
    """Until when a link of theirs that nobody has used yet still works."""

    @property
    def has_come_in(self) -> bool:
        """Whether they have been here at all."""
        return self.last_seen_at is not None or self.staff.password_hash is not None


@dataclass(frozen=True, slots=True)
class WayIn:
    """Somebody's one-time link, told only now: its token, and until when (UTC) it works."""

    staff: Staff = field(repr=False)
    token: str = field(repr=False)
    until: datetime


def people(session: Session, clinic_id: uuid.UUID, now: datetime) -> list[Person]:
    """Everybody of the clinic: those who may come in first, by name. Three statements."""
    staff = session.scalars(select(Staff).where(Staff.clinic_id == clinic_id).order_by(Staff.id)).all()
    seen = _newest(session, StaffSession, func.max(StaffSession.last_seen_at), clinic_id)
    unused = (SignInLink.used_at.is_(None), SignInLink.expires_at > now)
    invited = _newest(session, SignInLink, func.max(SignInLink.expires_at), clinic_id, *unused)
    every = [Person(one, seen.get(one.id), invited.get(one.id)) for one in staff]
    return sorted(every, key=lambda one: (one.staff.disabled_at is not None, one.staff.name.casefold()))


def get(session: Session, clinic_id: uuid.UUID, staff_id: uuid.UUID) -> Staff:
    """One of the clinic's people.

    Raises:
        NotFoundError: nobody of that id is.
    """
    found = session.scalar(select(Staff).where(Staff.id == staff_id, Staff.clinic_id == clinic_id))
    if found is None:
        raise NotFoundError("no such member of staff")
    return found


def invite(session: Session, actor: Actor, new: NewStaff, now: datetime) -> WayIn:
    """Add somebody, who comes in by the link.

    Raises:
        InvalidInputError: see `accounts.add`, or on person not_owner.
    """
    _as_owner(session, actor)
    with whoever_is_new(session, actor.clinic_id, now):
        staff = add(session, actor.clinic_id, new, now)
    audit.note(session, actor, "staff.invited", "staff", staff.id, now, {"role": staff.role.value})
    return _way_in(session, staff, INVITATION_LASTS, now)


def change(session: Session, actor: Actor, staff_id: uuid.UUID, typed: NewStaff, now: datetime) -> None:
    """Change what somebody is called, may do and is reached by; what they sign in with stays.

    Raises:
        NotFoundError: nobody of that id works here.
        InvalidInputError: see `accounts.check_person`; on role own_role, an owner's own.
    """
    staff = _subject(session, actor, staff_id)
    phone = check_person(session, actor.clinic_id, typed)
    if staff.id == actor.staff_id and typed.role != staff.role.value:
        raise InvalidInputError({"role": Problem("own_role")})
    values = {
        "name": one_line(typed.name),
        "role": Role(typed.role),
        "language": Language(typed.language),
        "phone": phone,
        "on_call": typed.on_call,
    }
    changed = sorted(name for name, value in values.items() if value != getattr(staff, name))
    with whoever_is_new(session, actor.clinic_id, now):
        for name in changed:
            setattr(staff, name, values[name])
    if staff.role is Role.VIEWER:
        in_hand.lay_down(session, actor, staff.id, now)
    if changed:
        detail = {"fields": changed} | ({"role": typed.role} if "role" in changed else {})
        audit.note(session, actor, "staff.changed", "staff", staff.id, now, detail)


def disable(session: Session, actor: Actor, staff_id: uuid.UUID, now: datetime) -> None:
    """They are out at once: no session, no link and no alert of theirs works any more, and what they had is nobody's.

    Raises:
        NotFoundError: nobody of that id works here.
        InvalidInputError: on person own_account, one's own, or not_owner.
    """
    staff = _somebody_else(session, actor, staff_id)
    if staff.disabled_at is not None:
        return
    with whoever_is_new(session, actor.clinic_id, now):
        staff.disabled_at, staff.on_call = now, False
    in_hand.lay_down(session, actor, staff.id, now)
    sign_out_everywhere(session, staff.id, now)
    _spend_links(session, staff, now)
    audit.note(session, actor, "staff.disabled", "staff", staff.id, now)


def enable(session: Session, actor: Actor, staff_id: uuid.UUID, now: datetime) -> None:
    """They may come in again, by their password or by a new link.

    Raises:
        NotFoundError: nobody of that id works here.
        InvalidInputError: on person not_owner.
    """
    staff = _subject(session, actor, staff_id)
    if staff.disabled_at is not None:
        with whoever_is_new(session, actor.clinic_id, now):
            staff.disabled_at = None
        audit.note(session, actor, "staff.enabled", "staff", staff.id, now)


def renew_link(session: Session, actor: Actor, staff_id: uuid.UUID, now: datetime) -> WayIn:
    """A new one-time link for somebody; those before it work no more.

    Raises:
        NotFoundError: nobody of that id works here.
        InvalidInputError: on person disabled_first, or not_owner.
    """
    staff = _subject(session, actor, staff_id)
    if staff.disabled_at is not None:
        raise InvalidInputError({"person": Problem("disabled_first")})
    _spend_links(session, staff, now)
    audit.note(session, actor, "staff.link_made", "staff", staff.id, now)
    return _way_in(session, staff, LINK_LASTS if staff.password_hash else INVITATION_LASTS, now)


def end_sessions(session: Session, actor: Actor, staff_id: uuid.UUID, now: datetime) -> None:
    """Sign somebody out wherever they are signed in; they may come in again.

    Raises:
        NotFoundError: nobody of that id works here.
        InvalidInputError: on person own_account, one's own, or not_owner.
    """
    staff = _somebody_else(session, actor, staff_id)
    sign_out_everywhere(session, staff.id, now)
    audit.note(session, actor, "staff.sessions_ended", "staff", staff.id, now)


def _subject(session: Session, actor: Actor, staff_id: uuid.UUID) -> Staff:
    staff = get(session, actor.clinic_id, staff_id)
    _as_owner(session, actor)
    session.refresh(staff)
    return staff


def _as_owner(session: Session, actor: Actor) -> None:
    """Queue up behind whoever else changes the clinic's people, and then still be an owner of it."""
    session.execute(select(Clinic.id).where(Clinic.id == actor.clinic_id).with_for_update(key_share=True))
    own = (Staff.id == actor.staff_id, Staff.clinic_id == actor.clinic_id)
    if session.scalar(select(Staff.id).where(*own, Staff.role == Role.OWNER, Staff.disabled_at.is_(None))) is None:
        raise InvalidInputError({"person": Problem("not_owner")})


def _way_in(session: Session, staff: Staff, lasts: timedelta, now: datetime) -> WayIn:
    return WayIn(staff, new_link(session, staff, now, lasts), now + lasts)


def _spend_links(session: Session, staff: Staff, now: datetime) -> None:
    unused = (SignInLink.staff_id == staff.id, SignInLink.used_at.is_(None))
    session.execute(update(SignInLink).where(*unused).values(used_at=now))


def _newest(
    session: Session,
    table: type[StaffSession | SignInLink],
    newest: ColumnElement[datetime],
    clinic_id: uuid.UUID,
    *and_: ColumnElement[bool],
) -> dict[uuid.UUID, datetime]:
    asked = select(table.staff_id, newest).where(table.clinic_id == clinic_id, *and_)
    return {row[0]: row[1] for row in session.execute(asked.group_by(table.staff_id))}


def _somebody_else(session: Session, actor: Actor, staff_id: uuid.UUID) -> Staff:
    staff = _subject(session, actor, staff_id)
    if staff.id == actor.staff_id:
        raise InvalidInputError({"person": Problem("own_account")})
    return staff
