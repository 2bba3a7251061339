"""Who calls: a clinic's practice system, by its key."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import Depends, HTTPException, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.orm import Session

from reminders.care.actors import Actor
from reminders.care.staff.api_keys import find_api_key, is_use_stale, note_api_use
from reminders.database import Database
from reminders.models import ApiKey, Clinic
from reminders.models.instance import now
from reminders.models.kinds import Language
from reminders.web.api.failures import language_of

_REALM = 'Bearer realm="reminders"'
_scheme = HTTPBearer(auto_error=False, description="A key made by `reminders create-api-key`.")


@dataclass(frozen=True)
class Caller:
    """A known key, and its clinic's data through the one scoping door. `now` is the database's clock, in UTC."""

    database: Database
    clinic: Clinic
    key_id: UUID
    now: datetime
    language: Language

    @property
    def actor(self) -> Actor:
        """The key, as the records name who did it."""
        return Actor(clinic_id=self.clinic.id, source="api", api_key_id=self.key_id)

    @property
    def zone(self) -> ZoneInfo:
        """The clinic's zone."""
        return ZoneInfo(self.clinic.timezone)

    def begin(self) -> AbstractContextManager[Session]:
        """A session that may write the clinic's data."""
        return self.database.begin(clinic=self.clinic.id)

    def read(self) -> AbstractContextManager[Session]:
        """A session that may read the clinic's data."""
        return self.database.read(clinic=self.clinic.id)


def authenticate(request: Request) -> Caller:
    """The caller, by the Authorization header.

    Raises:
        HTTPException: 401, with the challenge that RFC 6750 asks for.
    """
    database: Database = request.app.state.database
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise HTTPException(401, headers={"WWW-Authenticate": _REALM})
    with database.read() as session:
        moment = now(session)
        key = find_api_key(session, token.strip(), moment)
        if key is None:
            raise HTTPException(401, headers={"WWW-Authenticate": f'{_REALM}, error="invalid_token"'})
        clinic = session.get_one(Clinic, key.clinic_id)
    _note_use(database, key, moment)
    return Caller(database, clinic, key.id, moment, language_of(request))


def _note_use(database: Database, key: ApiKey, moment: datetime) -> None:
    if is_use_stale(key, moment):
        with database.begin(clinic=key.clinic_id) as session:
            note_api_use(session, key, moment)


def _caller(request: Request, _documented: Annotated[HTTPAuthorizationCredentials | None, Security(_scheme)]) -> Caller:
    found: Caller = request.state.caller
    return found


KnownCaller = Annotated[Caller, Depends(_caller)]
