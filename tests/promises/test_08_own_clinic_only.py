"""Promise 8: a clinic sees only its own. Every route is walked by those who have no business there, with true ids.

Seen to fail when: `_only_own_clinic` filtered nothing, or not aliases; `_write_own_clinic` refused nothing; a session
was opened without a clinic; a key opened every clinic; a route forgot to ask who is there; a viewer could post.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from httpx import Response
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import aliased
from starlette.testclient import TestClient

from reminders.care import attachments, clinics, consults, hand_overs
from reminders.care.actors import Actor
from reminders.care.consents import withdraw
from reminders.care.staff import api_keys
from reminders.database import Base, ClinicOwned
from reminders.errors import NotFoundError
from reminders.models import (
    ApiKey,
    Attachment,
    Audit,
    Clinic,
    Consent,
    Consult,
    Message,
    Patient,
    Reply,
    SavedAnswer,
    StaffSession,
    Ticket,
    Treatment,
)
from reminders.models.kinds import Channel, Role
from tests.promises.practice import MARIE, Practice
from tests.promises.syntax import calls, modules
from tests.promises.world import number
from tests.reminders import pictures

SECRET = "Zénobie"
"""The given name of clinic A's patient: nobody else may read it."""

_BLANK = re.compile(r"\{(\w+)(?::\w+)?\}")

OWNED: tuple[type[Any], ...] = tuple(
    mapper.class_ for mapper in Base.registry.mappers if issubclass(mapper.class_, ClinicOwned)
)


@dataclass
class Ours:
    """Clinic A with something of everything, and clinic B next door."""

    practice: Practice
    ids: Mapping[str, str]
    neighbour: Clinic
    neighbour_key: str

    @property
    def clinic_id(self) -> UUID:
        """Clinic A."""
        return self.practice.clinic.id

    def dump(self, *left_out: type[Any]) -> dict[str, list[str]]:
        """Every row of clinic A, by table."""
        with self.practice.database.engine.connect() as connection:
            return {
                owned.__tablename__: sorted(
                    repr(row)
                    for row in connection.execute(
                        select(owned.__table__).where(owned.__table__.c.clinic_id == self.clinic_id)
                    )
                )
                for owned in OWNED
                if owned not in left_out
            }


@pytest.fixture
def ours(practice: Practice) -> Ours:
    """Clinic A after a week, and clinic B."""
    return a_week(practice)


def a_week(practice: Practice) -> Ours:
    """A week at clinic A; clinic B has a key and nobody else. The pages' looks are seen on the same week."""
    marie = practice.world.patient(phone=MARIE, email="z@patient.example", given_name=SECRET)
    treatment = practice.world.treat(marie)
    nurse = practice.nurse()
    practice.sweep()
    practice.text("3 but I have a fever")
    practice.text("who is this", sender=number(5))
    practice.sweep()
    with practice.database.begin() as session:
        consults.offer(session, treatment.id, practice.world.now)
        later, clerk = practice.world.now + timedelta(days=1), Actor(practice.clinic.id, "form")
        planned = hand_overs.hand_over(session, clerk, nurse.id, later, practice.world.now)
        said = session.scalars(select(Reply).where(Reply.patient_id == marie.id)).one()
        attachments.take(session, said, pictures.photo(), "image/jpeg", practice.world.now)
        new = clinics.NewClinic("Clinique d'à côté", phone="+15145550118", address="1, rue A")
        two = {"en": SECRET, "fr": SECRET}
        stamp = {"created_at": practice.world.now, "changed_at": practice.world.now}
        saved = SavedAnswer(clinic_id=practice.clinic.id, title=two, body=two, **stamp)
        session.add(saved)
        neighbour = clinics.create_clinic(session, new, practice.settings, practice.world.now)
        key = api_keys.new_api_key(session, neighbour.id, "system", practice.world.now)
        api_keys.new_api_key(session, practice.clinic.id, "system", practice.world.now)
    ids = {
        "staff_id": str(nurse.id),
        "key_id": str(practice.rows(select(ApiKey.id).where(ApiKey.clinic_id == practice.clinic.id))[0]),
        "patient_id": str(marie.id),
        "treatment_id": str(treatment.id),
        "protocol_id": str(treatment.protocol_id),
        "ticket_id": str(practice.rows(select(Ticket.id))[0]),
        "reply_id": str(practice.rows(select(Reply.id).where(Reply.patient_id == marie.id))[0]),
        "attachment_id": str(practice.rows(select(Attachment.id))[0]),
        "consult_id": str(practice.rows(select(Consult.id))[0]),
        "hand_over_id": str(planned.id),
        "saved_answer_id": str(saved.id),
        "channel": "sms",
        "token": "A" * 43,
        "attempt_id": str(practice.rows(select(Message.id))[0]),
    }
    return Ours(practice, ids, neighbour, key)


