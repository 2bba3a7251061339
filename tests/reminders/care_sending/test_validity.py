"""The carrier may hold a message only inside its window and while it is useful, whatever its kind. Through the sweep.

Seen to fail when usefulness was left out.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from reminders.delivery.windows import AT_ONCE, SHORTEST, window_of
from reminders.models import Clinic, Patient
from reminders.models.kinds import Channel, Language, MessageKind
from reminders.outbox import Draft, enqueue
from tests.promises.world import number
from tests.reminders.care_sending.conftest import Desk

ZONES = ["America/Toronto", "America/Vancouver", "America/St_Johns", "Pacific/Auckland"]
KEEP_TO_THE_WINDOW = (MessageKind.REMINDER, MessageKind.NUDGE, MessageKind.STAFF, MessageKind.ANSWER)


def owe_all(desk: Desk, zone: str, useful: timedelta) -> None:
    """A message of each kind, due now, to patients in a zone; a patient's number tells the kind."""
    now = desk.world.now
    patients = [desk.world.patient(number(n)) for n in range(len(MessageKind))]
    drafts = [
        Draft(
            clinic_id=desk.clinic.id,
            kind=kind,
            channel=Channel.SMS,
            template="answer:clear",
            language=Language.EN,
            dedupe_key=kind,
            due_at=now,
            useful_until=now + useful,
            patient_id=patient.id,
        )
        for kind, patient in zip(MessageKind, patients, strict=True)
    ]
    with desk.database.begin() as session:
        session.execute(update(Patient).values(timezone=zone))
        enqueue(session, drafts, now)


@pytest.mark.parametrize("zone", ZONES[1::2])
@pytest.mark.parametrize("useful", [timedelta(minutes=10), timedelta(days=2)])
@pytest.mark.parametrize("before", [5, 300, -120], ids=lambda minutes: f"{minutes} minutes before the window closes")
def test_what_leaves_may_not_be_delivered_at_night_or_when_useless(
    desk: Desk, zone: str, useful: timedelta, before: int
) -> None:
    closing = window_of(desk.clinic, zone, window_of(desk.clinic, zone, desk.world.now).opening()).closes
    assert closing is not None
    desk.world.set_clock(closing - timedelta(minutes=before))
    owe_all(desk, zone, useful)
    desk.sweep()
    kinds = {number(n): kind for n, kind in enumerate(MessageKind)}
    allowed = {kinds[one.to]: one.valid_for for one in desk.provider.taken}
    assert set(MessageKind) - set(allowed) == (set() if before > 0 else set(KEEP_TO_THE_WINDOW))
    for kind, valid in allowed.items():
        assert timedelta(seconds=1) <= valid <= useful
        # The sweep looked at the clock a little later than it was set.
        assert valid <= (timedelta(minutes=before) if kind in KEEP_TO_THE_WINDOW else AT_ONCE)


MOMENTS = st.datetimes(datetime(2026, 3, 1), datetime(2026, 11, 30)).map(lambda at: at.replace(tzinfo=ZoneInfo("UTC")))  # noqa: DTZ001
CLINIC = Clinic(
    timezone="America/Toronto",
    opens=datetime(2026, 1, 1, 9).time(),  # noqa: DTZ001
    closes=datetime(2026, 1, 1, 20).time(),  # noqa: DTZ001
    closed_weekdays=[],
    closed_dates=[],
)


@given(st.sampled_from(MessageKind), MOMENTS, st.sampled_from(ZONES), st.integers(1, 300_000))
def test_at_any_moment_of_the_year(kind: MessageKind, at: datetime, zone: str, seconds: int) -> None:
    """What keeps to the window and goes outside it is urgent, or a fresh answer: somebody waits for it."""
    window = window_of(CLINIC, zone, at)
    longest = window.valid_for(kind, at + timedelta(seconds=seconds))
    assert timedelta(seconds=1) <= longest <= timedelta(seconds=seconds)
    if kind in KEEP_TO_THE_WINDOW and window.is_open():
        assert window.closes is not None
        assert at + longest <= window.closes
        assert longest >= min(SHORTEST, timedelta(seconds=seconds))
    else:
        assert longest <= AT_ONCE
