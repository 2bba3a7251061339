"""Replies, answers and tickets for the tests of what staff read."""

import uuid
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from reminders.care.checkins import CheckInAnswer, row_of
from reminders.care.inbox import InboxItem, inbox
from reminders.care.ticket_keys import key_for
from reminders.care.tickets import NewTicket, open_ticket
from reminders.care.worklist import Asked, waiting, worklist
from reminders.ids import new_id
from reminders.models import CheckIn, Clinic, Reply, Sender
from reminders.models.kinds import Channel, CheckInOutcome, ReplyKind, TicketKind
from tests.conftest import NOW
from tests.reminders.care_answering.builders import (
    Case,
)


def add_reply(session: Session, case: Case | None, clinic: Clinic, minutes: int, **given: Any) -> Reply:
    """A reply that was received so many minutes after NOW."""
    sender = session.scalars(select(Sender).where(Sender.channel == Channel.SMS)).one()
    reply = Reply(
        clinic_id=clinic.id,
        sender_id=sender.id,
        patient_id=case.patient.id if case else None,
        answers_id=case.message.id if case else None,
        kind=ReplyKind.TEXT,
        channel=Channel.SMS,
        provider_id=str(new_id()),
        sender_address="+15145550199",
        body=f"reply {minutes}",
        received_at=NOW + timedelta(minutes=minutes),
        **({"from_index": "stranger"} | ({"from_index": case.patient.phone_index} if case else {}) | given),
    )
    session.add(reply)
    session.flush()
    return reply


def answer(session: Session, case: Case, outcome: CheckInOutcome, minutes: int = 0) -> None:
    """An answer to the case's check-in."""
    given = CheckInAnswer(case.patient.clinic_id, case.treatment.id, outcome, reminder_id=case.reminder.id)
    session.add(CheckIn(**row_of(given, NOW + timedelta(minutes=minutes))))
    session.flush()


def ticket(session: Session, reply: Reply, kind: TicketKind, minutes: int = 0) -> None:
    """A ticket that a reply caused."""
    key = key_for(kind, reply.id)
    new = NewTicket(reply.clinic_id, kind, key, patient_id=reply.patient_id, reply_id=reply.id)
    open_ticket(session, new, NOW + timedelta(minutes=minutes))


def conversations(session: Session, clinic_id: uuid.UUID) -> list[InboxItem]:
    """A clinic's conversations as Today has them: those that wait, then the latest others."""
    work = worklist(waiting(session, clinic_id), Asked())
    found = inbox(session, clinic_id, work.lines, work.keys)
    return [*found.waiting, *found.quiet]
