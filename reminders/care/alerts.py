"""Alerts: telling the clinic's people at once that a patient reports a red flag.

Everybody on call is told once; an alert that is lost goes once more, another way and to the owners. Climbing until
somebody acknowledges is a further round: the round is in the key for it.
"""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from reminders.care.tickets import ALERT_LOST, NewTicket, key_for_nobody, open_ticket
from reminders.models import Clinic, Message, Staff, Ticket
from reminders.models.kinds import Channel, Language, MessageKind, Role, TicketKind, TicketState
from reminders.outbox import Draft, enqueue, keys, sending_channels
from reminders.outbox.enqueue import senders_of

USEFUL_FOR = timedelta(hours=24)
"""How long an alert is still worth sending; staff who come in the next morning must still hear of it."""

NOBODY = "nobody_to_alert"
"""The reason of the ticket of a clinic where no alert can reach anybody."""

_FIRST, _AGAIN = 1, 2
_BOTH = frozenset(Channel)


@dataclass(frozen=True, slots=True)
class Colleague:
    """One member of staff, as far as alerts go."""

    id: uuid.UUID
    role: Role
    on_call: bool
    language: Language
    phone: str | None = field(repr=False)
    email: str = field(repr=False)


@dataclass(frozen=True)
class Contact:
    """One member of staff, and by what they are alerted."""

    staff: Colleague
    channel: Channel


@dataclass(frozen=True, slots=True)
class Cause:
    """The ticket that an alert is about."""

    clinic_id: uuid.UUID
    id: uuid.UUID


def raise_alert(session: Session, ticket: Ticket | Cause, now: datetime) -> list[uuid.UUID]:
    """Queue the alert about `ticket` to whoever must hear it. The ids of the messages really added.

    Never refuses: with nobody to alert a ticket says so, and what caused the alert stands.
    """
    senders = senders_of(session, ticket.clinic_id)
    contacts = whom_to_alert(_staff(session, ticket.clinic_id), senders.keys())
    if not contacts:
        _tell_of_nobody(session, ticket.clinic_id, now)
    by_clinic = {(ticket.clinic_id, channel): sender for channel, sender in senders.items()}
    return enqueue(session, [_draft(ticket, contact, now, _FIRST) for contact in contacts], now, by_clinic)


def alert_again(session: Session, lost: Message, now: datetime) -> list[uuid.UUID]:
    """Queue a lost alert once more: to the same person another way, and to the owners. The ids really added.

    None if somebody has acknowledged the ticket, or if `lost` was itself a second try.
    """
    ticket = session.scalars(select(Ticket).where(Ticket.id == lost.ticket_id)).first()
    if ticket is None or lost.staff_id is None or ticket.state is not TicketState.OPEN:
        return []
    if lost.dedupe_key != keys.alert_key(ticket.id, lost.staff_id, _FIRST):
        return []
    alerts = (Message.ticket_id == ticket.id, Message.kind == MessageKind.ALERT)
    rows = session.execute(select(Message.staff_id, Message.channel).where(*alerts))
    told = {(row.staff_id, row.channel) for row in rows}
    channels = sending_channels(session, ticket.clinic_id)
    instead = whom_instead(_staff(session, ticket.clinic_id), lost.staff_id, channels)
    fresh = [contact for contact in instead if (contact.staff.id, contact.channel) not in told]
    return enqueue(session, [_draft(ticket, contact, now, _AGAIN) for contact in fresh], now)


def whom_to_alert(staff: Sequence[Colleague], channels: Collection[Channel] = _BOTH) -> list[Contact]:
    """Everybody on call, by text if they left a number; with nobody on call, the owners, by e-mail if it is there.

    `channels` are those that can be sent on; who can be reached on none of them is left out.
    """
    by_text = (Channel.SMS, Channel.EMAIL)
    on_call = [_reach(person, by_text, channels) for person in staff if person.on_call]
    owners = [_reach(person, by_text[::-1], channels) for person in staff if person.role is Role.OWNER]
    return [contact for contact in on_call if contact] or [contact for contact in owners if contact]


def whom_instead(staff: Sequence[Colleague], lost: uuid.UUID, channels: Collection[Channel] = _BOTH) -> list[Contact]:
    """Who hears of an alert to the person `lost` that did not arrive: the same by any way, and the owners by e-mail."""
    ways = [Contact(person, channel) for person in staff for channel in Channel if person.id == lost]
    ways += [Contact(person, Channel.EMAIL) for person in staff if person.role is Role.OWNER and person.id != lost]
    return [way for way in ways if way.channel in channels and _has(way.staff, way.channel)]


def clinics_without(session: Session, channels: Collection[Channel]) -> list[str]:
    """The names of the clinics where no alert could reach anybody if only `channels` led to real people."""
    rows = session.execute(select(Clinic.id, Clinic.name).order_by(Clinic.name)).all()
    return [
        name
        for clinic_id, name in rows
        if not whom_to_alert(_staff(session, clinic_id), sending_channels(session, clinic_id) & set(channels))
    ]


def _reach(person: Colleague, order: Sequence[Channel], channels: Collection[Channel]) -> Contact | None:
    ways = (Contact(person, channel) for channel in order if channel in channels and _has(person, channel))
    return next(ways, None)


def _has(person: Colleague, channel: Channel) -> bool:
    return bool(person.phone if channel is Channel.SMS else person.email)


_STAFF = (
    select(Staff.id, Staff.role, Staff.on_call, Staff.language, Staff.phone, Staff.email)
    .where(Staff.clinic_id == bindparam("clinic"), Staff.disabled_at.is_(None))
    .order_by(Staff.id)
)


def _staff(session: Session, clinic_id: uuid.UUID) -> list[Colleague]:
    # Past the ORM, which would put the same statement together each time; what it still holds must come first.
    session.flush()
    return [Colleague(*row) for row in session.connection().execute(_STAFF, {"clinic": clinic_id})]


def _tell_of_nobody(session: Session, clinic_id: uuid.UUID, now: datetime) -> None:
    ticket = NewTicket(
        clinic_id=clinic_id,
        kind=TicketKind.DELIVERY,
        dedupe_key=key_for_nobody(clinic_id, now.date()),
        reason=NOBODY,
        priority=ALERT_LOST,
    )
    open_ticket(session, ticket, now)


def _draft(ticket: Ticket | Cause, contact: Contact, now: datetime, round_: int) -> Draft:
    return Draft(
        clinic_id=ticket.clinic_id,
        kind=MessageKind.ALERT,
        channel=contact.channel,
        template="alert:red_flag",
        language=contact.staff.language,
        dedupe_key=keys.alert_key(ticket.id, contact.staff.id, round_),
        due_at=now,
        useful_until=now + USEFUL_FOR,
        staff_id=contact.staff.id,
        ticket_id=ticket.id,
        # A path without personal data; delivery puts the public address before it.
        params={"path": f"/tickets/{ticket.id}"},
        urgent=True,
    )
