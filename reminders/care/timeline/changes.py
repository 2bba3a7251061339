"""What staff or another system changed about a patient, from the audit trail: who, when, which fields."""

import uuid
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from reminders.care.timeline.entries import TimelineEntry
from reminders.care.timeline.rows import Rows
from reminders.models import Audit, Consult, Patient, Reply, Staff, Ticket, Treatment
from reminders.models.kinds import MessageKind

WRITTEN = "message.written"
"""Who wrote what staff wrote: it stands with the message."""

GIVEN = "ticket.given"
"""To whom a ticket was given: it stands with the ticket."""

CHANGES: Mapping[str, str] = {
    "patient.added": "patient_added",
    "patient.changed": "patient_changed",
    "patient.held": "patient_held",
    "patient.released": "patient_released",
    "consent.exported": "consent_exported",
    "treatment.moved": "treatment_moved",
    "treatment.cancelled": "treatment_cancelled",
    "treatment.superseded": "treatment_superseded",
    "treatment.taken_back": "treatment_taken_back",
    "reply.assigned": "reply_assigned",
    "reply.retied": "reply_retied",
    "consult.booked": "consult_booked",
    "consult.attended": "consult_attended",
    "consult.declined": "consult_declined",
    "consult.taken_back": "consult_taken_back",
    "ticket.reopened": "ticket_reopened",
    "ticket.rang_again": "ticket_rang_again",
}
"""What a change is called in the catalogue (`change.…`), by what the trail calls it (decision 36). That somebody looked
is no change; what a ticket, a consent and a message say of themselves is not said again."""


def trail(session: Session, patient: Patient, rows: Rows) -> Sequence[Audit]:
    """What the audit trail has of a patient and of all that is theirs, but for who looked; oldest first. One query."""
    written = [message.id for message in rows.messages if message.kind is MessageKind.STAFF]
    own = [row.id for kind in (Treatment, Ticket, Reply, Consult) for row in rows.of(kind)]
    return session.scalars(
        select(Audit)
        .where(Audit.clinic_id == patient.clinic_id, Audit.at >= patient.created_at)
        .where(Audit.action.in_([*CHANGES, WRITTEN, GIVEN]), Audit.subject_id.in_([patient.id, *own, *written]))
        .order_by(Audit.at, Audit.id)
    ).all()


def colleagues(session: Session, patient: Patient) -> Mapping[uuid.UUID, str]:
    """The names of the clinic's staff, those who have left included. One query."""
    found = session.execute(select(Staff.id, Staff.name).where(Staff.clinic_id == patient.clinic_id))
    return {row.id: row.name for row in found}


def change_entries(found: Iterable[Audit], rows: Rows, names: Mapping[uuid.UUID, str]) -> list[TimelineEntry]:
    """The changes among the trail's entries, as lines."""
    treatments = _treatments(rows)
    return [
        TimelineEntry(
            at=one.at,
            kind="change",
            title_key=f"change.{CHANGES[one.action]}",
            params={"by": who(one, names), "source": str(one.detail.get("source", "")), "fields": _fields(one)},
            subject_id=one.id,
            treatments=treatments.get(one.subject_id, ()) if one.subject_id else (),
        )
        for one in found
        if one.action in CHANGES
    ]


def who(entry: Audit, names: Mapping[uuid.UUID, str]) -> str:
    """The name of whoever did it, if it was one of the staff."""
    return names.get(entry.staff_id, "") if entry.staff_id else ""


def _fields(entry: Audit) -> str:
    given = entry.detail.get("fields")
    return " ".join(map(str, given)) if isinstance(given, list) else ""


def _treatments(rows: Rows) -> dict[uuid.UUID, tuple[uuid.UUID, ...]]:
    own: dict[uuid.UUID, tuple[uuid.UUID, ...]] = {row.id: (row.id,) for row in rows.of(Treatment)}
    linked = [row for kind in (Consult, Ticket) for row in rows.of(kind) if row.treatment_id]
    return own | {row.id: (row.treatment_id,) for row in linked}
