"""Keys for the JSON API."""

import secrets
import uuid
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from reminders.care.texts_in import one_line, text_problem
from reminders.crypto import hash_token
from reminders.errors import InvalidInputError, Problem
from reminders.ids import new_id
from reminders.models import ApiKey

_PREFIX = "rk_"
"""Lets people and secret scanners recognise a key that strayed."""

_KEY_BYTES = 32
_LONGEST_NAME = 120
_NOTE_EVERY = timedelta(hours=1)


def new_api_key(session: Session, clinic_id: uuid.UUID, name: str, now: datetime) -> str:
    """A key for the clinic's data, told only now; `name` says for staff what uses it.

    Raises:
        InvalidInputError: on name, name_missing, too_long or control_characters.
    """
    shown = one_line(name)
    problem = text_problem(shown, _LONGEST_NAME) if shown else Problem("name_missing")
    if problem:
        raise InvalidInputError({"name": problem})
    key = _PREFIX + secrets.token_urlsafe(_KEY_BYTES)
    session.add(
        ApiKey(id=new_id(), clinic_id=clinic_id, name=shown, key_hash=hash_token(key), scopes=[], created_at=now)
    )
    session.flush()
    return key


def find_api_key(session: Session, key: str, now: datetime) -> ApiKey | None:
    """The row of a key that is in force; None if it is unknown, revoked or out of date. Does not write."""
    in_force = (ApiKey.revoked_at.is_(None), or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > now))
    return session.scalar(select(ApiKey).where(ApiKey.key_hash == hash_token(key), *in_force))


def is_use_stale(key: ApiKey, now: datetime) -> bool:
    """Whether `note_api_use` would write: it keeps the last use to the hour, so that few requests do."""
    return key.last_used_at is None or key.last_used_at <= now - _NOTE_EVERY


def note_api_use(session: Session, key: ApiKey, now: datetime) -> None:
    """Keep when a key was last used, to the hour, so that staff can see which are forgotten."""
    if is_use_stale(key, now):
        session.execute(update(ApiKey).where(ApiKey.id == key.id).values(last_used_at=now))


def revoke_api_key(session: Session, clinic_id: uuid.UUID, key_id: uuid.UUID, now: datetime) -> None:
    """End a key of the clinic's; ending it again changes nothing."""
    live = (ApiKey.id == key_id, ApiKey.clinic_id == clinic_id, ApiKey.revoked_at.is_(None))
    session.execute(update(ApiKey).where(*live).values(revoked_at=now))
