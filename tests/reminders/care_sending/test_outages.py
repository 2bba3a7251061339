"""After an outage of any length: never two steps together, never silence, and a call to make for a lost check-in.

Seen to fail when an expired check-in opened no ticket.
"""

from collections import defaultdict
from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from sqlalchemy import select

from reminders.care import treatments
from reminders.care.actors import Actor
from reminders.models import Attempt, Message, Ticket
from reminders.models.kinds import TicketKind
from schedules import library
from schedules.lifecycle import State
from tests.promises.world import TUESDAY, number
from tests.reminders.care_sending.conftest import Desk

HALF_DAYS = range(17)
"""Lengths of outages, up to eight days."""

APART = timedelta(hours=13)
"""Day 1's tips may come until 20:00 on day 2, and day 3's from 10:00: closer than a night is together."""


def treat(desk: Desk, key: str, days: int) -> None:
    """One patient treated on each of so many days up to now."""
    for day in range(days):
        on = (desk.world.now - timedelta(days=day)).date().isoformat()
        patient = desk.world.patient(number(day))
        with desk.database.begin(clinic=desk.clinic.id) as session:
            given = treatments.TreatmentInput(key, on, "08:00")
            treatments.record(session, Actor(desk.clinic.id, "form"), desk.clinic, patient, given, desk.world.now)


def run(desk: Desk, start: datetime, days: float, every: timedelta) -> datetime:
    """The service is up for so many days from `start`, sweeping now and then; when that ends."""
    end = start + timedelta(days=days)
    while start < end:
        desk.world.set_clock(start)
        desk.sweep()
        start += every
    return end


@pytest.mark.timeout(300)
@pytest.mark.parametrize("key", [key for key in library.available() if library.load(key).for_new_clinics])
@pytest.mark.parametrize("half_days", HALF_DAYS)
def test_after_an_outage(desk: Desk, key: str, half_days: int) -> None:
    desk.world.set_clock(TUESDAY)
    treat(desk, key, days=8)
    went_down = run(desk, TUESDAY, days=1, every=timedelta(hours=6))
    back = went_down + timedelta(hours=12 * half_days)
    run(desk, back, days=0.5, every=timedelta(hours=1))
    run(desk, back + timedelta(hours=12), days=11, every=timedelta(hours=12))
    assert {row.state for row in desk.rows()} <= {State.SENT, State.EXPIRED}
    sent: defaultdict[UUID | None, list[datetime]] = defaultdict(list)
    with desk.database.read() as session:
        for treatment, at in session.execute(
            select(Message.treatment_id, Attempt.started_at).join(Message, Message.id == Attempt.message_id)
        ):
            sent[treatment].append(at)
        lost = session.scalars(
            select(Message.id).where(Message.state == State.EXPIRED, Message.template == "step:day-7")
        ).all()
        called = session.scalars(select(Ticket.message_id).where(Ticket.kind == TicketKind.MISSED_CHECK_IN)).all()
    for times in sent.values():
        times.sort()
        assert all(later - sooner >= APART for sooner, later in pairwise(times)), times
    assert sorted(map(str, called)) == sorted(map(str, lost))
    assert {row.reason for row in desk.rows() if row.state is State.EXPIRED} <= {"too_late"}
