"""How it stands with a patient, for whoever has them on the telephone: what waits, comes, and was said last. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from reminders.care.letters import is_quiet
from reminders.care.timeline import History, TimelineEntry
from reminders.models import Patient, Reply, Ticket
from reminders.models.kinds import TicketState
from reminders.web.pages.consent_view import ConsentLine
from reminders.web.pages.inbox_view import own_part
from reminders.web.pages.timeline_view import Reader, TimelineLine, timeline_view

_LONGEST_SAID = 160
_TO_COME = frozenset({"planned", "claimed"})


@dataclass(frozen=True)
class Waiting:
    """A ticket that is not closed, with the name of whoever has it."""

    ticket: Ticket
    holder: str

    @property
    def is_free(self) -> bool:
        """Whether nobody has it."""
        return self.ticket.state is TicketState.OPEN


@dataclass(frozen=True)
class Standing:
    """What stands on top of a patient's page. `said` is the beginning of the last answer's own words, and `ways` tell
    by channel whether it may be written to."""

    waiting: tuple[Waiting, ...]
    next: TimelineLine | None
    last: Reply | None
    said: str
    ways: tuple[tuple[str, bool], ...]


def standing(found: History, patient: Patient, lines: Sequence[ConsentLine], reader: Reader) -> Standing:
    """How it stands now."""
    last = next((one for one in found.replies if not is_quiet(one.kind, one.raw, one.labels)), None)
    return Standing(
        waiting=tuple(Waiting(ticket, holder) for ticket, holder in found.open_tickets),
        next=_next(found.entries, reader),
        last=last,
        said=_beginning(own_part(last)) if last else "",
        ways=tuple((line.channel, _is_open(line)) for line in lines if line.address),
    )


def _next(entries: Sequence[TimelineEntry], reader: Reader) -> TimelineLine | None:
    """The soonest message that is planned; what is due and waits counts too."""
    planned = [one for one in entries if one.kind == "message" and one.state in _TO_COME]
    view = timeline_view(planned[:1], reader)
    return next(iter((*view.ahead, *view.past)), None)


def _is_open(line: ConsentLine) -> bool:
    return bool(line.agreed_at) and not line.opted_out_at and not line.wrong_number


def _beginning(words: str) -> str:
    one_line = " ".join(words.split())
    return one_line if len(one_line) <= _LONGEST_SAID else f"{one_line[:_LONGEST_SAID].rstrip()}…"
