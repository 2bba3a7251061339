"""Every door at which a naive datetime must be refused."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from reminders.clock import require_aware
from reminders.ids import new_id
from reminders.models import Message
from reminders.models.kinds import Channel, Language, MessageKind
from reminders.outbox import Claim, Draft, cancel, claim, keys
from schedules import hours, library
from schedules.backoff import FailureKind, next_try
from schedules.plan import plan
from schedules.replan import Existing
from tests.promises.world import TUESDAY

NAIVE = datetime(2026, 3, 10, 15, 0)  # noqa: DTZ001 - the point of it
DAY = timedelta(days=1)
HOURS = hours.Hours(ZoneInfo("America/Toronto"))
STEPS = library.load("microneedling").protocol


def _draft(due_at: datetime, useful_until: datetime) -> Draft:
    kind, channel, language = MessageKind.REMINDER, Channel.SMS, Language.EN
    return Draft(new_id(), kind, channel, "step:day-1", language, "key", due_at, useful_until)


VALUES: Mapping[str, Callable[[], object]] = {
    "clock.require_aware": lambda: require_aware(NAIVE),
    "outbox.Draft.due_at": lambda: _draft(NAIVE, TUESDAY + DAY),
    "outbox.Draft.useful_until": lambda: _draft(TUESDAY, NAIVE + DAY),
    "outbox.keys.confirmation_key": lambda: keys.confirmation_key(new_id(), NAIVE),
    "hours.is_open": lambda: hours.is_open(NAIVE, HOURS),
    "hours.next_open": lambda: hours.next_open(NAIVE, HOURS, avoid_closed_days=False),
    "hours.closes_at": lambda: hours.closes_at(NAIVE, HOURS),
    "plan.treated_at": lambda: plan(STEPS, NAIVE, HOURS, TUESDAY),
    "plan.now": lambda: plan(STEPS, TUESDAY, HOURS, NAIVE),
    "replan.Existing.due_at": lambda: Existing("day-1", 1, NAIVE, "open"),
    "backoff.next_try": lambda: next_try(FailureKind.TRANSIENT, 1, NAIVE, 0.0),
}


STATEMENTS: Mapping[str, Callable[[Session], object]] = {
    "compared": lambda session: session.scalars(select(Message.id).where(Message.due_at <= NAIVE)).all(),
    "claimed at": lambda session: claim(session, Claim(new_id(), new_id(), 1, NAIVE, TUESDAY)),
    "leased until": lambda session: claim(session, Claim(new_id(), new_id(), 1, TUESDAY, NAIVE)),
    "moved at": lambda session: cancel(session, Message.id == new_id(), "test", NAIVE),
}
