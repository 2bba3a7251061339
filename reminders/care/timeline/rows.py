"""The rows behind a patient's timeline, in a fixed number of queries."""

import uuid
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from reminders.care.attachments import Attached, of_replies
from reminders.care.timeline.entries import ReceiptLine
from reminders.models import (
    Attempt,
    CheckIn,
    Consent,
    Consult,
    Message,
    MessageReminder,
    Patient,
    Receipt,
    Reminder,
    Reply,
    Severity,
    Ticket,
    Treatment,
)


@dataclass(frozen=True)
class Rows:
    """A patient's rows. `carrying` has the messages of each reminder, `attempts` the calls of each message,
    `attached` what hangs on each reply."""

    plain: Mapping[type[Any], Sequence[Any]]
    messages: Sequence[Message]
    reminders: Sequence[Reminder]
    carrying: Mapping[uuid.UUID, Sequence[uuid.UUID]]
    attempts: Mapping[uuid.UUID, Sequence[Attempt]]
    receipts_of: Mapping[uuid.UUID, Sequence[Receipt]]
    attached: Mapping[uuid.UUID, Sequence[Attached]]

    def of(self, kind: type[Any]) -> Sequence[Any]:
        """The rows of a kind that needs no other to be shown."""
        return self.plain[kind]

    @cached_property
    def shared(self) -> frozenset[uuid.UUID]:
        """The messages that carry more than one reminder."""
        count = Counter(message_id for ids in self.carrying.values() for message_id in ids)
        return frozenset(message_id for message_id, carried in count.items() if carried > 1)

    def receipts(self, message: Message) -> list[ReceiptLine]:
        """What the provider said of a message's calls, in the order in which it came."""
        found = [receipt for attempt in self.attempts[message.id] for receipt in self.receipts_of[attempt.id]]
        found.sort(key=lambda receipt: (receipt.received_at, receipt.id))
        return [ReceiptLine(receipt.received_at, receipt.status, receipt.error_code) for receipt in found]


def load(session: Session, patient: Patient) -> Rows:
    """All that is about one patient; eleven queries however much that is."""
    treatments = session.scalars(select(Treatment).where(Treatment.patient_id == patient.id)).all()
    treatment_ids = [treatment.id for treatment in treatments]
    messages = session.scalars(select(Message).where(Message.patient_id == patient.id)).all()
    reminders = session.scalars(select(Reminder).where(Reminder.treatment_id.in_(treatment_ids))).all()
    attempts = _attempts(session, patient)
    replies = session.scalars(select(Reply).where(Reply.patient_id == patient.id)).all()
    return Rows(
        plain={
            Treatment: treatments,
            Reply: replies,
            CheckIn: session.scalars(select(CheckIn).where(CheckIn.treatment_id.in_(treatment_ids))).all(),
            Severity: session.scalars(select(Severity).where(Severity.treatment_id.in_(treatment_ids))).all(),
            Consult: session.scalars(select(Consult).where(Consult.patient_id == patient.id)).all(),
            Ticket: session.scalars(select(Ticket).where(Ticket.patient_id == patient.id)).all(),
            Consent: session.scalars(select(Consent).where(Consent.patient_id == patient.id)).all(),
        },
        messages=messages,
        reminders=reminders,
        carrying=_carrying(session, patient),
        attempts=_grouped(attempts, "message_id"),
        receipts_of=_grouped(_receipts(session, patient), "attempt_id"),
        attached=of_replies(session, [reply.id for reply in replies]),
    )


def _attempts(session: Session, patient: Patient) -> Sequence[Attempt]:
    query = select(Attempt).join(Message, Message.id == Attempt.message_id).where(Message.patient_id == patient.id)
    return session.scalars(query.order_by(Attempt.number)).all()


def _receipts(session: Session, patient: Patient) -> Sequence[Receipt]:
    query = (
        select(Receipt)
        .join(Attempt, Attempt.id == Receipt.attempt_id)
        .join(Message, Message.id == Attempt.message_id)
        .where(Message.patient_id == patient.id)
    )
    return session.scalars(query).all()


def _carrying(session: Session, patient: Patient) -> Mapping[uuid.UUID, Sequence[uuid.UUID]]:
    query = (
        select(MessageReminder.reminder_id, MessageReminder.message_id)
        .join(Message, Message.id == MessageReminder.message_id)
        .where(Message.patient_id == patient.id)
    )
    found: defaultdict[uuid.UUID, list[uuid.UUID]] = defaultdict(list)
    for reminder_id, message_id in session.execute(query):
        found[reminder_id].append(message_id)
    return found


def _grouped(rows: Sequence[Any], name: str) -> Mapping[uuid.UUID, Sequence[Any]]:
    found: defaultdict[uuid.UUID, list[Any]] = defaultdict(list)
    for row in rows:
        found[getattr(row, name)].append(row)
    return found
