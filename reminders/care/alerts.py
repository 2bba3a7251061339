"""Alerts: telling the clinic's people at once that a patient reports a red flag.

This only says it once to everybody on call. Repeating it and climbing until somebody acknowledges is a further round:
`round_` is in the key for it.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from reminders.models import Staff, Ticket
from reminders.models.kinds import Channel, MessageKind, Role
from reminders.outbox import Draft, enqueue, keys

USEFUL_FOR = timedelta(hours=24)
"""How long an alert is still worth sending; staff who come in the next morning must still hear of it."""


@dataclass(frozen=True)
class Contact:
    """One member of staff, and by what they are alerted."""

    staff: Staff
    channel: Channel


def raise_alert(session: Session, ticket: Ticket, now: datetime, round_: int = 1) -> list[uuid.UUID]:
    """Queue the alert about `ticket` to whoever must hear it. The ids of the messages really added."""
    staff = session.scalars(
        select(Staff).where(Staff.clinic_id == ticket.clinic_id, Staff.disabled_at.is_(None)).order_by(Staff.id)
    ).all()
    return enqueue(session, [_draft(ticket, contact, now, round_) for contact in whom_to_alert(staff)], now)


def whom_to_alert(staff: Sequence[Staff]) -> list[Contact]:
    """Everybody on call, by text if they left a number; with nobody on call, the owners by e-mail."""
    on_call = [Contact(person, Channel.SMS if person.phone else Channel.EMAIL) for person in staff if person.on_call]
    return on_call or [Contact(person, Channel.EMAIL) for person in staff if person.role is Role.OWNER]


def _draft(ticket: Ticket, contact: Contact, now: datetime, round_: int) -> Draft:
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
