"""Who is looking at a page: their language, their zone, the time, and for staff their clinic."""

from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from reminders.care import holds, seeing
from reminders.care.actors import Actor
from reminders.care.staff import SignedIn, find_session, touch
from reminders.database import Database
from reminders.models import Clinic, Instance, Staff
from reminders.models.instance import CLOCK_OFFSET
from reminders.models.instance import now as database_now
from reminders.models.kinds import Language, Role
from reminders.settings import Settings
from reminders.web.i18n import preferred
from reminders.web.watch import Standstill, Watch, standstill

SESSION_COOKIE = "session"
VISIT_COOKIE = "visit"
"""Carries the form token of somebody who has not signed in yet."""

LANGUAGE_COOKIE = "language"
"""The language that somebody chose who has not signed in: "en" or "fr"."""

LIVE_LOOK = "x-live"
"""The header of a look that an open page takes by itself: it is no sign of a person, so it keeps no session alive."""


@dataclass(frozen=True, kw_only=True)
class Visitor:
    """Anybody with a browser. `now` is the database's clock in UTC, demo offset included."""

    request: Request
    now: datetime
    on_demo_clock: bool
    language: Language
    zone: ZoneInfo
    csrf_token: str

    @property
    def database(self) -> Database:
        """The application's database, unscoped: for sign-in and patients' links."""
        database: Database = self.request.app.state.database
        return database

    @property
    def settings(self) -> Settings:
        """The application's settings."""
        settings: Settings = self.request.app.state.settings
        return settings

    @property
    def signed_in(self) -> bool:
        """Whether this is a member of staff."""
        return isinstance(self, Member)

    def with_token(self, csrf_token: str) -> Self:
        """The same visitor with a token for their forms."""
        return replace(self, csrf_token=csrf_token)


@dataclass(frozen=True, kw_only=True)
class Member(Visitor):
    """A signed-in member of a clinic's staff, whose sessions see that clinic alone.

    `everything_held`, `held_protocols` (by name, in their language) and `standstill` are what every page says of
    sending, if there is anything to say; `unread` is how many conversations are (see `care.seeing.unread`).
    """

    staff: Staff
    clinic: Clinic
    session_id: UUID
    everything_held: holds.EverythingHeld | None
    held_protocols: tuple[str, ...]
    standstill: Standstill | None
    unread: int

    @property
    def may_change(self) -> bool:
        """Whether they may change anything at all."""
        return self.staff.role is not Role.VIEWER

    @property
    def is_owner(self) -> bool:
        """Whether they answer for the clinic: what patients read is theirs to approve."""
        return self.staff.role is Role.OWNER

    @property
    def actor(self) -> Actor:
        """Them, as the records name who did it."""
        return Actor(clinic_id=self.clinic.id, source="form", staff_id=self.staff.id)

    def begin(self) -> AbstractContextManager[Session]:
        """A session that may write their clinic's data."""
        return self.database.begin(clinic=self.clinic.id)

    def read(self) -> AbstractContextManager[Session]:
        """A session that may read their clinic's data."""
        return self.database.read(clinic=self.clinic.id)


def visitor_of(request: Request) -> Visitor:
    """Whoever sent the request; looked up once for each."""
    if not hasattr(request.state, "visitor"):
        request.state.visitor = _look_up(request)
    found: Visitor = request.state.visitor
    return found


def _look_up(request: Request) -> Visitor:
    database: Database = request.app.state.database
    with database.read() as session:
        now = database_now(session)
        on_demo_clock = session.get(Instance, CLOCK_OFFSET) is not None
        token = request.cookies.get(SESSION_COOKIE)
        signed = find_session(session, token, now) if token else None
        if signed is None:
            return _stranger(session, request, now, on_demo_clock=on_demo_clock)
        member = _member(session, request, signed, now, on_demo_clock=on_demo_clock)
    if signed.is_stale and LIVE_LOOK not in request.headers:
        with database.begin() as session:
            touch(session, signed.session_id, now)
    return member


def _member(session: Session, request: Request, signed: SignedIn, now: datetime, *, on_demo_clock: bool) -> Member:
    watch: Watch = request.app.state.watch
    return Member(
        request=request,
        now=now,
        on_demo_clock=on_demo_clock,
        language=signed.staff.language,
        zone=ZoneInfo(signed.clinic.timezone),
        csrf_token=signed.csrf_token,
        staff=signed.staff,
        clinic=signed.clinic,
        session_id=signed.session_id,
        everything_held=holds.everything(session),
        held_protocols=_held_protocols(session, signed),
        standstill=standstill(watch.pulse(session), request.app.state.settings),
        unread=seeing.unread(session, signed.clinic.id),
    )


def _held_protocols(session: Session, signed: SignedIn) -> tuple[str, ...]:
    found = holds.held_protocols(session, signed.clinic.id)
    return tuple(one.name.get(signed.staff.language.value, one.key) for one in found)


def _stranger(session: Session, request: Request, now: datetime, *, on_demo_clock: bool) -> Visitor:
    """Somebody not signed in: greeted as they chose, else as their browser says, else as the first clinic."""
    clinic = session.execute(select(Clinic.language, Clinic.timezone).order_by(Clinic.created_at).limit(1)).first()
    default = clinic.language if clinic else Language.EN
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    return Visitor(
        request=request,
        now=now,
        on_demo_clock=on_demo_clock,
        language=Language(chosen)
        if chosen in set(Language)
        else preferred(request.headers.get("accept-language", ""), default),
        zone=ZoneInfo(clinic.timezone if clinic else "UTC"),
        csrf_token=request.cookies.get(VISIT_COOKIE, ""),
    )


def set_cookie(response: Response, request: Request, name: str, value: str) -> None:
    """A cookie that no script reads and no other site sends along; only by https where the service has it."""
    settings: Settings = request.app.state.settings
    https = settings.public_url.startswith("https:")
    response.set_cookie(name, value, httponly=True, samesite="lax", secure=https)
