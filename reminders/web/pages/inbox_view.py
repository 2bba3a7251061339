"""What the start page shows of tickets and replies."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from reminders.care.effects import SEEN_WITHIN
from reminders.care.inbox import InboxItem
from reminders.models import Patient, Reply, Ticket
from reminders.models.kinds import ReplyKind, TicketKind, TicketState
from reminders.triage.quoted import own_words

_CONSULT = ("booked", "declined", "attended", "called", "answered", "no_answer", "done")
_SENDER = ("record_fixed", "called", "no_answer", "done")
_ANY = ("called", "answered", "no_answer", "done")

_OUTCOMES: Mapping[TicketKind, tuple[str, ...]] = {
    TicketKind.CONSULT: _CONSULT,
    TicketKind.RED_FLAG: ("called", "booked", "attended", "no_answer", "done"),
    TicketKind.UNREACHABLE: _SENDER,
    TicketKind.UNKNOWN_SENDER: _SENDER,
    TicketKind.WRONG_NUMBER: _SENDER,
    TicketKind.DELIVERY: ("record_fixed", "done"),
}
"""The outcomes that make sense for a kind of ticket, likeliest first."""

LABEL_COLOURS: Mapping[str, str] = {
    "urgent": "danger",
    "persisting": "warn",
    "consult": "warn",
    "question": "accent",
    "clear": "good",
    "improving": "good",
}


@dataclass(frozen=True)
class TicketLine:
    """One ticket that waits, what it is about where that is not said above it, and how it may be closed."""

    ticket: Ticket
    said: Reply | None
    outcomes: tuple[str, ...]

    @property
    def is_urgent(self) -> bool:
        """Whether it must stand out."""
        return self.ticket.kind is TicketKind.RED_FLAG

    @property
    def see_by(self) -> datetime | None:
        """When the patient should have been seen at the latest, where that is known."""
        within = SEEN_WITHIN.get(self.ticket.reason)
        return self.ticket.opened_at + within if within else None

    @property
    def in_hand(self) -> bool:
        """Whether somebody has it."""
        return self.ticket.state is TicketState.ACKNOWLEDGED


@dataclass(frozen=True)
class ConversationLine:
    """One patient or sender, what they said last, and what waits for staff."""

    patient: Patient | None
    reply: Reply | None
    tickets: tuple[TicketLine, ...]
    might_be: tuple[Patient, ...] = ()
    """Those who share the address that a nameless reply came from."""

    @property
    def key(self) -> str:
        """What tells the line from the others, from one look at the page to the next."""
        if self.patient:
            return str(self.patient.id)
        return str(min(line.ticket.id for line in self.tickets) if self.tickets else self.reply and self.reply.id)

    @property
    def replies(self) -> tuple[Reply, ...]:
        """Every reply that the line shows."""
        return tuple(filter(None, (self.reply, *(ticket.said for ticket in self.tickets))))

    @property
    def is_urgent(self) -> bool:
        """Whether it must stand out."""
        return any(ticket.is_urgent for ticket in self.tickets)


def conversation(item: InboxItem) -> ConversationLine:
    """An inbox item as the page shows it: the reply that the most urgent ticket is about, else the last."""
    cause = {ticket.reply_id for ticket in item.tickets[:1]}
    reply = next((reply for reply in item.replies if reply.id in cause), item.reply)
    said = {one.id: one for one in item.replies if one is not reply}
    lines = (TicketLine(one, said.get(_about(one)), _OUTCOMES.get(one.kind, _ANY)) for one in item.tickets)
    return ConversationLine(item.patient, reply, tuple(lines), () if item.patient else item.might_be)


def own_part(reply: Reply) -> str:
    """What the writer wrote: of an e-mail without what it quotes and its signature, unless nothing else is in it."""
    return (own_words(reply.body).text or reply.body) if reply.kind is ReplyKind.EMAIL else reply.body


def _about(ticket: Ticket) -> UUID:
    # A ticket about no reply looks for an id that none has.
    return ticket.reply_id or ticket.id
