"""Who may call what: every route, walked."""

import uuid
from collections.abc import Iterator
from datetime import timedelta
from itertools import product
from typing import Any

from sqlalchemy import select, update

from reminders.care import consults, tickets
from reminders.care.staff import api_keys
from reminders.database import Database
from reminders.models import ApiKey, Reply, Sender
from reminders.models.kinds import Channel, ReplyKind, TicketKind
from reminders.web.api import openapi
from tests.web.api.conftest import PATIENT, System
from tests.web.conftest import TODAY

_TREATED = {"treated_at": "2026-03-09T10:00:00-04:00", "protocol": "microneedling"}
BODIES: dict[tuple[str, str], Any] = {
    ("patch", "/patients/{patient_id}"): {"given_name": "Eve"},
    ("post", "/patients/{patient_id}/consents"): {"channel": "sms", "granted": False},
    ("patch", "/treatments/{treatment_id}"): {"state": "cancelled"},
    ("post", "/tickets/{ticket_id}/close"): {"outcome": "done"},
    ("post", "/replies/{reply_id}/answer"): {"text": "Yes."},
    ("post", "/replies/{reply_id}/assign"): {"patient_id": str(uuid.uuid4())},
    ("post", "/consults/{consult_id}/move"): {"state": "booked"},
}


def _routes() -> Iterator[tuple[str, str]]:
    for path, methods in openapi()["paths"].items():
        for method in methods:
            yield method, path.removeprefix("/api/v1")


LISTS = ("/patients", "/treatments", "/tickets", "/reminders", "/consults")
ROUTES = sorted(_routes())


def _ids(system: System, database: Database) -> dict[str, str]:
    patient = system.patient()
    treatment = system.treatment(patient["id"])
    with database.begin() as session:
        new = tickets.NewTicket(clinic_id=system.clinic.id, kind=TicketKind.QUESTION, dedupe_key="t:1")
        ticket = tickets.open_ticket(session, new, TODAY)
        consult = consults.offer(session, uuid.UUID(treatment["id"]), TODAY)
        reply = Reply(
            clinic_id=system.clinic.id,
            sender_id=session.scalars(select(Sender.id)).first(),
            patient_id=uuid.UUID(patient["id"]),
            kind=ReplyKind.TEXT,
            channel=Channel.SMS,
            provider_id="SM-there",
            sender_address="+14385550177",
            from_index="there",
            body="can I swim?",
            received_at=TODAY,
        )
        session.add(reply)
        session.flush()
        made = {"ticket_id": str(ticket.id), "reply_id": str(reply.id), "consult_id": str(consult.id)}
    return {"patient_id": patient["id"], "treatment_id": treatment["id"], **made}


def test_the_walk_sees_every_route() -> None:
    """So that an empty walk does not pass."""
    assert len(ROUTES) == 24
    assert set(BODIES) < set(ROUTES)


def test_without_a_key_there_is_nothing(system: System, database: Database) -> None:
    """401 with a challenge, before anything else about the request is looked at."""
    with database.begin() as session:
        revoked = api_keys.new_api_key(session, system.clinic.id, "Old", TODAY)
        session.execute(update(ApiKey).where(ApiKey.name == "Old").values(revoked_at=TODAY))
        expired = api_keys.new_api_key(session, system.clinic.id, "Older", TODAY)
        session.execute(update(ApiKey).where(ApiKey.name == "Older").values(expires_at=TODAY - timedelta(days=1)))
    wrong = [
        "",
        "Bearer",
        "Bearer ",
        "Basic eDp5",
        f"Bearer {revoked}",
        f"Bearer {expired}",
        "Bearer é\x01",
        "Bearer x",
    ]
    some = {name: uuid.uuid4() for name in ("patient_id", "treatment_id", "ticket_id", "reply_id", "consult_id")}
    for (method, path), value in product(ROUTES, wrong):
        headers = {"Authorization": value.encode("latin-1")} if value else {}
        answer = system.client.request(method, f"/api/v1{path}".format(**some), headers=headers, content=b"\xff{")
        assert answer.status_code == 401, (method, path, value)
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert answer.headers["content-type"] == "application/problem+json"


def test_another_clinics_things_are_not_there(system: System, other: System, database: Database) -> None:
    """404 on every route that takes an id, and nothing changed."""
    ids = _ids(system, database)
    before = [system.get(place).json() for place in LISTS]
    for method, path in (route for route in ROUTES if "{" in route[1]):
        answer = other.call(method.upper(), path.format(**ids), json=BODIES.get((method, path)))
        assert answer.status_code == 404, (method, path)
        assert answer.headers["content-type"] == "application/problem+json"
    assert before == [
        system.get(place).json() for place in ("/patients", "/treatments", "/tickets", "/reminders", "/consults")
    ]


def test_another_clinics_ids_in_bodies_and_filters(system: System, other: System, database: Database) -> None:
    """404 as well; the lists are empty."""
    ids = _ids(system, database)
    for path in ("/treatments", "/treatments/preview"):
        assert other.post(path, _TREATED | {"patient_id": ids["patient_id"]}).status_code == 404
    for path in (
        f"/treatments?patient_id={ids['patient_id']}",
        f"/reminders?patient_id={ids['patient_id']}",
        f"/reminders?treatment_id={ids['treatment_id']}",
        f"/replies?patient_id={ids['patient_id']}",
    ):
        assert other.get(path).status_code == 404
        assert system.get(path).status_code == 200
    for path in (
        "/patients",
        "/patients?search=tremblay",
        "/treatments",
        "/reminders",
        "/replies",
        "/tickets?state=all",
    ):
        assert other.get(path).json()["items"] == []
    # Neither their file number nor their duplicate stands in another clinic's way.
    assert other.post("/patients", PATIENT).status_code == 201


def test_the_last_use_is_kept_to_the_hour(system: System, database: Database) -> None:
    """So that staff see which keys are forgotten."""
    system.get("/patients")
    with database.read() as session:
        first = session.scalars(select(ApiKey.last_used_at)).one()
    assert first is not None
    assert abs(first - TODAY) < timedelta(minutes=5)
    system.get("/patients")
    with database.read() as session:
        assert session.scalars(select(ApiKey.last_used_at)).one() == first
