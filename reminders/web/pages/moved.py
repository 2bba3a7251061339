"""What a changed date did to a treatment's reminders, as counts to tell staff: pure but for one look."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from reminders.models import Reminder
from reminders.models.kinds import ReminderState

Standing = tuple[datetime, bool]
"""When a reminder is due, and whether it is owed."""


def snapshot(session: Session, treatment_id: UUID) -> dict[UUID, Standing]:
    """How the treatment's reminders stand now."""
    columns = (Reminder.id, Reminder.due_at, Reminder.state)
    rows = session.execute(select(*columns).where(Reminder.treatment_id == treatment_id))
    return {reminder_id: (due_at, state is ReminderState.OWED) for reminder_id, due_at, state in rows}


def compare(before: Mapping[UUID, Standing], after: Mapping[UUID, Standing]) -> dict[str, int]:
    """How many owed reminders were kept, moved, added and cancelled."""
    owed_before = {key for key, (_, owed) in before.items() if owed}
    owed_after = {key for key, (_, owed) in after.items() if owed}
    both = owed_before & owed_after
    moved = sum(before[key][0] != after[key][0] for key in both)
    return {
        "keep": len(both) - moved,
        "move": moved,
        "add": len(owed_after - owed_before),
        "cancel": len(owed_before - owed_after),
    }


def told(query: Mapping[str, str], done: str) -> dict[str, int]:
    """What has just been done, as the redirect's address tells it: numbers only, and only for that deed."""
    counts = {name: query.get(name, "") for name in ("keep", "move", "add", "cancel")}
    if query.get("done") != done or not all(value.isascii() and value.isdigit() for value in counts.values()):
        return {}
    return {name: int(value[:9]) for name, value in counts.items()}
