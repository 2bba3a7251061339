"""A clinic with a key, and a practice system that calls with it."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.exceptions import StarletteDeprecationWarning

from reminders.care import clinics
from reminders.care.staff import api_keys
from reminders.database import Database
from reminders.models import Clinic
from reminders.settings import Settings
from tests.web.conftest import TODAY

with warnings.catch_warnings():
    warnings.simplefilter("ignore", StarletteDeprecationWarning)
    from starlette.testclient import TestClient

PATIENT = {
    "given_name": "Marie",
    "family_name": "Tremblay",
    "language": "fr",
    "phone": "514 555-0142",
    "email": "marie@patient.example",
    "external_id": "P-1042",
    "consents": ["sms", "email"],
}


@dataclass
class System:
    """A practice system of one clinic."""

    client: TestClient
    clinic: Clinic
    key: str

    def call(self, method: str, path: str, **more: Any) -> Any:
        """One request with the key; `language` and `once` become headers."""
        headers = {"Authorization": f"Bearer {self.key}"} | more.pop("headers", {})
        headers |= {"Accept-Language": more.pop("language", "en")}
        once = more.pop("once", None)
        headers |= {"Idempotency-Key": once} if once else {}
        return self.client.request(method, f"/api/v1{path}", headers=headers, **more)

    def get(self, path: str, **more: Any) -> Any:
        """Read."""
        return self.call("GET", path, **more)

    def post(self, path: str, body: Any = None, **more: Any) -> Any:
        """Do something."""
        return self.call("POST", path, json=body, **more)

    def patch(self, path: str, body: Any, **more: Any) -> Any:
        """Change something."""
        return self.call("PATCH", path, json=body, **more)

    def patient(self, **given: Any) -> dict[str, Any]:
        """A patient who agreed to texts and e-mail."""
        answer = self.post("/patients", PATIENT | given)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def treatment(self, patient_id: str, **given: Any) -> dict[str, Any]:
        """A treatment an hour ago."""
        body = {"patient_id": patient_id, "treated_at": "2026-03-10T10:00:00-04:00", "protocol": "microneedling"}
        answer = self.post("/treatments", body | given)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found


NewSystem = Callable[[str], System]


@pytest.fixture
def system_for(app: FastAPI, settings: Settings, database: Database) -> NewSystem:
    """Makes a clinic with its key."""

    def make(name: str) -> System:
        now: datetime = TODAY
        with database.begin() as session:
            clinic = clinics.create_clinic(
                session, clinics.NewClinic(name, phone="+15145550123", address="1, rue A"), settings, now
            )
            key = api_keys.new_api_key(session, clinic.id, "Practice system", now)
        return System(TestClient(app, raise_server_exceptions=True), clinic, key)

    return make


@pytest.fixture
def system(system_for: NewSystem) -> System:
    """The first clinic's system: it has the sandbox's number."""
    return system_for("Clinique Lumière de Westmount")


@pytest.fixture
def other(system: System, system_for: NewSystem) -> System:
    """Another clinic's system."""
    return system_for("Clinique d'à côté")
