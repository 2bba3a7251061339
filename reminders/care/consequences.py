"""What each kind of event leads to: a ticket, an opt-out, another message in place of the one that is lost."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from reminders.care import fallback, optouts
from reminders.care.alerts import call_owners_now
from reminders.care.matching import address_index
from reminders.care.ticket_keys import key_for, key_for_lost_alerts, key_for_sender, key_for_spending
from reminders.care.tickets import ALERT_LOST, NewTicket, open_ticket
from reminders.database import keyring_of
from reminders.models import Attempt, Event, Message
from reminders.models.kinds import EventKind, MessageKind, TicketKind
from reminders.models.options import SPEND_CAP
from reminders.outbox import call_off_successors

_OPEN_ENDED = (*fallback.OWED, MessageKind.STAFF)
"""Of what is sent to patients these matter after hours as well: whether they arrived may still be found out."""


@dataclass(frozen=True)
class Report:
    """An event and the message that it is about, locked."""

    event: Event
    message: Message

    @property
    def code(self) -> str:
        """The provider's code, "" without one."""
        return str(self.event.detail.get("code") or "")


class NotYetError(Exception):
    """What the event asks for cannot be known yet: the event stays open."""


def _not_arrived(session: Session, report: Report, now: datetime) -> None:
    """Another message takes the place of one that did not arrive, or else staff must reach the patient."""
    message = report.message
    if message.kind is MessageKind.CONFIRMATION:
        return  # a carrier that blocks after STOP also blocks our confirmation; nobody needs to act
    if message.kind is MessageKind.ALERT:
        _climb(session, message, now)
        _ticket(session, message, TicketKind.DELIVERY, now)
    elif not fallback.send_instead(session, fallback.Loss(message, report.event.kind, report.code), now):
        _ticket(session, message, TicketKind.UNREACHABLE, now)


def _climb(session: Session, message: Message, now: datetime) -> None:
    if message.kind is MessageKind.ALERT:
        call_owners_now(session, message, now)


def _expired(session: Session, report: Report, now: datetime) -> None:
    """Too late for a check-in or for what a colleague wrote: somebody should telephone. Too late for tips: the timeline
    says so, that is all."""
    message = report.message
    if message.kind in (MessageKind.SAFETY, MessageKind.ALERT):
        _ticket(session, message, TicketKind.DELIVERY, now)
    elif message.kind is MessageKind.STAFF:
        _ticket(session, message, TicketKind.UNREACHABLE, now)
    elif fallback.carries_check_in(session, message):
        _ticket(session, message, TicketKind.MISSED_CHECK_IN, now)


def _unknown(session: Session, report: Report, now: datetime) -> None:
    _climb(session, report.message, now)
    reason = "unknown" if report.message.kind in _OPEN_ENDED else ""
    _ticket(session, report.message, TicketKind.DELIVERY, now, reason)


def _opted_out_by_carrier(session: Session, report: Report, now: datetime) -> None:
    """The carrier refuses the number because its holder opted out there; it has told them, so we do not.

    The follow-up by text is over without a word from the patient, so staff hear of it. An alert that is refused so is
    as lost as any other.
    """
    message = report.message
    _climb(session, message, now)
    _suppress(session, message, now)
    _ticket(session, message, TicketKind.DELIVERY if message.kind is MessageKind.ALERT else TicketKind.OPTED_OUT, now)


def _suppress(session: Session, message: Message, now: datetime) -> None:
    """The number that was called must not be called again."""
    to = session.scalars(
        select(Attempt.to).where(Attempt.message_id == message.id).order_by(Attempt.number.desc()).limit(1)
    ).first()
    if to is None:
        return
    request = optouts.OptOutRequest(
        clinic_id=message.clinic_id,
        channel=message.channel,
        address_index=address_index(keyring_of(session), message.channel, to),
        source="carrier",
        by_carrier=True,
    )
    optouts.opt_out(session, request, now)


def _delivered_late(session: Session, report: Report, now: datetime) -> None:
    """A text that was given up arrived after all. Delivery has called off what it could of what took its place.

    A successor that was being called then is called off here, should it come back to be tried again.
    """
    if not call_off_successors(session, report.message.id, "delivered_late", now):
        raise NotYetError


def sender_paused(session: Session, event: Event, now: datetime) -> None:
    """Staff hear of a sender that rests: once a day, and of a spent maximum once a month."""
    if event.sender_id is None:
        return
    key, reason = key_for_sender(event.sender_id, event.at.date()), "sender_paused"
    if event.detail.get("code") == SPEND_CAP:
        key, reason = key_for_spending(event.clinic_id, event.detail["month"], event.detail["most"]), SPEND_CAP
    open_ticket(session, NewTicket(event.clinic_id, TicketKind.DELIVERY, key, reason=reason), now)


def _ticket(session: Session, message: Message, kind: TicketKind, now: datetime, reason: str = "") -> None:
    ticket = NewTicket(
        clinic_id=message.clinic_id,
        kind=kind,
        dedupe_key=_key(message, kind),
        patient_id=message.patient_id,
        treatment_id=message.treatment_id,
        reply_id=message.reply_id,
        message_id=message.id,
        # Until somebody has heard of it the red flag is nobody's.
        priority=ALERT_LOST if message.kind is MessageKind.ALERT else None,
        reason=reason or (message.kind.value if message.kind not in fallback.OWED else message.state.value),
    )
    open_ticket(session, ticket, now)


def _key(message: Message, kind: TicketKind) -> str:
    """Of one, except of an alert: it rings many times, and a dead telephone is one thing to mend."""
    if message.kind is MessageKind.ALERT and message.ticket_id and message.staff_id:
        return key_for_lost_alerts(message.ticket_id, message.staff_id, message.channel)
    return key_for(kind, message.id)


HANDLERS: Mapping[EventKind, Callable[[Session, Report, datetime], None]] = {
    EventKind.FAILED: _not_arrived,
    EventKind.UNDELIVERED: _not_arrived,
    EventKind.EXPIRED: _expired,
    EventKind.UNKNOWN: _unknown,
    EventKind.OPTED_OUT_BY_CARRIER: _opted_out_by_carrier,
    EventKind.DELIVERED_LATE: _delivered_late,
}
"""What each kind of event about a message leads to."""
