"""Alarms: telling the clinic's people that a patient reports a red flag, until somebody says that they have it in hand.

All calls are rows from the beginning, so acknowledging the ticket calls off what is left of them.
"""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from reminders.care import audit, rounds
from reminders.care.actors import Actor
from reminders.care.effects import EMERGENCY
from reminders.care.rounds import OWNERS_FROM, Call, Colleague
from reminders.care.ticket_keys import key_for_nobody
from reminders.care.tickets import ALERT_LOST, NewTicket, open_ticket
from reminders.inserting import write
from reminders.models import Audit, Clinic, Message, Staff, Ticket
from reminders.models.kinds import Channel, MessageKind, Role, TicketKind
from reminders.outbox import Draft, enqueue, in_state, keys, move_due, sending_channels
from reminders.outbox.enqueue import first_rows, senders_of
from schedules.lifecycle import State

REOPENED = "ticket.reopened"
"""What the trail calls it that a ticket's closing was taken back."""

RANG_AGAIN = "ticket.rang_again"
"""What the trail calls it that a red flag rings anew because whoever had it in hand gave it on, or has left."""

NOBODY = "nobody_to_alert"
"""The reason of the ticket of a clinic where no alert can reach anybody."""


@dataclass(frozen=True, slots=True)
class Cause:
    """The ticket that an alert is about."""

    clinic_id: uuid.UUID
    id: uuid.UUID
    reason: str = ""


def raise_alert(session: Session, ticket: Ticket | Cause, now: datetime) -> list[uuid.UUID]:
    """Queue every call about `ticket`, the first of them due now, once; the ids of the messages.

    With nobody to alert a ticket says so, and what caused the alert stands.

    Raises:
        sqlalchemy.exc.IntegrityError: they are queued already.
    """
    senders = senders_of(session, ticket.clinic_id)
    planned = rounds.calls(staff_of(session, ticket.clinic_id), senders.keys())
    if not planned:
        tell_of_nobody(session, ticket.clinic_id, now)
    rows, _ = first_rows(drafts_about(ticket, planned, now), senders, now)
    write(session, [(Message, rows)])
    return [row["id"] for row in rows]


def ring_late(session: Session, cause: Cause, now: datetime) -> None:
    """Queue every call about a red flag that nobody was called about when it came, the first due now. Whoever does the
    same at the same moment adds nothing."""
    planned = rounds.calls(staff_of(session, cause.clinic_id), sending_channels(session, cause.clinic_id))
    if not planned:
        tell_of_nobody(session, cause.clinic_id, now)
    enqueue(session, drafts_about(cause, planned, now), now)


def ring_on(session: Session, actor: Actor, ticket: Ticket, now: datetime) -> None:
    """Nobody has it in hand any more, so its alarm rings again; and the trail says so."""
    ring_again(session, ticket, now)
    audit.note(session, actor, RANG_AGAIN, "ticket", ticket.id, now)


def ring_again(session: Session, ticket: Ticket, now: datetime) -> None:
    """Queue what is left of an alarm that was called off: the call of now, and those to come.

    What was called off stays so, for a row is never used twice: the same calls come under further numbers. An alarm
    whose time is over begins anew.
    """
    turn, began = turn_of(session, ticket).n + 1, _began(ticket, now)
    planned = rounds.calls(staff_of(session, ticket.clinic_id), sending_channels(session, ticket.clinic_id))
    left = [Call(call.contact, rounds.again(call.round, turn)) for call in planned if began + call.round.until > now]
    if not left:
        tell_of_nobody(session, ticket.clinic_id, now)
    enqueue(session, drafts_about(ticket, left, began), now)


@dataclass(frozen=True, slots=True)
class Turn:
    """How many times an alarm was called off and rang again, and when (UTC) the one that rings now began."""

    n: int
    began: datetime


def turn_of(session: Session, ticket: Ticket) -> Turn:
    """The turn of a ticket's alarm."""
    same = (Audit.clinic_id == ticket.clinic_id, Audit.at >= ticket.opened_at, Audit.subject_id == ticket.id)
    asked = select(func.count(), func.max(Audit.at)).where(*same, Audit.action.in_((REOPENED, RANG_AGAIN)))
    n, last = session.execute(asked).one()
    return Turn(n, _began(ticket, last or ticket.opened_at))


