"""Keys for the JSON API."""

import secrets
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from reminders.care import audit
from reminders.care.actors import Actor
from reminders.care.texts_in import one_line, text_problem
from reminders.crypto import hash_token
from reminders.errors import InvalidInputError, NotFoundError, Problem
from reminders.ids import new_id
from reminders.models import ApiKey

_PREFIX = "rk_"
"""Lets people and secret scanners recognise a key that strayed."""

_KEY_BYTES = 32
_LONGEST_NAME = 120
_NOTE_EVERY = timedelta(hours=1)


LASTS: Mapping[str, timedelta | None] = {
    "year": timedelta(days=365),
    "quarter": timedelta(days=90),
    "ever": None,
}
"""How long a key may be made to last, by the word that somebody chooses."""


def keys_of(session: Session, clinic_id: uuid.UUID) -> Sequence[ApiKey]:
    """The clinic's keys, those that were ended last, else the newest first."""
    asked = select(ApiKey).where(ApiKey.clinic_id == clinic_id)
    return session.scalars(asked.order_by(ApiKey.revoked_at.is_not(None), ApiKey.created_at.desc(), ApiKey.id)).all()


def make_key(session: Session, actor: Actor, name: str, lasts: str, now: datetime) -> str:
    """A member of staff makes a key; it is told only now. `lasts` is a word of LASTS.

    Raises:
        InvalidInputError: on name, as for `new_api_key`; on lasts, choice_unknown.
    """
    if lasts not in LASTS:
        raise InvalidInputError({"lasts": Problem("choice_unknown", choices=", ".join(LASTS))})
    span = LASTS[lasts]
    key = new_api_key(session, actor.clinic_id, name, now, now + span if span else None)
    made = session.scalars(select(ApiKey.id).where(ApiKey.key_hash == hash_token(key))).one()
    audit.note(session, actor, "api_key.made", "api_key", made, now)
    return key


def end_key(session: Session, actor: Actor, key_id: uuid.UUID, now: datetime) -> None:
    """A member of staff ends a key: the next request with it is refused. Ending it again changes nothing.

    Raises:
        NotFoundError: the clinic has no such key.
    """
    own = (ApiKey.id == key_id, ApiKey.clinic_id == actor.clinic_id)
    found = session.scalars(select(ApiKey).where(*own)).one_or_none()
    if found is None:
        raise NotFoundError("no such key")
    if found.revoked_at is None:
        revoke_api_key(session, actor.clinic_id, key_id, now)
        audit.note(session, actor, "api_key.revoked", "api_key", key_id, now)


def new_api_key(
    session: Session, clinic_id: uuid.UUID, name: str, now: datetime, expires_at: datetime | None = None
) -> str:
    """A key for the clinic's data, told only now; `name` says for staff what uses it. It lasts until `expires_at`
    (UTC), if there is one.

    Raises:
        InvalidInputError: on name, name_missing, too_long or control_characters.
    """
    shown = one_line(name)
    problem = text_problem(shown, _LONGEST_NAME) if shown else Problem("name_missing")
    if problem:
        raise InvalidInputError({"name": problem})
    key = _PREFIX + secrets.token_urlsafe(_KEY_BYTES)
    made = {"id": new_id(), "clinic_id": clinic_id, "name": shown, "key_hash": hash_token(key), "scopes": []}
    session.add(ApiKey(**made, created_at=now, expires_at=expires_at))
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
