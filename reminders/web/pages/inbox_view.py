"""What the start page shows of tickets and replies."""

from collections.abc import Mapping
from dataclasses import dataclass

from reminders.care.tickets import OUTCOMES, OpenTicket
from reminders.models import Patient, Reply, Ticket
from reminders.models.kinds import TicketKind, TicketState

_CONSULT = ("booked", "declined", "attended", "called", "no_answer", "done")
_SENDER = ("record_fixed", "called", "no_answer", "done")
_ANY = ("called", "no_answer", "done")

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
    """One ticket that waits, with its patient, the words that caused it, and how it may be closed."""

    ticket: Ticket
    patient: Patient | None
    reply: Reply | None
    outcomes: tuple[str, ...]

    @property
    def is_urgent(self) -> bool:
        """Whether it must stand out."""
        return self.ticket.kind is TicketKind.RED_FLAG

    @property
    def in_hand(self) -> bool:
        """Whether somebody has it."""
        return self.ticket.state is TicketState.ACKNOWLEDGED


@dataclass(frozen=True)
class ReplyLine:
    """One reply and whoever wrote it, if known."""

    reply: Reply
    patient: Patient | None

    @property
    def labels(self) -> list[tuple[str, str]]:
        """What it was read as, each with its colour."""
        return [(label, LABEL_COLOURS.get(label, "")) for label in self.reply.labels]


def ticket_line(found: OpenTicket) -> TicketLine:
    """An open ticket as the page shows it."""
    outcomes = tuple(outcome for outcome in _OUTCOMES.get(found.ticket.kind, _ANY) if outcome in OUTCOMES)
    return TicketLine(found.ticket, found.patient, found.reply, outcomes)
