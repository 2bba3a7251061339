"""The inbox: conversations, those that need somebody first, then what came in last."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from reminders.care.letters import is_quiet
from reminders.care.tickets import OpenTicket, open_tickets
from reminders.models import Patient, Reply, Ticket

MOST_REPLIES = 200
"""How far back the inbox looks for what needs nobody."""


@dataclass(frozen=True)
class InboxItem:
    """One conversation: a patient's, an unknown or shared address's, or what no patient is concerned by.

    `replies` are its latest, newest first; `tickets` its open ones, most urgent first; one of the two may be empty.
    `might_be` are the patients who share the address, when nobody can say which of them wrote.
    """

    key: str
    patient: Patient | None
    replies: tuple[Reply, ...]
    tickets: tuple[Ticket, ...]
    might_be: tuple[Patient, ...] = ()

    @property
    def reply(self) -> Reply | None:
        """What came in last."""
        return self.replies[0] if self.replies else None

    @property
    def priority(self) -> int | None:
        """How much it presses (`tickets.PRIORITY`); None when nobody has to act."""
        return self.tickets[0].priority if self.tickets else None

    @property
    def waiting_since(self) -> datetime | None:
        """Since when the most urgent ticket has been open."""
        return self.tickets[0].opened_at if self.tickets else None

    def waiting(self, now: datetime) -> timedelta | None:
        """How long somebody has waited."""
        return None if self.waiting_since is None else now - self.waiting_since


def inbox(session: Session, clinic_id: uuid.UUID) -> list[InboxItem]:
    """A clinic's conversations: by urgency, then by who has waited longest; without a ticket the newest first.

    What machines wrote in a patient's name stands in their timeline alone, unless a ticket waits for it; what is
    nobody's has no other place than this. Three queries, however much there is.
    """
    waiting = open_tickets(session, clinic_id)
    wanted = {found.ticket.reply_id for found in waiting if found.ticket.reply_id}
    kept = _replies(session, clinic_id, wanted)
    replies = [one for one in kept if one.id in wanted or not _stands_elsewhere(one)]
    return arrange(waiting, replies, _patients(session, clinic_id, waiting, replies))


def _stands_elsewhere(reply: Reply) -> bool:
    return reply.patient_id is not None and is_quiet(reply.kind, reply.raw, reply.labels)


def arrange(waiting: Sequence[OpenTicket], replies: Sequence[Reply], patients: Sequence[Patient]) -> list[InboxItem]:
    """Conversations out of open tickets (most urgent first) and replies (newest first)."""
    spoken: dict[str, list[Reply]] = {}
    for reply in replies:
        spoken.setdefault(_key(reply.patient_id, reply.from_index), []).append(reply)
    pressing: dict[str, list[Ticket]] = {}
    for found in waiting:
        index = found.reply.from_index if found.reply else str(found.ticket.id)
        pressing.setdefault(_key(found.ticket.patient_id, index), []).append(found.ticket)
    people = {str(patient.id): patient for patient in patients}
    there = _by_address(patients)
    # Dicts keep the order of insertion: tickets' order first, then the newest reply of each conversation left.
    return [
        InboxItem(key, people.get(key), tuple(spoken.get(key, ())), tuple(pressing.get(key, ())), there.get(key, ()))
        for key in dict.fromkeys([*pressing, *spoken])
    ]


def _by_address(patients: Sequence[Patient]) -> dict[str, tuple[Patient, ...]]:
    found: dict[str, tuple[Patient, ...]] = {}
    for patient in patients:
        for index in filter(None, (patient.phone_index, patient.email_index)):
            key = _key(None, index)
            found[key] = (*found.get(key, ()), patient)
    return found


def _key(patient_id: uuid.UUID | None, other: str) -> str:
    return str(patient_id) if patient_id else f"address:{other}"


def _replies(session: Session, clinic_id: uuid.UUID, wanted: Iterable[uuid.UUID]) -> Sequence[Reply]:
    """The latest replies, and those that a ticket waits for however old they are."""
    latest = (
        select(Reply.id)
        .where(Reply.clinic_id == clinic_id)
        .order_by(Reply.received_at.desc(), Reply.id.desc())
        .limit(MOST_REPLIES)
    )
    return session.scalars(
        select(Reply)
        .where(Reply.clinic_id == clinic_id, or_(Reply.id.in_(latest), Reply.id.in_(list(wanted))))
        .order_by(Reply.received_at.desc(), Reply.id.desc())
    ).all()


def _patients(
    session: Session, clinic_id: uuid.UUID, waiting: Sequence[OpenTicket], replies: Sequence[Reply]
) -> Sequence[Patient]:
    """Whoever is named by a reply or a ticket, and whoever shares an address that a nameless reply came from."""
    ids = {reply.patient_id for reply in replies if reply.patient_id}
    ids |= {found.ticket.patient_id for found in waiting if found.ticket.patient_id}
    nameless = {reply.from_index for reply in replies if reply.patient_id is None}
    meant = or_(Patient.id.in_(ids), Patient.phone_index.in_(nameless), Patient.email_index.in_(nameless))
    return session.scalars(select(Patient).where(Patient.clinic_id == clinic_id, meant).order_by(Patient.id)).all()
