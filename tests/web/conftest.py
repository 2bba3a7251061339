"""A clinic with its protocols, people who sign in, and a browser for each."""

import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import pytest
from fastapi import FastAPI
from sqlalchemy import select
from starlette.exceptions import StarletteDeprecationWarning

from reminders.care import clinics, staff
from reminders.database import Database
from reminders.models import Clinic, Instance, Staff
from reminders.models.instance import CLOCK_OFFSET, now
from reminders.models.kinds import Language, Role
from reminders.settings import Settings
from reminders.web.app import create_app

with warnings.catch_warnings():
    # It asks for a package of another name; plain httpx serves it as well.
    warnings.simplefilter("ignore", StarletteDeprecationWarning)
    from starlette.testclient import TestClient

TODAY = datetime.fromisoformat("2026-03-10T15:00:00+00:00")
"""A Tuesday, 11:00 in Montreal, two days after the clocks went forward."""

_CSRF = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass
class Browser:
    """A member of staff at a browser: follows no redirect, fills the form token in as the page would."""

    client: TestClient
    csrf_token: str
    clinic: Clinic
    staff: Staff

    def get(self, path: str, **more: object) -> "Answer":
        """Open a page."""
        return self.client.get(path, **more)

    def post(self, path: str, **fields: str) -> "Answer":
        """Send a form."""
        return self.client.post(path, data={"csrf_token": self.csrf_token, **fields})


Answer = object
NewBrowser = Callable[..., Browser]


@pytest.fixture
def app(settings: Settings, database: Database) -> FastAPI:
    """The application on the test's database, its clock set to TODAY."""
    with database.begin() as session:
        offset = (TODAY - now(session)).total_seconds()
        session.add(Instance(key=CLOCK_OFFSET, value=str(offset)))
    return create_app(settings, database)


@pytest.fixture
def stranger(app: FastAPI) -> TestClient:
    """A browser that nobody is signed in with."""
    return TestClient(app, follow_redirects=False)


@pytest.fixture
def browser_for(app: FastAPI, settings: Settings, database: Database) -> NewBrowser:
    """Makes a clinic with one member of staff, and their browser, signed in."""

    def make(name: str = "Clinique Lumière", role: Role = Role.OWNER, language: Language = Language.EN) -> Browser:
        email = f"{role}.{abs(hash(name))}@clinic.example"
        with database.begin() as session:
            clinic = clinics.create_clinic(session, clinics.NewClinic(name=name, phone="+15145550123"), settings, TODAY)
            person = staff.NewStaff("Camille Roy", email, role.value, language.value)
            staff.invite(session, clinic.id, person, TODAY)
            member = session.scalars(select(Staff).where(Staff.clinic_id == clinic.id)).one()
            opened = staff.open_session(session, member, TODAY)
        client = TestClient(app, follow_redirects=False, cookies={"session": opened.token})
        return Browser(client, opened.csrf_token, clinic, member)

    return make


@pytest.fixture
def browser(browser_for: NewBrowser) -> Browser:
    """An owner's browser, in English."""
    return browser_for()


def csrf_of(html: str) -> str:
    """The form token of a page."""
    found = _CSRF.search(html)
    assert found, "no form token on the page"
    return found[1]
