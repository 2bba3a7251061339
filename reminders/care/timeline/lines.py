"""Everything about one patient in the order of time: what was planned, sent, said and done, and why."""

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from reminders.care.explain import Explanation, explain, explain_message
from reminders.care.explain.waiting import Holds, holds
from reminders.care.timeline.alarms import alarm_entries
from reminders.care.timeline.belonging import Belonging
from reminders.care.timeline.changes import GIVEN, WRITTEN, change_entries, colleagues, trail, who
from reminders.care.timeline.courses import Course, courses
from reminders.care.timeline.entries import ENTRIES, Deed, TimelineEntry
from reminders.care.timeline.rows import Rows, load
from reminders.models import Audit, Clinic, Message, Patient, Reminder, Reply, Ticket
from reminders.models.instance import now
from reminders.models.kinds import MessageKind, TicketState

__all__ = ["History", "TimelineEntry", "history", "timeline", "why"]


@dataclass(frozen=True)
class History:
    """Everything about one patient. `entries` are the lines, oldest first, and `courses` how each treatment went.

    `open_tickets` come most urgent first, each with the name of whoever has it ("" nobody, or a practice system);
    `replies` newest first.
    """

    entries: Sequence[TimelineEntry]
    courses: Mapping[uuid.UUID, Course]
    open_tickets: Sequence[tuple[Ticket, str]]
    replies: Sequence[Reply]


def history(session: Session, clinic: Clinic, patient: Patient) -> History:
    """All that happened, is planned or was decided against; times in UTC.

    A fixed number of queries. Reminders that some message carries show as that message.
    """
    rows = load(session, patient)
    found, names = trail(session, patient, rows), colleagues(session, patient)
    belonging = Belonging(rows)
    entries = _of_rows(rows, holds(session, clinic, [patient.id], now(session)), belonging)
    people = _People(rows, found, names)
    entries = [people.beside(entry) for entry in entries]
    entries += alarm_entries(session, patient)
    entries += change_entries(found, rows, names)
    waiting = [ticket for ticket in rows.of(Ticket) if ticket.state is not TicketState.CLOSED]
    waiting.sort(key=lambda ticket: (ticket.priority, ticket.opened_at, ticket.id))
    return History(
        entries=sorted(entries, key=lambda entry: entry.at),
        courses=courses(rows, belonging),
        open_tickets=[(ticket, _holder(ticket, names)) for ticket in waiting],
        replies=sorted(rows.of(Reply), key=lambda reply: (reply.received_at, reply.id), reverse=True),
    )


def timeline(session: Session, clinic: Clinic, patient: Patient) -> list[TimelineEntry]:
    """The lines of a patient's history alone, oldest first."""
    return list(history(session, clinic, patient).entries)


def why(session: Session, clinic: Clinic, patient: Patient) -> dict[uuid.UUID, Explanation]:
    """For each of a patient's reminders, by its id, why it was, will be, or was not sent. As few queries."""
    rows = load(session, patient)
    now_held = holds(session, clinic, [patient.id], now(session))
    messages = {message.id: message for message in rows.messages}
    calls = [attempt for made in rows.attempts.values() for attempt in made]
    shared = rows.shared
    carried = {one.id: [messages[id_] for id_ in rows.carrying[one.id]] for one in rows.reminders}
    return {one.id: explain(one, carried[one.id], calls, holds=now_held, shared=shared) for one in rows.reminders}


def _of_rows(rows: Rows, now_held: Holds, belonging: Belonging) -> list[TimelineEntry]:
    made = [(row, _with_attached(make(row), rows)) for kind, make in ENTRIES.items() for row in rows.of(kind)]
    made += [(message, _message(message, rows, now_held)) for message in rows.messages]
    made += [(reminder, _reminder(reminder)) for reminder in rows.reminders if not rows.carrying[reminder.id]]
    return [replace(entry, treatments=belonging.of(row)) for row, entry in made]


class _People:
    """What the trail and the tickets themselves say of who wrote a message, or dealt with a ticket."""

    def __init__(self, rows: Rows, found: Sequence[Audit], names: Mapping[uuid.UUID, str]) -> None:
        self._names = names
        self._tickets = {ticket.id: ticket for ticket in rows.of(Ticket)}
        self._noted: defaultdict[uuid.UUID | None, list[Audit]] = defaultdict(list)
        for one in found:
            self._noted[one.subject_id].append(one)

    def beside(self, entry: TimelineEntry) -> TimelineEntry:
        """The line with the people in it."""
        own = self._noted[entry.subject_id]
        if entry.kind == "message":
            author = next((who(one, self._names) for one in own if one.action == WRITTEN), "")
            return replace(entry, params={**entry.params, "by": author})
        if entry.kind == "ticket" and entry.subject_id:
            return replace(entry, deeds=_deeds(self._tickets[entry.subject_id], own, self._names))
        return entry


def _deeds(ticket: Ticket, own: Sequence[Audit], names: Mapping[uuid.UUID, str]) -> tuple[Deed, ...]:
    deeds = [Deed("given", one.at, _given_to(one, names)) for one in own if one.action == GIVEN]
    if ticket.acknowledged_at:
        deeds.append(Deed("taken", ticket.acknowledged_at, _name(ticket.acknowledged_by, names)))
    if ticket.closed_at:
        deeds.append(Deed("closed", ticket.closed_at, _name(ticket.closed_by, names), ticket.outcome))
    return tuple(sorted(deeds, key=lambda deed: deed.at))


def _given_to(entry: Audit, names: Mapping[uuid.UUID, str]) -> str:
    given = str(entry.detail.get("staff", ""))
    return next((name for staff_id, name in names.items() if str(staff_id) == given), "")


def _name(staff_id: uuid.UUID | None, names: Mapping[uuid.UUID, str]) -> str:
    return names.get(staff_id, "") if staff_id else ""


def _holder(ticket: Ticket, names: Mapping[uuid.UUID, str]) -> str:
    return _name(ticket.assigned_to or ticket.acknowledged_by, names)


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
