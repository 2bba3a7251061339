"""A clinic with its protocols, people who sign in, and a browser for each."""

import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import pytest
from fastapi import FastAPI
from httpx import Response
from sqlalchemy import select
from starlette.exceptions import StarletteDeprecationWarning

from reminders.care import clinics, consents, patients, staff, treatments
from reminders.care.actors import Actor
from reminders.database import Database
from reminders.ids import new_id
from reminders.models import Clinic, Instance, Patient, Staff, Treatment
from reminders.models.instance import CLOCK_OFFSET, now
from reminders.models.kinds import Channel, Language, Role
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
    """A member of staff at a browser, who follows no redirect; it fills in the form token as a page would."""

    client: TestClient
    csrf_token: str
    clinic: Clinic
    staff: Staff
    database: Database

    def get(self, path: str) -> Response:
        """Open a page."""
        answer: Response = self.client.get(path)
        return answer

    def post(self, path: str, fields: dict[str, str] | None = None) -> Response:
        """Send a form."""
        answer: Response = self.client.post(path, data={"csrf_token": self.csrf_token, **(fields or {})})
        return answer

    def add_patient(self, **fields: str) -> Patient:
        """Put a patient on file, who agreed to whatever they have an address for."""
        actor = Actor(self.clinic.id, "form")
        typed = {"given_name": "Marie", "family_name": "Tremblay", "phone": "514-555-0134", "language": "fr"} | fields
        with self.database.begin(clinic=self.clinic.id) as session:
            given = patients.clean(patients.PatientInput(**typed), self.clinic)
            patient = patients.add(session, actor, self.clinic, given, TODAY)
            addresses = {Channel.SMS: given.phone, Channel.EMAIL: given.email}
            for channel in [channel for channel, address in addresses.items() if address]:
                grant = consents.Grant(patient.id, channel, consents.CURRENT, "as shown", patient.language)
                consents.grant(session, actor, grant, TODAY)
        return patient

    def add_treatment(self, patient: Patient, day: str = "2026-03-10", at: str = "10:00") -> Treatment:
        """Record a treatment."""
        given = treatments.TreatmentInput("microneedling", day, at, provider="Dre Beaulieu")
        with self.database.begin(clinic=self.clinic.id) as session:
            here = session.merge(patient, load=False)
            return treatments.record(
                session, Actor(self.clinic.id, "form"), self.clinic, here, given, TODAY, supersedes=False
            )


NewBrowser = Callable[..., Browser]


@pytest.fixture
def app(settings: Settings, database: Database) -> FastAPI:
    """The application on the test's database, whose clock stands near TODAY."""
    with database.begin() as session:
        offset = (TODAY - now(session)).total_seconds()
        session.add(Instance(key=CLOCK_OFFSET, value=str(offset)))
    return create_app(settings, database)


@pytest.fixture
def stranger(app: FastAPI) -> TestClient:
    """A browser that nobody is signed in with, and that follows no redirect."""
    return TestClient(app, follow_redirects=False)


@pytest.fixture
def browser_for(app: FastAPI, settings: Settings, database: Database) -> NewBrowser:
    """Makes a clinic with one member of staff, and their browser, signed in."""

    def make(role: Role = Role.OWNER, language: Language = Language.EN) -> Browser:
        email = f"{new_id()}@clinic.example"
        with database.begin() as session:
            new = clinics.NewClinic(name="Clinique Lumière", phone="+15145550123", address="1, rue A")
            clinic = clinics.create_clinic(session, new, settings, TODAY)
            staff.invite(session, clinic.id, staff.NewStaff("Camille Roy", email, role.value, language.value), TODAY)
            member = session.scalars(select(Staff).where(Staff.clinic_id == clinic.id)).one()
            opened = staff.open_session(session, member, TODAY)
        client = TestClient(app, follow_redirects=False, cookies={"session": opened.token})
        return Browser(client, opened.csrf_token, clinic, member, database)

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
