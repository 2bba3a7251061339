"""Idempotency-Key: sent twice, done once."""

import threading
from typing import Any

import pytest
from sqlalchemy import func, select

from reminders.database import Database
from reminders.models import IdempotencyKey, Message, Patient, Treatment
from tests.web.api.conftest import PATIENT, System

_BODY = {"patient": PATIENT, "treated_at": "2026-03-10T10:00:00-04:00", "protocol": "microneedling"}


def _count(database: Database, table: type[Any]) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_a_repeat_gets_the_same_answer_and_does_nothing(system: System, database: Database) -> None:
    """Also when its members come in another order."""
    first = system.post("/treatments", _BODY, once="k-1")
    again = system.post("/treatments", dict(reversed(_BODY.items())), once="k-1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again.headers["location"] == first.headers["location"]
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert [_count(database, table) for table in (Patient, Treatment, Message)] == [1, 1, 3]


def test_a_key_stands_for_one_request(system: System, database: Database) -> None:
    """Another body, another path: 422. Another clinic's same key is another key."""
    assert system.post("/patients", PATIENT, once="k-1").status_code == 201
    for path, body in (("/patients", PATIENT | {"given_name": "Anne"}), ("/treatments", _BODY)):
        answer = system.post(path, body, once="k-1")
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["key"] == "idempotency_key_reused"
        assert answer.json()["errors"][0]["field"] == "Idempotency-Key"
    assert _count(database, Patient) == 1


def test_another_clinics_key_is_another(system: System, other: System) -> None:
    """Both clinics may count from one."""
    mine, theirs = (each.post("/patients", PATIENT, once="1") for each in (system, other))
    assert (mine.status_code, theirs.status_code) == (201, 201)
    assert mine.json()["id"] != theirs.json()["id"]


def test_what_failed_may_be_mended_under_its_key(system: System, database: Database) -> None:
    """A refusal leaves nothing behind."""
    assert system.post("/patients", PATIENT | {"phone": "12"}, once="k-1").status_code == 422
    assert _count(database, IdempotencyKey) == 0
    assert system.post("/patients", PATIENT, once="k-1").status_code == 201


def test_acting_on_a_path_counts_too(system: System) -> None:
    """A consent, sent twice."""
    path = f"/patients/{system.patient(consents=[])['id']}/consents"
    first, again = (system.post(path, {"channel": "sms", "granted": True}, once="c") for _ in range(2))
    assert first.json() == again.json()
    assert again.headers["idempotency-replayed"] == "true"


def test_a_key_may_not_be_endless(system: System) -> None:
    """201 characters are 422."""
    assert system.post("/patients", PATIENT, once="k" * 201).json()["errors"][0]["field"] == "Idempotency-Key"


@pytest.mark.parametrize("rivals", [2, 6])
def test_at_the_same_moment(system: System, database: Database, rivals: int) -> None:
    """All get the one answer, and it is done once."""
    barrier, answers = threading.Barrier(rivals), []

    def send() -> None:
        barrier.wait()
        answers.append(system.post("/treatments", _BODY, once="k-1"))

    threads = [threading.Thread(target=send) for _ in range(rivals)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in answers] == [201] * rivals
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert sum("idempotency-replayed" not in answer.headers for answer in answers) == 1
    assert [_count(database, table) for table in (Patient, Treatment, Message)] == [1, 1, 3]


def test_nothing_readable_is_kept(system: System, database: Database) -> None:
    """The kept answer is sealed, the fingerprint keyed."""
    system.post("/patients", PATIENT, once="k-1")
    with database.engine.connect() as connection:
        row = str(connection.exec_driver_sql("SELECT * FROM idempotency_key").one())
    assert "Tremblay" not in row
    assert "5550142" not in row
