"""What is owed in the middle of a long run: a safety text of the same sender, and another clinic's few.

Seen to fail when a sweep did not look again while it sends, and when it began no second run beside a sender's own.
"""

import time
from collections.abc import Callable

import pytest
from sqlalchemy import select

from reminders.channels.base import Outgoing
from reminders.database import Database
from reminders.delivery import sweep
from reminders.delivery.context import Delivery
from reminders.delivery.sweep import send_due
from reminders.models import Attempt, Clinic
from reminders.models.kinds import MessageKind
from schedules.lifecycle import State
from tests.reminders.delivery.fakes import Provider
from tests.reminders.delivery.test_one_bad_row import another_clinic
from tests.reminders.outbox.rows import owe, states

MANY = 200


@pytest.fixture(autouse=True)
def _look_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "_LOOK_AGAIN_SECONDS", 0.05)


def _at_the_first_call(then: Callable[[], object]) -> Callable[[Outgoing], None]:
    """Calls that take a while, and what happens during the first of them."""
    first: list[Outgoing] = []

    def during(outgoing: Outgoing) -> None:
        if not first:
            first.append(outgoing)
            then()
        time.sleep(0.005)

    return during


def _place(database: Database, provider: Provider, message_ids: list[object]) -> int:
    """How many calls were made up to the last of these messages."""
    with database.read() as session:
        attempts = set(session.scalars(select(Attempt.id).where(Attempt.message_id.in_(message_ids))))
    return max(n for n, call in enumerate(provider.taken, 1) if call.attempt_id in attempts)


def test_a_safety_text_waits_for_no_run(
    database: Database, clinic: Clinic, context: Delivery, provider: Provider
) -> None:
    owe(database, clinic, MANY)
    safety: list[object] = []
    provider.during = _at_the_first_call(lambda: safety.extend(owe(database, clinic, kind=MessageKind.SAFETY)))
    send_due(context)
    assert states(database) == {State.SENT: MANY + 1}
    assert _place(database, provider, safety) < MANY * 3 / 4


def test_anothers_few_wait_for_nobodys_many(
    database: Database, clinic: Clinic, context: Delivery, provider: Provider
) -> None:
    other = another_clinic(database)
    owe(database, clinic, MANY)
    few: list[object] = []
    provider.during = _at_the_first_call(lambda: few.extend(owe(database, other, 5)))
    send_due(context)
    assert states(database) == {State.SENT: MANY + 5}
    assert _place(database, provider, few) < MANY * 3 / 4