def routes(app: FastAPI) -> Iterator[tuple[str, str]]:
    for route in iter_route_contexts(app.routes):
        for method in sorted((route.methods or set()) - {"HEAD", "OPTIONS"}):
            yield method, route.path or ""


FORM = {
    "given_name": "Changed",
    "family_name": "Changed",
    "treated_on": "2026-03-09",
    "treated_time": "09:00",
    "reason": "changed",
    "outcome": "called",
    "text": "Changed.",
    "state": "booked",
    "action": "save",
    "protocol_key": "microneedling",
    "consent_email": "yes",
    "password": "long enough for anybody",
}
BODIES: Mapping[str, Mapping[str, object]] = {
    "consents": {"channel": "sms", "granted": False},
    "close": {"outcome": "called"},
    "move": {"state": "booked"},
    "answer": {"text": "Changed."},
    "assign": {"patient_id": "00000000-0000-7000-8000-000000000000"},
    "patients": {"given_name": "Changed"},
    "treatments": {"state": "cancelled"},
}
"""What a practice system would change, by the last word of the address that is not an id."""

ENDS_A_SESSION = {("POST", "/sign-out"), ("POST", "/account/password")}
ABOUT_THEMSELVES = {"/account"}
"""What a viewer may change: their own pages. `tests/web/test_account.py` says what of them."""

Ask = Callable[[str, str], Response]


def _walk(ours: Ours, ask: Ask) -> Iterator[tuple[str, str, Response]]:
    """Every method of every route, its blanks filled with clinic A's ids; but what would end the walker's session."""
    for method, path in routes(ours.practice.app):
        if (method, path) in ENDS_A_SESSION:
            continue
        yield method, path, ask(method, _BLANK.sub(lambda blank: ours.ids[blank[1]], path))


def _as_browser(ours: Ours, client: TestClient, csrf_token: str) -> Ask:
    fields = FORM | {"csrf_token": csrf_token, "patient_id": ours.ids["patient_id"]}

    def ask(method: str, address: str) -> Response:
        answer: Response = client.request(method, address, data=fields if method == "POST" else None)
        return answer

    return ask


def _as_system(ours: Ours, key: str) -> Ask:
    client = TestClient(ours.practice.app, follow_redirects=False, headers={"Authorization": f"Bearer {key}"})

    def ask(method: str, address: str) -> Response:
        *_, before, last = address.split("/")
        body = BODIES.get(last) or BODIES.get(before) or {}
        answer: Response = client.request(method, address, json=body if method in {"POST", "PATCH"} else None)
        return answer

    return ask


OPEN = {
    "/healthz",
    "/readyz",
    "/metrics",
    "/sign-in",
    "/sign-in/{token}",
    "/c/{token}",
    "/u/{token}",
    "/u/{token}/again",
    "/api/v1/openapi.json",
}


def test_there_is_something_to_see(ours: Ours) -> None:
    """The walks below would also pass in an empty clinic, or with ids that lead nowhere."""
    filled = {name for name, rows in ours.dump().items() if rows}
    assert filled >= {
        "patient",
        "message",
        "reply",
        "ticket",
        "attempt",
        "consent",
        "treatment",
        "name_token",
        "check_in",
        "attachment",
    }
    owner = ours.practice.browser(ours.practice.hire(role=Role.OWNER))
    for method, path, answer in _walk(ours, _as_browser(ours, owner.client, owner.csrf_token)):
        if method == "GET" and "_id}" in path and not path.startswith("/api"):
            assert answer.status_code in {200, 303}, path
    assert len(list(routes(ours.practice.app))) > 40


def test_a_stranger_gets_nowhere(ours: Ours) -> None:
    before = ours.dump()
    client = TestClient(ours.practice.app, follow_redirects=False)
    for method, path, answer in _walk(ours, _as_browser(ours, client, "")):
        assert SECRET not in answer.text, (method, path)
        if path in OPEN:
            assert answer.status_code in {200, 303, 400, 403, 404, 422, 503}, (method, path)
        elif answer.status_code == 303:
            assert answer.headers["location"].startswith("/sign-in"), (method, path)
        else:
            assert answer.status_code in {401, 403, 404}, (method, path, answer.status_code)
    assert ours.dump() == before


