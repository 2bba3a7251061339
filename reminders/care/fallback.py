"""What takes the place of a reminder's message that did not arrive: further texts over hours, then the e-mail."""

import random
import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, aliased

from reminders import consent
from reminders.care import clinics, replanning
from reminders.channels.twilio_codes import may_get_through
from reminders.models import Clinic, Message, MessageReminder, Patient, Reminder
from reminders.models.kinds import Channel, EventKind, MessageKind, ReminderState
from reminders.outbox import Draft, enqueue, keys, sending_channels
from schedules.backoff import FailureKind, next_try
from schedules.hours import is_closed, is_open
from schedules.lifecycle import State

OWED = (MessageKind.REMINDER, MessageKind.NUDGE)
"""What gets another message in its place; of the rest staff hear at once."""


@dataclass(frozen=True)
class Loss:
    """A message that did not arrive, as its event tells: how (FAILED, UNDELIVERED), and the provider's code."""

    message: Message
    kind: EventKind
    code: str = ""


def send_instead(session: Session, loss: Loss, now: datetime) -> bool:
    """Queue what takes the message's place. False: nothing can, so staff must reach the patient.

    True also when nothing need take it: another message carries its reminders, or one has arrived, or they are no
    longer owed. The caller holds the patient's lock and the message's.
    """
    message = loss.message
    patient = session.scalars(select(Patient).where(Patient.id == message.patient_id)).first()
    if patient is None or not _can_be_replaced(message, now):
        return False
    owed = _open_reminders(session, message)
    if not owed:
        return True
    if at := _further_text_at(session, loss, patient, now):
        enqueue(session, [_draft(session, message, owed, _Place(Channel.SMS, at, reason="further_text"))], now)
        return True
    if not _may_email(session, patient):
        return False
    due_at = max(message.due_at, now)
    enqueue(session, [_draft(session, message, owed, _Place(Channel.EMAIL, due_at))], now)
    return True


@dataclass(frozen=True)
class _Place:
    """By what the successor goes, when (UTC), and why it is there."""

    channel: Channel
    due_at: datetime
    reason: str = ""


def _can_be_replaced(message: Message, now: datetime) -> bool:
    return message.channel is Channel.SMS and message.kind in OWED and message.useful_until > now


def _further_text_at(session: Session, loss: Loss, patient: Patient, now: datetime) -> datetime | None:
    """When a further text may get through where this one did not; None where only another channel can.

    Outside the window, once useless, or without a number to send by, there is none: waiting for the morning would keep
    the e-mail waiting too.
    """
    if loss.kind is not EventKind.UNDELIVERED or not may_get_through(loss.code):
        return None
    message = loss.message
    if Channel.SMS not in sending_channels(session, message.clinic_id):
        return None
    at = next_try(FailureKind.RECEIPT, _failures(session, message), now, random.random())  # noqa: S311  guards nothing
    if at is None or at >= message.useful_until:
        return None
    clinic = session.scalars(select(Clinic).where(Clinic.id == message.clinic_id)).one()
    hours = clinics.hours(clinic, patient)
    nobody_there = is_closed(at.astimezone(hours.zone).date(), hours) and carries_check_in(session, message)
    return at if is_open(at, hours) and not nobody_there else None


def _may_email(session: Session, patient: Patient) -> bool:
    if patient.email_index is None or Channel.EMAIL not in sending_channels(session, patient.clinic_id):
        return False
    agreed = (patient.id, Channel.EMAIL) in consent.consented(session, [patient.id])
    address = (Channel.EMAIL, patient.email_index)
    return agreed and address not in consent.opted_out(session, patient.clinic_id, [address])


def _draft(session: Session, message: Message, owed: list[uuid.UUID], place: _Place) -> Draft:
    return Draft(
        clinic_id=message.clinic_id,
        kind=message.kind,
        channel=place.channel,
        template=message.template,
        language=message.language,
        dedupe_key=keys.reminder_key(owed[0], place.channel, _tries(session, owed[0], place.channel) + 1),
        due_at=place.due_at,
        useful_until=message.useful_until,
        patient_id=message.patient_id,
        treatment_id=message.treatment_id,
        protocol_version_id=message.protocol_version_id,
        params=message.params,
        reason=place.reason,
        reminder_ids=tuple(owed),
    )


def carries_check_in(session: Session, message: Message) -> bool:
    """Whether one of the message's reminders is a check-in."""
    carried = (MessageReminder.message_id == message.id) & (MessageReminder.reminder_id == Reminder.id)
    return bool(session.scalar(select(exists().where(carried, Reminder.is_check_in))))


def lock(session: Session, message: Message) -> None:
    """Hold the message's patient, then the message as it stands now, until the end of the transaction.

    So a corrected number, a late receipt and what takes the message's place come one after the other.
    """
    patient = session.scalars(select(Patient).where(Patient.id == message.patient_id)).first()
    if patient is not None:
        replanning.lock(session, patient)
    asked = select(Message).where(Message.id == message.id).with_for_update(key_share=True)
    session.scalars(asked.execution_options(populate_existing=True)).one()


def _open_reminders(session: Session, message: Message) -> list[uuid.UUID]:
    """The reminders that `message` carried and that are still owed by nothing else.

    Not those that a live message carries or a delivered one has carried, nor those with a further round, which is
    how a step is owed anew once the patient's number is another.
    """
    carried = select(MessageReminder.reminder_id).where(MessageReminder.message_id == message.id)
    another = exists().where(
        MessageReminder.reminder_id == Reminder.id,
        MessageReminder.message_id == Message.id,
        MessageReminder.live | (Message.state == State.DELIVERED),
        Message.id != message.id,
    )
    later = aliased(Reminder)
    anew = exists().where(
        later.treatment_id == Reminder.treatment_id,
        later.step == Reminder.step,
        later.round > Reminder.round,
        later.state == ReminderState.OWED,
    )
    owed = (Reminder.id.in_(carried), Reminder.state == ReminderState.OWED, ~another, ~anew)
    return list(session.scalars(select(Reminder.id).where(*owed).order_by(Reminder.id)))


def _failures(session: Session, message: Message) -> int:
    """How many texts for the same reminder the carrier could not deliver, this one among them."""
    same = select(MessageReminder.reminder_id).where(MessageReminder.message_id == message.id)
    query = (
        select(func.count(MessageReminder.message_id.distinct()))
        .join(Message, Message.id == MessageReminder.message_id)
        .where(MessageReminder.reminder_id.in_(same))
        .where(Message.channel == message.channel, Message.state == State.UNDELIVERED)
    )
    return session.scalar(query) or 1


def _tries(session: Session, reminder_id: uuid.UUID, channel: Channel) -> int:
    """How many messages a reminder has had on a channel."""
    query = (
        select(func.count())
        .select_from(MessageReminder)
        .join(Message, Message.id == MessageReminder.message_id)
        .where(MessageReminder.reminder_id == reminder_id, Message.channel == channel)
    )
    return session.scalar(query) or 0
