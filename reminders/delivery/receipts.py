"""Receipts: at least once, in any order, early, late, or for nothing that we know. All harmless."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from reminders.channels.twilio_codes import state
from reminders.database import insert_missing
from reminders.delivery.news import News, Subject, apply
from reminders.models import Attempt, Message, Receipt


@dataclass(frozen=True, slots=True)
class ReceiptIn:
    """A provider's status of an attempt, in the provider's words."""

    attempt_id: uuid.UUID
    provider_id: str
    status: str
    error_code: str = ""


def record(session: Session, receipt: ReceiptIn, now: datetime) -> bool:
    """Keep the receipt, once, and apply it; False when there is no such attempt. Never commits.

    The message is locked first, so that receipts of one message come one after the other, whoever brings them.
    """
    about = subject(session, receipt.attempt_id)
    if about is not None:
        record_of(session, about, receipt, now)
    return about is not None


def record_of(session: Session, about: Subject, receipt: ReceiptIn, now: datetime) -> None:
    """As `record`, for whoever has looked at the `subject` already."""
    row = {
        "clinic_id": about.clinic_id,
        "attempt_id": about.attempt_id,
        "provider_id": receipt.provider_id[:200],
        "status": receipt.status[:32],
        "error_code": receipt.error_code[:32],
        "received_at": now,
    }
    if insert_missing(session, Receipt, row):
        news = News(about, receipt.provider_id[:200], state(receipt.status), receipt.error_code)
        apply(session, news, now)


_SUBJECT = (
    select(Attempt.id, Attempt.number, Attempt.message_id, Attempt.clinic_id, Attempt.sender_id, Message.state)
    .join(Message, Message.id == Attempt.message_id)
    .where(Attempt.id == bindparam("attempt"))
    .with_for_update(key_share=True, of=Message)
)


def subject(session: Session, attempt_id: uuid.UUID) -> Subject | None:
    """The attempt and its message, which is locked until the transaction ends."""
    found = session.connection().execute(_SUBJECT, {"attempt": attempt_id}).one_or_none()
    return Subject(*found) if found else None
