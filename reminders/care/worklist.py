"""Today's work: which conversations wait, in which order, with whom, and which of them stand on one page."""

import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from reminders.care.targets import RANK, Group, group_of
from reminders.models import Reply, Ticket
from reminders.models.kinds import TicketKind, TicketState

A_PAGE = 50
"""So many conversations stand on a page."""


class Whose(StrEnum):
    """Whose work is looked at: everybody's, one's own, or what nobody has."""

    ALL = "all"
    MINE = "mine"
    FREE = "free"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A ticket that is not closed, as far as its place goes. `holder` is who has it, or is to have it."""

    id: uuid.UUID
    patient_id: uuid.UUID | None
    from_index: str | None
    kind: TicketKind
    reason: str
    priority: int
    opened_at: datetime
    state: TicketState
    holder: uuid.UUID | None

    @property
    def key(self) -> str:
        """The conversation that it belongs to: a patient's, an address's, or its own."""
        return key_of(self.patient_id, self.from_index or str(self.id))

    @property
    def group(self) -> Group:
        """The group that it stands in."""
        return group_of(self.kind, self.priority)

    @property
    def is_free(self) -> bool:
        """Whether somebody must still take it. What is urgent and only handed to somebody is not taken: it rings."""
        return self.state is TicketState.OPEN and (self.holder is None or self.group is Group.URGENT)


@dataclass(frozen=True, slots=True)
class Line:
    """The open tickets of one conversation, most urgent first."""

    key: str
    tickets: tuple[Waiting, ...]

    @property
    def first(self) -> Waiting:
        """The ticket that gives it its place."""
        return self.tickets[0]

    def is_of(self, whose: Whose, staff_id: uuid.UUID | None) -> bool:
        """Whether it is whose work is looked at."""
        if whose is Whose.MINE:
            return any(one.holder == staff_id for one in self.tickets)
        return whose is Whose.ALL or any(one.is_free for one in self.tickets)


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants to see. `page` counts from 1."""

    staff_id: uuid.UUID | None = None
    whose: Whose = Whose.ALL
    group: Group | None = None
    page: int = 1


@dataclass(frozen=True, slots=True)
class Worklist:
    """One page of the work. `of_whose` counts all conversations, `of_group` those of whose work is looked at; `left`
    stand on later pages. `keys` are all conversations that wait."""

    lines: Sequence[Line]
    page: int
    left: int
    of_whose: Mapping[Whose, int]
    of_group: Mapping[Group, int]
    keys: frozenset[str]


_HOLDER = func.coalesce(Ticket.assigned_to, Ticket.acknowledged_by)
_WAITING = (
    select(
        Ticket.id, Ticket.patient_id, Reply.from_index, Ticket.kind, Ticket.reason, Ticket.priority, Ticket.opened_at,
        Ticket.state, _HOLDER,
    )
    .outerjoin(Reply, Reply.id == Ticket.reply_id)
    .where(Ticket.clinic_id == bindparam("clinic"), Ticket.state != TicketState.CLOSED)
    .order_by(Ticket.priority, Ticket.opened_at, Ticket.id)
)  # fmt: skip


def key_of(patient_id: uuid.UUID | None, other: str) -> str:
    """What names a conversation: the patient, or else the address that it is with."""
    return str(patient_id) if patient_id else f"address:{other}"


def waiting(session: Session, clinic_id: uuid.UUID) -> list[Waiting]:
    """A clinic's tickets that are not closed: most urgent first, then whoever has waited longest. One query."""
    return [Waiting(*row) for row in session.execute(_WAITING, {"clinic": clinic_id})]


def worklist(found: Iterable[Waiting], asked: Asked) -> Worklist:
    """One page of what waits (most urgent first). A page past the last is the last. Pure."""
    every = lines_of(found)
    theirs = [line for line in every if line.is_of(asked.whose, asked.staff_id)]
    meant = [line for line in theirs if asked.group in {None, line.first.group}]
    page = max(1, min(asked.page, -(-len(meant) // A_PAGE)))
    return Worklist(
        lines=meant[(page - 1) * A_PAGE : page * A_PAGE],
        page=page,
        left=max(0, len(meant) - page * A_PAGE),
        of_whose={whose: sum(line.is_of(whose, asked.staff_id) for line in every) for whose in Whose},
        of_group=Counter(line.first.group for line in theirs),
        keys=frozenset(line.key for line in every),
    )


def lines_of(found: Iterable[Waiting]) -> list[Line]:
    """Tickets (most urgent first) as conversations; of two that press alike, the one that nobody has is first."""
    together: dict[str, list[Waiting]] = {}
    for one in found:
        together.setdefault(one.key, []).append(one)
    return sorted((Line(key, tuple(tickets)) for key, tickets in together.items()), key=_place)


def _place(line: Line) -> tuple[int, int, bool, datetime, uuid.UUID]:
    first = line.first
    return RANK[first.group], first.priority, first.state is TicketState.ACKNOWLEDGED, first.opened_at, first.id
