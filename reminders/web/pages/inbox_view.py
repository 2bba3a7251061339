"""What the start page shows of conversations and tickets."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from uuid import UUID

from reminders.care.effects import SEEN_WITHIN
from reminders.care.in_hand import Person, holder_of, stand_of
from reminders.care.inbox import InboxItem
from reminders.care.targets import Group, group_of, target_of
from reminders.models import Patient, Reply, Ticket
from reminders.models.kinds import Channel, ReplyKind, TicketKind, TicketState
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

_LONGEST_LINE = 110
"""Characters of what somebody said that stand in one line; the whole is a press away."""


_MOST_WORDS = 300
_MOST_WORDS_OF_FLAG = 1500
"""Characters of what somebody said that stand on Today; a letter is read on a page of its own."""

_MOST_OTHERS = 3
"""So many of the other latest replies of a conversation stand with it."""


@dataclass(frozen=True)
class Desk:
    """Who looks, when, and with whom they work."""

    staff_id: UUID
    now: datetime
    people: Mapping[UUID, Person]

    def name(self, staff_id: UUID | None) -> str:
        """Somebody's name, "" for nobody."""
        person = self.people.get(staff_id) if staff_id else None
        return person.name if person else ""

    @property
    def colleagues(self) -> list[Person]:
        """Whom one can give a ticket to."""
        return [one for one in self.people.values() if one.may_take and one.id != self.staff_id]


@dataclass(frozen=True)
class TicketLine:
    """One ticket that waits, what it is about where that is not said above it, and how it may be closed."""

    ticket: Ticket
    said: Reply | None
    outcomes: tuple[str, ...]
    holder: str
    is_mine: bool
    due: datetime
    is_late: bool

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
        """Whether somebody has said that they have it."""
        return self.ticket.state is TicketState.ACKNOWLEDGED

    @property
    def had(self) -> str:
        """What its form says of who has it: a page that is no longer true takes it from nobody."""
        return stand_of(self.ticket)


@dataclass(frozen=True)
class ConversationLine:
    """One patient or sender, what they said last, and what waits for staff."""

    patient: Patient | None
    reply: Reply | None
    tickets: tuple[TicketLine, ...]
    might_be: tuple[Patient, ...] = ()
    """Those who share the address that a nameless reply came from."""
    left: int = 0
    """How many of its tickets are not shown."""
    also: tuple[Reply, ...] = ()
    """What else was said lately, newest first."""

    @property
    def key(self) -> str:
        """What tells the line from the others, from one look at the page to the next."""
        if self.patient:
            return str(self.patient.id)
        return str(min(line.ticket.id for line in self.tickets) if self.tickets else self.reply and self.reply.id)

    @property
    def replies(self) -> tuple[Reply, ...]:
        """Every reply that the line shows."""
        return tuple(filter(None, (self.reply, *(ticket.said for ticket in self.tickets), *self.also)))

    @property
    def is_urgent(self) -> bool:
        """Whether it must stand out."""
        return any(ticket.is_urgent for ticket in self.tickets)

    @property
    def starts_open(self) -> bool:
        """Whether all of it is shown at once: a red flag that nobody has in hand."""
        return any(ticket.is_urgent and not ticket.in_hand for ticket in self.tickets)

    @property
    def group(self) -> Group:
        """The group that it stands in."""
        first = self.tickets[0].ticket
        return group_of(first.kind, first.priority)

    @property
    def phone(self) -> str:
        """Where to call: the patient's number, or the one that a stranger wrote from; "" without one."""
        if self.patient:
            return self.patient.phone or ""
        by_phone = self.reply is not None and self.reply.channel is Channel.SMS
        return self.reply.sender_address if self.reply and by_phone else ""


def conversation(item: InboxItem, desk: Desk) -> ConversationLine:
    """An inbox item as the page shows it: the reply that the most urgent ticket is about, else the last.

    What was said word for word before is not said again.
    """
    causes = [ticket.reply_id for ticket in item.tickets]
    reply = next((reply for reply in item.replies if reply.id in causes[:1]), item.reply)
    told = {own_part(reply)} if reply else set()
    lines = []
    for ticket in item.tickets:
        said = next((one for one in item.replies if one is not reply and one.id == ticket.reply_id), None)
        is_new = said is not None and own_part(said) not in told
        told |= {own_part(said)} if said else set()
        lines.append(_line(ticket, said if is_new else None, desk))
    others = (one for one in item.replies if one.id not in causes and own_part(one) not in told)
    also = tuple(islice(others, _MOST_OTHERS))
    return ConversationLine(
        item.patient, reply, tuple(lines), () if item.patient else item.might_be, left=item.left, also=also
    )


def _line(ticket: Ticket, said: Reply | None, desk: Desk) -> TicketLine:
    holder, due = holder_of(ticket), ticket.opened_at + target_of(ticket.kind, ticket.reason, ticket.priority)
    return TicketLine(
        ticket=ticket,
        said=said,
        outcomes=_OUTCOMES.get(ticket.kind, _ANY),
        holder=desk.name(holder),
        is_mine=holder == desk.staff_id,
        due=due,
        is_late=due < desk.now,
    )


def own_part(reply: Reply) -> str:
    """What the writer wrote: of an e-mail without what it quotes and its signature, unless nothing else is in it."""
    return (own_words(reply.body).text or reply.body) if reply.kind is ReplyKind.EMAIL else reply.body


def in_one_line(reply: Reply) -> str:
    """The beginning of what the writer wrote."""
    words = " ".join(own_part(reply).split())
    return words if len(words) <= _LONGEST_LINE else f"{words[:_LONGEST_LINE].rstrip()}…"


def beginning(words: str, *, is_urgent: bool) -> str:
    """As much of what somebody wrote as stands on Today; of a red flag much more."""
    most = _MOST_WORDS_OF_FLAG if is_urgent else _MOST_WORDS
    return words if len(words) <= most else f"{words[:most].rstrip()}…"
