"""Ways in without a password (one-time links), and the signed-in browser, kept on the server."""

import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from reminders.crypto import hash_token
from reminders.ids import new_id
from reminders.models import Clinic, SignInLink, Staff, StaffSession

LINK_LASTS = timedelta(hours=24)
INVITATION_LASTS = timedelta(days=7)

IDLE = timedelta(hours=12)
"""A session that nobody used for this long is over."""

ABSOLUTE = timedelta(days=7)
"""No session lasts longer than this, however busy."""

TOUCH_EVERY = timedelta(minutes=5)
_TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """What the browser gets: `token` for its cookie, `csrf_token` for its forms, and its latest end (UTC)."""

    token: str
    csrf_token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who is signed in, and where. `is_stale` asks for `touch` in a session that may write."""

    staff: Staff
    clinic: Clinic
    csrf_token: str
    session_id: uuid.UUID
    is_stale: bool


def new_link(session: Session, staff: Staff, now: datetime, lasts: timedelta = LINK_LASTS) -> str:
    """A token that signs `staff` in once, within 24 hours unless told; only its hash is kept."""
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    link = SignInLink(
        id=new_id(),
        clinic_id=staff.clinic_id,
        staff_id=staff.id,
        token_hash=hash_token(token),
        expires_at=now + lasts,
    )
    session.add(link)
    session.flush()
    return token


def redeem(session: Session, token: str, now: datetime) -> Staff | None:
    """Whom the link lets in; None if it is unknown, used, out of date, or its owner is disabled. Works once.

    It also ends a lockout: whoever has the link is the right person.
    """
    unused = (SignInLink.token_hash == hash_token(token), SignInLink.used_at.is_(None), SignInLink.expires_at > now)
    statement = update(SignInLink).where(*unused).values(used_at=now).returning(SignInLink.staff_id)
    staff_id = session.scalar(statement, execution_options={"synchronize_session": False})
    staff = session.get(Staff, staff_id) if staff_id else None
    if staff is None or staff.disabled_at is not None:
        return None
    staff.failed_sign_ins, staff.locked_until = 0, None
    return staff


def open_session(session: Session, staff: Staff, now: datetime) -> OpenedSession:
    """Sign `staff` in: a new session, its tokens told only now. Their sessions that are over are swept away."""
    over = or_(StaffSession.expires_at <= now, StaffSession.last_seen_at <= now - IDLE)
    session.execute(delete(StaffSession).where(StaffSession.staff_id == staff.id, over))
    opened = OpenedSession(
        token=secrets.token_urlsafe(_TOKEN_BYTES),
        csrf_token=secrets.token_urlsafe(_TOKEN_BYTES),
        expires_at=now + ABSOLUTE,
    )
    row = StaffSession(
        id=new_id(),
        clinic_id=staff.clinic_id,
        staff_id=staff.id,
        token_hash=hash_token(opened.token),
        csrf_token=opened.csrf_token,
        created_at=now,
        last_seen_at=now,
        expires_at=opened.expires_at,
    )
    session.add(row)
    session.flush()
    return opened


def find_session(session: Session, token: str, now: datetime) -> SignedIn | None:
    """Who holds the cookie `token`; None if it is unknown, revoked, 12 hours idle, 7 days old, or its owner disabled.

    Does not write, so that it may run in a session for reading: `touch` keeps a session alive.
    """
    valid = (StaffSession.token_hash == hash_token(token), StaffSession.revoked_at.is_(None))
    alive = (StaffSession.expires_at > now, StaffSession.last_seen_at > now - IDLE, Staff.disabled_at.is_(None))
    found = session.execute(
        select(StaffSession, Staff, Clinic)
        .join(Staff, Staff.id == StaffSession.staff_id)
        .join(Clinic, Clinic.id == StaffSession.clinic_id)
        .where(*valid, *alive)
    ).one_or_none()
    if found is None:
        return None
    row, staff, clinic = found
    return SignedIn(staff, clinic, row.csrf_token, row.id, row.last_seen_at <= now - TOUCH_EVERY)


def touch(session: Session, session_id: uuid.UUID, now: datetime) -> None:
    """Note that the session is in use."""
    session.execute(update(StaffSession).where(StaffSession.id == session_id).values(last_seen_at=now))


def sign_out(session: Session, session_id: uuid.UUID, now: datetime) -> None:
    """End one session."""
    live = (StaffSession.id == session_id, StaffSession.revoked_at.is_(None))
    session.execute(update(StaffSession).where(*live).values(revoked_at=now))


def sign_out_everywhere(session: Session, staff_id: uuid.UUID, now: datetime) -> None:
    """End every session of one person: after a new password, or when they leave."""
    live = (StaffSession.staff_id == staff_id, StaffSession.revoked_at.is_(None))
    session.execute(update(StaffSession).where(*live).values(revoked_at=now))