@pytest.mark.parametrize("role", [Role.OWNER, Role.STAFF])
def test_staff_of_another_clinic_find_and_change_nothing(ours: Ours, role: Role) -> None:
    before = ours.dump()
    person = ours.practice.hire(role=role, clinic=ours.neighbour)
    theirs = ours.practice.browser(person, ours.neighbour)
    for method, path, answer in _walk(ours, _as_browser(ours, theirs.client, theirs.csrf_token)):
        assert SECRET not in answer.text, (method, path)
        assert answer.status_code < 500, (method, path)
        if "_id}" in path and not path.startswith("/webhooks"):
            assert answer.status_code in {401, 403, 404}, (method, path, answer.status_code)
    found = theirs.post("/patients", {"q": SECRET})
    assert found.status_code == 200, "the walk ended with nobody signed in"
    assert SECRET not in found.text.replace(f'value="{SECRET}"', "")
    assert ours.dump() == before


def test_another_clinics_system_finds_and_changes_nothing(ours: Ours) -> None:
    before = ours.dump()
    for method, path, answer in _walk(ours, _as_system(ours, ours.neighbour_key)):
        assert SECRET not in answer.text, (method, path)
        if path.startswith("/api") and "_id}" in path:
            assert answer.status_code == 404, (method, path, answer.status_code)
    client = TestClient(ours.practice.app, headers={"Authorization": f"Bearer {ours.neighbour_key}"})
    wanted = {"protocol": "microneedling", "treated_at": "2026-03-09T10:00:00-04:00"}
    for path in ("/api/v1/treatments", "/api/v1/treatments/preview"):
        answer = client.post(path, json=wanted | {"patient_id": ours.ids["patient_id"]})
        assert answer.status_code in {404, 422}, answer.text
        assert SECRET not in answer.text
    assert ours.dump() == before


def test_a_key_that_is_nobodys_is_refused_everywhere(ours: Ours) -> None:
    before = ours.dump()
    for method, path, answer in _walk(ours, _as_system(ours, "made-up")):
        if path.startswith("/api") and path not in OPEN:
            assert answer.status_code == 401, (method, path)
    assert ours.dump() == before


def test_a_viewer_reads_and_changes_nothing(ours: Ours) -> None:
    """Their looking is noted and their own session touched; all else stays."""
    viewer = ours.practice.browser(ours.practice.hire(role=Role.VIEWER))
    before = ours.dump(Audit, StaffSession)
    for method, path, answer in _walk(ours, _as_browser(ours, viewer.client, viewer.csrf_token)):
        allowed = {"/patients", "/inbox", "/sign-in", *ABOUT_THEMSELVES, *OPEN}
        if method == "POST" and path not in allowed and not path.startswith(("/api", "/webhooks")):
            assert answer.status_code == 403, (method, path)
    assert viewer.get("/").status_code == 200
    assert ours.dump(Audit, StaffSession) == before


# The door itself.


def test_every_statement_in_a_clinics_session_is_filtered(ours: Ours) -> None:
    with ours.practice.database.begin(clinic=ours.neighbour.id) as session:
        for owned in OWNED:
            alias, whose = aliased(owned), owned.clinic_id == ours.clinic_id
            joined = select(owned).join(Clinic, Clinic.id == owned.clinic_id)
            for statement in (select(owned), select(alias), joined, select(owned.clinic_id)):
                assert all(_clinic_of(found) != ours.clinic_id for found in session.scalars(statement)), owned
            counted = session.scalar(select(func.count()).select_from(owned))
            assert counted == len(session.scalars(select(owned)).all())
            for change in (update(owned).where(whose).values(clinic_id=ours.neighbour.id), delete(owned).where(whose)):
                assert session.scalars(change.returning(owned.clinic_id)).all() == [], owned
        session.rollback()


def _clinic_of(found: Any) -> UUID:
    clinic_id: UUID = found if isinstance(found, UUID) else found.clinic_id
    return clinic_id


def test_a_row_cannot_be_had_by_its_id_either(ours: Ours) -> None:
    for owned, name in ((Patient, "patient_id"), (Treatment, "treatment_id"), (Ticket, "ticket_id")):
        with ours.practice.database.read(clinic=ours.neighbour.id) as session:
            assert session.get(owned, UUID(ours.ids[name])) is None
        with ours.practice.database.read(clinic=ours.clinic_id) as session:
            assert session.get(owned, UUID(ours.ids[name])) is not None


