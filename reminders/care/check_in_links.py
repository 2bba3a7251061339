"""Whom a check-in's link asks, until when it can be answered, and what was answered by it before."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from reminders.care import checkins, severities
from reminders.care.page_answers import PageAnswers, from_data
from reminders.database import keyring_of
from reminders.delivery import links
from reminders.errors import CryptoError, NotFoundError
from reminders.models import Attachment, Clinic, Message, MessageReminder, Patient, Reminder, Reply, Severity
from reminders.models.kinds import AttachmentState, ReplyKind

MOST_ANSWERS = 20
"""So many answers within `_WITHIN` are a person's; more are a program's that got hold of a link."""

MOST_PICTURES = 9
"""So many pictures are kept of one check-in, however often it is answered: three times three."""

_WITHIN = timedelta(hours=1)


@dataclass(frozen=True)
class Asked:
    """A patient who was asked, the message that asked, and what it asks about.

    `is_open`: an answer is still one. A step that is no check-in asks for the severity alone.
    """

    message: Message
    reminder: Reminder
    patient: Patient
    clinic: Clinic
    is_open: bool

    @property
    def is_check_in(self) -> bool:
        """Whether it asks all of the check-in."""
        return self.reminder.is_check_in


@dataclass(frozen=True)
class Earlier:
    """What was answered last, and when; `answers` are empty where it came by text."""

    at: datetime
    answers: PageAnswers


def find_asked(session: Session, token: str, now: datetime) -> Asked:
    """Whom the link of a token asks. A message that carries several steps asks for the check-in among them.

    Raises:
        NotFoundError: it is no token of ours, or leads nowhere (any more).
    """
    message_id = _message_of(session, token)
    row = session.execute(
        select(Message, Reminder, Patient, Clinic)
        .join(MessageReminder, MessageReminder.message_id == Message.id)
        .join(Reminder, Reminder.id == MessageReminder.reminder_id)
        .join(Patient, Patient.id == Message.patient_id)
        .join(Clinic, Clinic.id == Message.clinic_id)
        .where(Message.id == message_id)
        .order_by(Reminder.is_check_in.desc(), Reminder.due_at, Reminder.id)
        .limit(1)
    ).first()
    if row is None:
        raise NotFoundError("no such check-in")
    message, reminder, patient, clinic = row
    # Tips ask how it is today, so the question is open for as long as their message is useful.
    is_open = checkins.answerable(message, now) if reminder.is_check_in else now < message.useful_until
    return Asked(message, reminder, patient, clinic, is_open)


def _message_of(session: Session, token: str) -> uuid.UUID:
    keyring = keyring_of(session)
    try:
        if len(token) > links.DIGITS:
            return links.read_long_token(keyring, token)
        near = links.ids_near(token)
        found = session.scalars(select(Message.id).where(Message.id.between(*near)))
        return next(id_ for id_ in found if links.is_token_of(keyring, token, id_))
    except (CryptoError, StopIteration) as error:
        raise NotFoundError("no such link") from error


def earlier(session: Session, asked: Asked) -> Earlier | None:
    """What was answered to the same question before, by whatever way."""
    if asked.is_check_in:
        check_in = checkins.latest(session, asked.reminder.treatment_id)
        return Earlier(check_in.answered_at, from_data(check_in.answers or {})) if check_in else None
    severity = severities.latest(session, asked.reminder.id)
    return Earlier(severity.answered_at, PageAnswers(severity.value)) if severity else None


def too_many(session: Session, asked: Asked, now: datetime) -> bool:
    """Whether the link has been answered too often for a person."""
    since = now - _WITHIN
    replies = select(func.count(Reply.id)).where(
        Reply.patient_id == asked.patient.id, Reply.received_at > since, Reply.kind == ReplyKind.PAGE
    )
    values = select(func.count(Severity.id)).where(
        Severity.reminder_id == asked.reminder.id, Severity.answered_at > since
    )
    return session.scalars(replies if asked.is_check_in else values).one() >= MOST_ANSWERS


def pictures_left(session: Session, asked: Asked) -> int:
    """How many more pictures are kept of this check-in."""
    there = (
        select(func.count(Attachment.id))
        .join(Reply, Reply.id == Attachment.reply_id)
        .where(
            Reply.patient_id == asked.patient.id,
            Reply.answers_id == asked.message.id,
            Reply.kind == ReplyKind.PAGE,
            Attachment.state == AttachmentState.KEPT,
        )
    )
    return max(MOST_PICTURES - session.scalars(there).one(), 0)
