"""The dead man's figures: what is overdue, what is only waiting its turn or on hold, and how cheaply that is known.

Seen to fail when: what is on hold, or of a paused sender, counted as overdue; the first planned message of all was
looked for; a backlog counted from when it was due; a lifted hold counted from when its messages were due.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta

import pytest
from sqlalchemy import event, text, update
from sqlalchemy.orm import Session

from reminders.care import holds
from reminders.care.actors import Actor
from reminders.database import Database
from reminders.delivery import pulse as pulses
from reminders.delivery.context import Delivery
from reminders.delivery.pulse import Pulse, pulse
from reminders.delivery.sweep import send_due
from reminders.models import Clinic, Instance, Message, Patient, Protocol, Sender
from reminders.models.instance import HOLD_ALL
from reminders.models.kinds import MessageKind
from schedules.lifecycle import State
from tests.reminders.delivery.conftest import Clock
from tests.reminders.outbox.rows import NOW, owe

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)

pytestmark = pytest.mark.usefixtures("clock")


def _pulse(database: Database) -> Pulse:
    with database.read() as session:
        return pulse(session)


def _owe_an_hour_ago(database: Database, clinic: Clinic, **changes: object) -> None:
    owe(database, clinic, due_at=NOW - HOUR, **changes)
    _senders(database, next_free_at=NOW - 2 * HOUR)


def _senders(database: Database, **values: object) -> None:
    with database.begin() as session:
        session.execute(update(Sender).values(**values))


def test_nothing_owed_is_nothing_overdue(database: Database) -> None:
    found = _pulse(database)
    assert (found.swept_at, found.overdue_since, found.held_since, found.unknown) == (None, None, None, 0)
    assert (found.senders_paused, found.clinics_held, found.everything_held) == (0, 0, False)
    assert not found.sweeps(2)
    assert found.in_time(900)


def test_what_is_due_and_not_sent_is_overdue(database: Database, clinic: Clinic) -> None:
    _owe_an_hour_ago(database, clinic)
    found = _pulse(database)
    assert found.overdue_since == NOW - HOUR
    assert not found.in_time(900)
    assert found.in_time(3700)
    assert found.held_since is None


def test_what_is_not_due_yet_is_not(database: Database, clinic: Clinic) -> None:
    owe(database, clinic, due_at=NOW + HOUR)
    assert _pulse(database).overdue_since is None


def test_a_sweep_makes_it_well(database: Database, clinic: Clinic, context: Delivery) -> None:
    _owe_an_hour_ago(database, clinic)
    send_due(context)
    found = _pulse(database)
    assert found.sweeps(2)
    assert found.overdue_since is None


def _hold(model: type[Clinic | Patient | Protocol]) -> Callable[[Session], object]:
    return lambda session: session.execute(update(model).values(held_at=NOW))


HOLDS: Mapping[str, Callable[[Session], object]] = {
    "everything": lambda session: session.add(Instance(key=HOLD_ALL, value=NOW.isoformat())),
    "clinic": _hold(Clinic),
    "protocol": _hold(Protocol),
    "patient": _hold(Patient),
}


@pytest.mark.parametrize("hold", HOLDS)
def test_a_hold_is_no_dead_worker_but_shows(database: Database, clinic: Clinic, hold: str) -> None:
    _owe_an_hour_ago(database, clinic)
    with database.begin() as session:
        HOLDS[hold](session)
    found = _pulse(database)
    assert (found.overdue_since, found.held_since) == (None, NOW - HOUR)
    assert found.everything_held is (hold == "everything")
    assert found.clinics_held == (hold == "clinic")


@pytest.mark.parametrize("hold", ["protocol", "patient"])
def test_what_outranks_a_hold_is_overdue_all_the_same(database: Database, clinic: Clinic, hold: str) -> None:
    _owe_an_hour_ago(database, clinic, kind=MessageKind.SAFETY)
    with database.begin() as session:
        HOLDS[hold](session)
    assert _pulse(database).overdue_since == NOW - HOUR


def test_behind_what_is_on_hold_the_first_that_is_not_counts(
    database: Database, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    _owe_an_hour_ago(database, clinic)
    with database.begin() as session:
        session.execute(update(Patient).values(held_at=NOW))
    owe(database, clinic, due_at=NOW - HOUR / 2)
    found = _pulse(database)
    assert (found.overdue_since, found.held_since) == (NOW - HOUR / 2, NOW - HOUR)
    monkeypatch.setattr(pulses, "LOOKED_AT", 1)
    monkeypatch.setattr(pulses, "_DUE", pulses._due())
    assert _pulse(database).overdue_since is None, "only so many are looked through"


def test_a_pause_explains_waiting_until_it_is_over(database: Database, clinic: Clinic) -> None:
    _owe_an_hour_ago(database, clinic)
    _senders(database, paused_until=NOW + HOUR, paused_reason="20003")
    found = _pulse(database)
    assert (found.overdue_since, found.senders_paused) == (None, 2)
    _senders(database, paused_until=NOW - HOUR / 4)
    found = _pulse(database)
    assert (found.overdue_since, found.senders_paused) == (NOW - HOUR / 4, 0)


def test_a_pause_over_pace_explains_nothing_of_what_cannot_wait(database: Database, clinic: Clinic) -> None:
    _owe_an_hour_ago(database, clinic, kind=MessageKind.SAFETY)
    _senders(database, paused_until=NOW + HOUR, paused_reason="30022")
    assert _pulse(database).overdue_since == NOW - HOUR
    _senders(database, paused_reason="20003")
    assert _pulse(database).overdue_since is None


def test_a_spent_budget_explains_waiting_and_a_free_sender_does_not(database: Database, clinic: Clinic) -> None:
    _owe_an_hour_ago(database, clinic)
    _senders(database, next_free_at=NOW + 10 * SECOND)
    assert _pulse(database).overdue_since is None
    _senders(database, next_free_at=NOW - 20 * SECOND)
    assert _pulse(database).overdue_since == NOW - 20 * SECOND


def test_what_cannot_wait_does_not_wait_for_budget(database: Database, clinic: Clinic) -> None:
    _owe_an_hour_ago(database, clinic, kind=MessageKind.SAFETY)
    _senders(database, next_free_at=NOW + 10 * SECOND)
    assert _pulse(database).overdue_since == NOW - HOUR


@pytest.mark.parametrize("kind", [MessageKind.REMINDER, MessageKind.SAFETY])
def test_a_hold_just_lifted_raises_no_alarm(
    database: Database, clinic: Clinic, clock: Clock, kind: MessageKind
) -> None:
    _owe_an_hour_ago(database, clinic, kind=kind)
    actor = Actor(clinic.id, "staff")
    with database.begin(clinic=clinic.id) as session:
        holds.put(session, actor, session.get_one(Clinic, clinic.id), "moving house", NOW)
    with database.begin(clinic=clinic.id) as session:
        holds.lift(session, actor, session.get_one(Clinic, clinic.id), NOW)
    found = _pulse(database)
    assert found.in_time(60)
    clock.set(NOW + HOUR)
    assert _pulse(database).overdue_since == NOW, "but nobody sends it"


def test_the_other_senders_do_not_hide_it(database: Database, clinic: Clinic) -> None:
    _owe_an_hour_ago(database, clinic)
    with database.begin() as session:
        session.execute(update(Message).values(state=State.UNKNOWN))
    owe(database, clinic, kind=MessageKind.NUDGE, due_at=NOW - 2 * HOUR)
    _senders(database, next_free_at=NOW - 3 * HOUR)
    found = _pulse(database)
    assert (found.overdue_since, found.unknown) == (NOW - 2 * HOUR, 1)


def test_three_statements_whatever_is_owed(database: Database, clinic: Clinic) -> None:
    owe(database, clinic, 30)
    seen: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *args: seen.append(str(args[2])))
    _pulse(database)
    assert len([statement for statement in seen if statement.lstrip().startswith("SELECT")]) == 3


def test_no_planned_message_is_read_that_is_not_due(database: Database, clinic: Clinic) -> None:
    """The plan goes through the partial index by sender, priority and time, on both databases."""
    owe(database, clinic, 30, due_at=NOW + HOUR)
    explain = "EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN "
    plans: list[str] = []

    def ask(connection: object, cursor: object, statement: str, parameters: object, *_: object) -> None:
        if "levels" in statement and not statement.startswith("EXPLAIN"):
            with database.engine.connect() as other:
                if not database.is_sqlite:
                    other.execute(text("SET enable_seqscan = off"))
                plans.append("\n".join(map(str, other.exec_driver_sql(explain + statement, parameters))))  # type: ignore[arg-type]

    event.listen(database.engine, "before_cursor_execute", ask)
    _pulse(database)
    event.remove(database.engine, "before_cursor_execute", ask)
    (plan,) = plans
    reads = [line for line in plan.splitlines() if "message" in line.lower()]
    assert len(reads) >= 3
    assert all("ix_message_due" in line for line in reads), plan
    assert "due_at<" in plan.replace(" ", ""), plan