def test_another_clinics_row_cannot_be_written(ours: Ours) -> None:
    database = ours.practice.database
    reply = ours.practice.rows(select(Reply))[0]
    with pytest.raises(PermissionError), database.begin(clinic=ours.neighbour.id) as session:
        session.merge(reply, load=False).body = "changed"
    with pytest.raises(PermissionError), database.begin(clinic=ours.neighbour.id) as session:
        session.add(Audit(clinic_id=ours.clinic_id, at=ours.practice.world.now, action="x", subject_kind="x"))
    with pytest.raises(PermissionError), database.begin(clinic=ours.neighbour.id) as session:
        attachments.take(session, reply, pictures.photo(), "image/jpeg", ours.practice.world.now)


def test_a_use_case_with_anothers_id_finds_nothing(ours: Ours) -> None:
    """Even without the door: care asks by the actor's clinic."""
    actor, now = Actor(ours.neighbour.id, "form"), ours.practice.world.now
    entries = len(ours.practice.rows(select(Consent)))
    with pytest.raises(NotFoundError), ours.practice.database.begin() as session:
        withdraw(session, actor, UUID(ours.ids["patient_id"]), Channel.SMS, now)
    assert len(ours.practice.rows(select(Consent))) == entries
    with pytest.raises(NotFoundError), ours.practice.database.read() as session:
        attachments.get(session, ours.neighbour.id, UUID(ours.ids["attachment_id"]))


OPERATOR = ("reminders/cli/", "reminders/demo.py", "reminders/demo_past.py")
"""Commands: whoever gives them owns the machine, and the demo makes its own clinic."""

UNSCOPED: Mapping[str, tuple[int, str]] = {
    "reminders/care/alarm_tests.py": (1, "looks for clinics that are due a test alert; each is sent by its own door"),
    "reminders/care/events.py": (2, "works through what delivery reported, for every clinic"),
    "reminders/care/follow_ups.py": (1, "finds whose turn it is among every clinic's patients"),
    "reminders/care/hand_overs.py": (1, "finds whose time has come at every clinic; each is made by its own door"),
    "reminders/care/mail_in.py": (1, "finds the mailboxes of every clinic; each is read by its own door"),
    "reminders/care/media_fetching.py": (4, "fetches what hangs on texts, for every clinic"),
    "reminders/care/new_hours.py": (1, "finds whose hours have changed; each clinic is followed by its own door"),
    "reminders/care/understanding.py": (
        4,
        "works through unread replies, for every clinic, and reads the one just kept",
    ),
    "reminders/delivery/reconcile.py": (3, "asks providers for every clinic"),
    "reminders/delivery/run.py": (5, "sends for every clinic, one sender at a time"),
    "reminders/delivery/sweep.py": (2, "finds whose turn it is among every clinic's senders"),
    "reminders/web/api/caller.py": (1, "finds the key by its hash, before anybody's clinic is known"),
    "reminders/web/pages/health.py": (2, "counts and ages of the whole installation, nothing of anybody"),
    "reminders/web/pages/sign_in.py": (3, "finds who signs in, before anybody's clinic is known"),
    "reminders/web/pages/check_in.py": (2, "the patient is known by a signed link alone"),
    "reminders/web/pages/check_in_pictures.py": (1, "the patient is known by a signed link alone"),
    "reminders/web/pages/unsubscribe.py": (3, "the patient is known by a signed link alone"),
    "reminders/web/visitors.py": (2, "finds the session by its hash, before anybody's clinic is known"),
    "reminders/web/webhooks/receipts.py": (1, "the attempt's id names the clinic"),
    "reminders/web/webhooks/signed.py": (
        1,
        "finds who may sign for an account; the clinic is the one that was written to",
    ),
}
"""Who may open a session that sees every clinic, how many times, and why; everybody else names the clinic."""


def test_a_session_without_a_clinic_has_its_reason() -> None:
    found: Counter[str] = Counter()
    for path, tree in modules():
        if path.name == "database.py" or str(path).startswith(OPERATOR):
            continue
        for name, call in calls(tree):
            opens = name.endswith(("database.begin", "database.read", "database.apart")) or name in {
                "?.begin",
                "?.read",
                "Session",
            }
            if opens and not call.args and not call.keywords:
                found[str(path)] += 1
    assert found == {path: count for path, (count, _) in UNSCOPED.items()}, (
        "open it with clinic=..., or write down here why it must see them all"
    )


def test_every_table_of_a_clinics_data_is_owned() -> None:
    """A table that forgets its clinic has no door at all."""
    tables = {mapper.class_.__tablename__ for mapper in Base.registry.mappers}
    assert tables - {owned.__tablename__ for owned in OWNED} == {"clinic", "instance"}
    with_clinic = {table.name for table in Base.metadata.sorted_tables if "clinic_id" in table.c}
    assert with_clinic == {owned.__tablename__ for owned in OWNED}
