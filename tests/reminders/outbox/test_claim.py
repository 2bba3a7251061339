"""Each message is claimed once, in order, and not while something holds it."""

import multiprocessing
import os
import threading
import time
import uuid
from datetime import timedelta

import pytest
from sqlalchemy import text, update

from reminders.crypto import Keyring
from reminders.database import Database
from reminders.models import Clinic, Instance, Message, Patient, Protocol
from reminders.models.instance import HOLD_ALL
from reminders.models.kinds import MessageKind
from reminders.outbox import Claim, claim, enqueue, is_due, release
from schedules.lifecycle import State
from tests.reminders.outbox.rows import NOW, add_patient, add_treatment, draft, message, owe, sender_of, states


def _claim(database: Database, clinic: Clinic, limit: int = 10, **changes: object) -> list[uuid.UUID]:
    with database.begin() as session:
        wanted = {
            "sender_id": sender_of(session, clinic).id,
            "token": uuid.uuid4(),
            "limit": limit,
            "now": NOW,
            "lease_until": NOW + timedelta(minutes=1),
        }
        return claim(session, Claim(**(wanted | changes)))  # type: ignore[arg-type]


def test_the_most_urgent_first_then_the_longest_due(database: Database, clinic: Clinic) -> None:
    with database.begin() as session:
        patient = add_patient(session, clinic)
        drafts = [
            draft(patient, due_at=NOW - timedelta(hours=1)),
            draft(patient, kind=MessageKind.SAFETY),
            draft(patient, kind=MessageKind.ANSWER, due_at=NOW - timedelta(minutes=1)),
            draft(patient, due_at=NOW - timedelta(hours=2)),
        ]
        late, safety, answer, later = enqueue(session, drafts, NOW)
    assert _claim(database, clinic) == [safety, answer, later, late]


def test_only_what_is_due_and_still_useful(database: Database, clinic: Clinic) -> None:
    owe(database, clinic, due_at=NOW + timedelta(seconds=1))
    owe(database, clinic, due_at=NOW - timedelta(days=2), useful_until=NOW)
    assert _claim(database, clinic) == []


def test_a_claim_is_written_down(database: Database, clinic: Clinic) -> None:
    owe(database, clinic, 3)
    token = uuid.uuid4()
    taken = _claim(database, clinic, limit=2, token=token)
    assert len(taken) == 2
    row = message(database, taken[0])
    assert (row.state, row.claim_token, row.lease_until) == (State.CLAIMED, token, NOW + timedelta(minutes=1))
    assert len(_claim(database, clinic)) == 1
    with database.begin() as session:
        assert release(session, taken, uuid.uuid4(), NOW) == []
        assert set(release(session, taken, token, NOW)) == set(taken)
    assert states(database) == {State.PLANNED: 2, State.CLAIMED: 1}


def test_workers_racing_claim_disjoint_rows(database: Database, clinic: Clinic) -> None:
    owed = set(owe(database, clinic, 60))
    taken: list[list[uuid.UUID]] = []
    start = threading.Barrier(4)

    def work() -> None:
        start.wait()
        while got := _claim(database, clinic, limit=7):
            taken.append(got)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(key for got in taken for key in got) == sorted(owed)


def _claim_all(url: str, sender_id: uuid.UUID, both_there: threading.Barrier) -> list[uuid.UUID]:
    """What one process of its own gets hold of."""
    database = Database(url, Keyring([os.urandom(32)], b"no secret is opened by claiming"))
    taken: list[uuid.UUID] = []
    with database.read() as session:
        session.execute(text("SELECT 1"))
    both_there.wait(60)
    while True:
        with database.begin() as session:
            got = claim(session, Claim(sender_id, uuid.uuid4(), 3, NOW, NOW + timedelta(minutes=1)))
        if not got:
            database.close()
            return taken
        taken += got
        # SQLite lets whoever is quick write again and again.
        time.sleep(0.005)


def test_processes_racing_claim_disjoint_rows(database: Database, clinic: Clinic) -> None:
    owed = owe(database, clinic, 150)
    with database.read() as session:
        sender_id = sender_of(session, clinic).id
    url = database.engine.url.render_as_string(hide_password=False)
    processes = multiprocessing.get_context("spawn")
    with processes.Manager() as manager, processes.Pool(2) as pool:
        both_there = manager.Barrier(2)
        taken = pool.starmap(_claim_all, [(url, sender_id, both_there)] * 2)
    assert all(taken), "both had a chance"
    assert sorted(taken[0] + taken[1]) == sorted(owed)


def _hold_all(database: Database) -> None:
    with database.begin() as session:
        session.add(Instance(key=HOLD_ALL, value="2026-03-10T15:00:00Z"))


def test_the_kill_switch_holds_everything(database: Database, clinic: Clinic) -> None:
    owe(database, clinic)
    owe(database, clinic, kind=MessageKind.SAFETY)
    _hold_all(database)
    assert _claim(database, clinic) == []
    with database.begin() as session:
        session.execute(update(Instance).values(value=""))
    assert len(_claim(database, clinic)) == 2


def test_a_held_clinic_sends_nothing(database: Database, clinic: Clinic) -> None:
    owe(database, clinic, kind=MessageKind.SAFETY)
    with database.begin() as session:
        session.execute(update(Clinic).values(held_at=NOW))
    assert _claim(database, clinic) == []


@pytest.mark.parametrize("held", [Patient, Protocol])
def test_a_held_patient_or_protocol_waits_but_for_what_outranks_it(
    database: Database, clinic: Clinic, held: type[Patient | Protocol]
) -> None:
    with database.begin() as session:
        patient = add_patient(session, clinic)
        treatment = add_treatment(session, clinic, patient)
        kinds = (MessageKind.REMINDER, MessageKind.SAFETY, MessageKind.ALERT)
        reminder, safety, alert = enqueue(session, [draft(patient, treatment, kind=kind) for kind in kinds], NOW)
        session.execute(update(held).values(held_at=NOW))
    assert _claim(database, clinic) == [safety, alert]
    assert message(database, reminder).state is State.PLANNED


def test_a_paused_sender_waits_for_its_pause_to_end(database: Database, clinic: Clinic) -> None:
    owe(database, clinic)
    with database.begin() as session:
        sender_of(session, clinic).paused_until = NOW + timedelta(minutes=15)
    assert _claim(database, clinic) == []
    assert len(_claim(database, clinic, now=NOW + timedelta(minutes=15))) == 1


def test_what_cannot_wait_can_be_claimed_alone(database: Database, clinic: Clinic) -> None:
    owe(database, clinic)
    (alert,) = owe(database, clinic, kind=MessageKind.ALERT)
    assert _claim(database, clinic, no_waiting_only=True) == [alert]


def test_the_due_query_uses_its_partial_index(database: Database, clinic: Clinic) -> None:
    with database.begin() as session:
        sender = sender_of(session, clinic)
        statement = session.query(Message.id).where(is_due(NOW), Message.sender_id == sender.id).statement
        compiled = statement.compile(database.engine, compile_kwargs={"literal_binds": True})
        if not database.is_sqlite:
            session.execute(text("SET LOCAL enable_seqscan = off"))
        explain = "EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN "
        plan = "\n".join(map(str, session.execute(text(explain + str(compiled).replace(":", "\\:")))))
    assert "ix_message_due" in plan
