"""A check-in that was delayed into a closed day waits for an open one; tips and the rest do not. Both databases."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from reminders.database import Database
from reminders.delivery.context import Delivery
from reminders.delivery.sweep import send_due
from reminders.models import Clinic
from reminders.outbox import enqueue
from schedules.lifecycle import State
from tests.reminders.delivery.conftest import Clock
from tests.reminders.delivery.fakes import Provider
from tests.reminders.outbox.rows import NOW, add_patient, add_reminder, add_treatment, draft, message

SUNDAY = datetime(2026, 3, 15, 15, 0, tzinfo=UTC)
"""11:00 in Montreal."""


@dataclass(frozen=True)
class Case:
    """What is owed, for how many days it is useful, the closed date beside Sundays, and what becomes of it."""

    is_check_in: bool
    useful: int
    closed: tuple[str, ...]
    state: State
    due: datetime


CASES = {
    "a check-in waits": Case(True, 9, (), State.PLANNED, datetime(2026, 3, 16, 13, 0, tzinfo=UTC)),
    "past a holiday too": Case(True, 9, ("2026-03-16",), State.PLANNED, datetime(2026, 3, 17, 13, 0, tzinfo=UTC)),
    "not past its use": Case(True, 6, ("2026-03-16",), State.EXPIRED, NOW),
    "tips do not wait": Case(False, 9, (), State.SENT, NOW),
}


def owe(database: Database, clinic: Clinic, case: Case) -> UUID:
    """A message that was due on Tuesday, at a clinic closed on Sundays."""
    with database.begin() as session:
        kept = session.get_one(Clinic, clinic.id)
        kept.closed_weekdays, kept.closed_dates = [7], list(case.closed)
        patient = add_patient(session, clinic)
        treatment = add_treatment(session, clinic, patient)
        reminder = add_reminder(session, treatment)
        reminder.is_check_in = case.is_check_in
        until = NOW + timedelta(days=case.useful)
        return enqueue(session, [draft(patient, treatment, reminder_ids=(reminder.id,), useful_until=until)], NOW)[0]


@pytest.mark.parametrize("name", CASES)
def test_on_a_sunday(
    database: Database, clinic: Clinic, context: Delivery, provider: Provider, clock: Clock, name: str
) -> None:
    case = CASES[name]
    message_id = owe(database, clinic, case)
    clock.set(SUNDAY)
    send_due(context)
    assert len(provider.taken) == (case.state is State.SENT)
    row = message(database, message_id)
    assert (row.state, row.due_at) == (case.state, case.due)
    assert row.reason == {State.PLANNED: "clinic_closed", State.EXPIRED: "too_late", State.SENT: ""}[case.state]