def _began(ticket: Ticket, rang: datetime) -> datetime:
    """When an alarm began that `rang` again: with its ticket, unless the time of its calls was over by then."""
    return ticket.opened_at if ticket.opened_at + rounds.ROUNDS[-1].until > rang else rang


def call_owners_now(session: Session, lost: Message, now: datetime) -> list[uuid.UUID]:
    """An alert is lost: the owners' first call about the same ticket goes now. The ids of what was brought forward.

    No call is added: who lost this one is called by the other channel in the same round, and again in the next.
    """
    if lost.ticket_id is None:
        return []
    owners = [one for one in staff_of(session, lost.clinic_id) if one.role is Role.OWNER]
    ticket = session.get_one(Ticket, lost.ticket_id)
    n = rounds.number(OWNERS_FROM, turn_of(session, ticket).n)
    firsts = [keys.alert_key(ticket.id, one.id, channel, n) for one in owners for channel in Channel]
    waiting = (Message.dedupe_key.in_(firsts), Message.due_at > now, in_state(State.PLANNED))
    found = session.execute(select(Message.id, Message.useful_until).where(*waiting)).all()
    move_due(session, {row.id: (now, row.useful_until) for row in found}, now)
    return [row.id for row in found]


def clinics_without(session: Session, channels: Collection[Channel]) -> list[str]:
    """The names of the clinics where no alert could reach anybody if only `channels` led to real people."""
    rows = session.execute(select(Clinic.id, Clinic.name).order_by(Clinic.name)).all()
    return [
        name
        for clinic_id, name in rows
        if not rounds.calls(staff_of(session, clinic_id), sending_channels(session, clinic_id) & set(channels))
    ]


def owners_without_phone(session: Session) -> list[str]:
    """The names of the clinics with an owner whom no text could wake."""
    rows = session.execute(select(Clinic.id, Clinic.name).order_by(Clinic.name)).all()
    return [name for clinic_id, name in rows if _has_silent_owner(staff_of(session, clinic_id))]


def _has_silent_owner(staff: Sequence[Colleague]) -> bool:
    return any(one.role is Role.OWNER and not one.phone for one in staff)


_ABOUT: Mapping[str, str] = {EMERGENCY: "alert:emergency"}
"""What a call says that is not the usual one, by its ticket's reason."""

_STAFF = (
    select(Staff.id, Staff.role, Staff.on_call, Staff.language, Staff.phone, Staff.email)
    .where(Staff.clinic_id == bindparam("clinic"), Staff.disabled_at.is_(None))
    .order_by(Staff.id)
)


def staff_of(session: Session, clinic_id: uuid.UUID) -> Sequence[Colleague]:
    """A clinic's people who are not disabled. One statement."""
    # Past the ORM, which would put the same statement together each time; what it still holds must come first.
    session.flush()
    return [Colleague(*row) for row in session.connection().execute(_STAFF, {"clinic": clinic_id})]


def drafts_about(ticket: Ticket | Cause, calls: Sequence[Call], begins: datetime) -> list[Draft]:
    """The messages that these calls about a red flag are; the alarm `begins` with the flag."""
    return [draft(ticket, call, begins, _ABOUT.get(ticket.reason, "alert:red_flag")) for call in calls]


def draft(ticket: Ticket | Cause, call: Call, now: datetime, template: str) -> Draft:
    """The message that a call about `ticket` is; `now` is when the alarm begins."""
    staff, channel = call.contact.staff, call.contact.channel
    return Draft(
        clinic_id=ticket.clinic_id,
        kind=MessageKind.ALERT,
        channel=channel,
        template=template,
        language=staff.language,
        dedupe_key=keys.alert_key(ticket.id, staff.id, channel, call.round.n),
        due_at=now + call.round.after,
        useful_until=now + call.round.until,
        staff_id=staff.id,
        ticket_id=ticket.id,
        # A path without personal data; delivery puts the public address before it.
        params={"path": f"/tickets/{ticket.id}"},
        urgent=True,
    )


def tell_of_nobody(session: Session, clinic_id: uuid.UUID, now: datetime) -> None:
    """Say on Today that an alarm of this clinic reaches nobody; once a day."""
    ticket = NewTicket(
        clinic_id=clinic_id,
        kind=TicketKind.DELIVERY,
        dedupe_key=key_for_nobody(clinic_id, now.date()),
        reason=NOBODY,
        priority=ALERT_LOST,
    )
    open_ticket(session, ticket, now)
