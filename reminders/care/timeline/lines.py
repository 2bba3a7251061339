"""Everything about one patient in the order of time: what was planned, sent, said and done, and why."""

import uuid
from dataclasses import replace

from sqlalchemy.orm import Session

from reminders.care.explain import Explanation, explain, explain_message
from reminders.care.explain.waiting import Holds, holds
from reminders.care.timeline.alarms import alarm_entries
from reminders.care.timeline.belonging import Belonging
from reminders.care.timeline.entries import ENTRIES, TimelineEntry
from reminders.care.timeline.rows import Rows, load
from reminders.models import Clinic, Message, Patient, Reminder
from reminders.models.instance import now
from reminders.models.kinds import MessageKind

__all__ = ["TimelineEntry", "timeline", "why"]


def timeline(session: Session, clinic: Clinic, patient: Patient) -> list[TimelineEntry]:
    """All that happened, is planned or was decided against, oldest first; times in UTC.

    A fixed number of queries. Reminders that some message carries show as that message.
    """
    rows = load(session, patient)
    now_held = holds(session, clinic, [patient.id], now(session))
    belonging = Belonging(rows)
    made = [(row, _with_attached(make(row), rows)) for kind, make in ENTRIES.items() for row in rows.of(kind)]
    made += [(message, _message(message, rows, now_held)) for message in rows.messages]
    made += [(reminder, _reminder(reminder)) for reminder in rows.reminders if not rows.carrying[reminder.id]]
    entries = [replace(entry, treatments=belonging.of(row)) for row, entry in made]
    entries += alarm_entries(session, patient)
    return sorted(entries, key=lambda entry: entry.at)


def why(session: Session, clinic: Clinic, patient: Patient) -> dict[uuid.UUID, Explanation]:
    """For each of a patient's reminders, by its id, why it was, will be, or was not sent. As few queries."""
    rows = load(session, patient)
    now_held = holds(session, clinic, [patient.id], now(session))
    messages = {message.id: message for message in rows.messages}
    calls = [attempt for made in rows.attempts.values() for attempt in made]
    shared = rows.shared
    carried = {one.id: [messages[id_] for id_ in rows.carrying[one.id]] for one in rows.reminders}
    return {one.id: explain(one, carried[one.id], calls, holds=now_held, shared=shared) for one in rows.reminders}


def _reminder(reminder: Reminder) -> TimelineEntry:
    why = explain(reminder, ())
    return TimelineEntry(
        at=reminder.due_at,
        kind="reminder",
        title_key="timeline_reminder",
        params={"step": reminder.step, "round": str(reminder.round)},
        state=reminder.state.value,
        subject_id=reminder.id,
        why_key=why.key,
        why_params=why.params,
    )


def _with_attached(entry: TimelineEntry, rows: Rows) -> TimelineEntry:
    attached = rows.attached.get(entry.subject_id) if entry.subject_id else None
    return replace(entry, attached=tuple(attached)) if attached else entry


def _written(message: Message) -> str:
    """What a colleague wrote, before it is sent."""
    return str((message.params or {}).get("text", "")) if message.kind is MessageKind.STAFF else ""


def _message(message: Message, rows: Rows, now_held: Holds) -> TimelineEntry:
    attempts = rows.attempts[message.id]
    why = explain_message(message, attempts, holds=now_held, shared=message.id in rows.shared)
    return TimelineEntry(
        at=message.sent_at or message.due_at,
        kind="message",
        title_key=f"timeline_message_{message.kind.value}",
        text=message.body or _written(message),
        params={"template": message.template, "channel": message.channel.value, "subject": message.subject or ""},
        state=message.state.value,
        channel=message.channel,
        subject_id=message.id,
        why_key=why.key,
        why_params=why.params,
        receipts=tuple(rows.receipts(message)),
    )
