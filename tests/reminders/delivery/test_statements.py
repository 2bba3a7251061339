"""What a group costs in SQL: a fixed number of statements, a few more for each kind of trouble in it, none a row.

Seen to fail when attempts were inserted by executemany, when events were, and when each message was settled apart.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import event, update

from reminders.channels.base import Accepted, Fault
from reminders.database import Database
from reminders.delivery.calls import Answer, Refusal
from reminders.delivery.facts import Group
from reminders.delivery.housekeeping import due_senders
from reminders.delivery.premises import Premises
from reminders.delivery.prepare import Work, prepare
from reminders.delivery.settling import Answers, write_down
from reminders.ids import new_id
from reminders.models import Clinic, Message, Patient
from reminders.models.kinds import Channel
from reminders.outbox import Claim, claim
from schedules.lifecycle import State
from tests.reminders.delivery.conftest import Clock
from tests.reminders.outbox.rows import NOW, owe, states

LEASE = timedelta(minutes=2)
A_KIND = 2
"""The statements that each kind of side effect may add."""


@dataclass
class Cost:
    """Statements, and whether one was run for several rows."""

    statements: int = 0
    by_row: bool = False


@contextmanager
def counted(database: Database) -> Iterator[Cost]:
    cost = Cost()

    def note(_conn: Any, _cursor: Any, _text: str, _parameters: Any, _context: Any, executemany: Any) -> None:
        cost.statements += 1
        cost.by_row = cost.by_row or bool(executemany)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield cost
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


def _taken(index: int) -> Answer:
    return Accepted(f"SM{index}", State.SENT)


def _send(database: Database, answers: Sequence[Answer] | None = None) -> tuple[Cost, Cost]:
    """Send all that is due as one group; what preparing and what settling it cost."""
    token = new_id()
    with database.begin() as session:
        (sender,) = due_senders(session, NOW)
        ids = claim(session, Claim(sender.id, token, 1000, NOW, NOW + LEASE))
    work = Work(
        sender=sender,
        group=Group(ids, token, Channel.SMS),
        public_url="https://clinic.example",
        now=NOW,
        time_out=timedelta(seconds=10),
        lease_until=NOW + LEASE,
    )
    with counted(database) as preparing, database.begin() as session:
        calls = prepare(session, work, Premises(sender.clinic_id))
    given = answers or [_taken(index) for index, _ in enumerate(calls)]
    with counted(database) as settling, database.begin() as session:
        write_down(session, Answers(work, calls, given, can_look_up=True), NOW)
    return preparing, settling


def test_forty_cost_what_four_do(database: Database, clinic: Clinic, clock: Clock) -> None:
    owe(database, clinic, 4)
    few = _send(database)
    owe(database, clinic, 40)
    many = _send(database)
    assert states(database) == {State.SENT: 44}
    assert many == few
    assert not any(cost.by_row for cost in many)


TROUBLES: tuple[Answer, ...] = (
    Refusal(Fault.PERMANENT, "21211"),
    Refusal(Fault.OPTED_OUT, "21610"),
    Refusal(Fault.RETRY, "20429"),
    Refusal(Fault.UNKNOWN, "timeout"),
    Accepted("SM-at-once", State.UNDELIVERED),
)


def test_each_kind_of_trouble_costs_two_more_at_most(database: Database, clinic: Clinic, clock: Clock) -> None:
    owe(database, clinic, 20)
    _, plain = _send(database)
    owe(database, clinic, 4 * len(TROUBLES))
    _, troubled = _send(database, TROUBLES * 4)
    assert states(database) == {
        State.SENT: 20,
        State.FAILED: 8,
        State.PLANNED: 4,
        State.UNKNOWN: 4,
        State.UNDELIVERED: 4,
    }
    assert troubled.statements <= plain.statements + A_KIND * len(TROUBLES)
    assert not troubled.by_row


def test_what_is_withheld_costs_by_reason_and_not_by_row(database: Database, clinic: Clinic, clock: Clock) -> None:
    owe(database, clinic, 20)
    plain, _ = _send(database)
    erased = owe(database, clinic, 10)
    with database.begin() as session:
        patients = session.query(Message.patient_id).where(Message.id.in_(erased))
        session.execute(update(Patient).where(Patient.id.in_(patients)).values(erased_at=NOW))
    owe(database, clinic, 10)
    withheld, _ = _send(database)
    assert states(database) == {State.SENT: 30, State.SKIPPED: 10}
    assert withheld.statements <= plain.statements + A_KIND
    assert not withheld.by_row
