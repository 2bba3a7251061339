"""Conversations: what was said in those that wait for somebody, and what came in last in the others."""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from reminders.care.letters import is_quiet
from reminders.care.worklist import Line, key_of
from reminders.models import Patient, Reply, Ticket

MOST_OF_ONE = 5
"""So many tickets of one conversation are shown at once; its others come up as these are closed."""

MOST_REPLIES = 60
"""So many of the latest replies are looked through for what needs nobody, and for what was said since."""

MOST_QUIET = 10
"""So many conversations that need nobody are shown."""


@dataclass(frozen=True)
class InboxItem:
    """One conversation: a patient's, an unknown or shared address's, or what no patient is concerned by.

    `tickets` are its open ones, most urgent first; `replies` are those that they are about and its latest ones, newest
    first. `left` counts the tickets that are not shown.
    `might_be` are the patients who share the address, when nobody can say which of them wrote.
    """

    key: str
    patient: Patient | None
    replies: tuple[Reply, ...]
    tickets: tuple[Ticket, ...] = ()
    might_be: tuple[Patient, ...] = ()
    left: int = 0

    @property
    def reply(self) -> Reply | None:
        """What came in last."""
        return self.replies[0] if self.replies else None


@dataclass(frozen=True)
class Inbox:
    """The conversations that wait, in the order asked for, and the latest of those that need nobody."""

    waiting: Sequence[InboxItem]
    quiet: Sequence[InboxItem] = ()


def inbox(session: Session, clinic_id: uuid.UUID, lines: Sequence[Line], keys: Collection[str] | None = None) -> Inbox:
    """These conversations with what was said in them; unless `keys` (all that wait) is None also the latest others.

    What machines wrote in a patient's name stands in their timeline alone, unless a ticket waits for it; what is
    nobody's has no other place than this. Three queries, however much there is.
    """
    meant = [one.id for line in lines for one in line.tickets[:MOST_OF_ONE]]
    own = Ticket.clinic_id == clinic_id
    tickets = {one.id: one for one in session.scalars(select(Ticket).where(own, Ticket.id.in_(meant)))}
    wanted = {one.reply_id for one in tickets.values() if one.reply_id}
    replies = _replies(session, clinic_id, wanted, 0 if keys is None else MOST_REPLIES)
    people = _patients(session, clinic_id, tickets.values(), replies)
    quiet = _quiet(replies, keys) if keys is not None else {}
    return Inbox(
        [_item(line, tickets, replies, people) for line in lines],
        [_found(key, said, people) for key, said in list(quiet.items())[:MOST_QUIET]],
    )


def _item(
    line: Line, tickets: Mapping[uuid.UUID, Ticket], replies: Sequence[Reply], people: Sequence[Patient]
) -> InboxItem:
    shown = tuple(tickets[one.id] for one in line.tickets if one.id in tickets)
    causes = {one.reply_id for one in shown}
    said = tuple(one for one in replies if one.id in causes or _belongs(one, line.key))
    found = _found(line.key, said, people)
    return InboxItem(found.key, found.patient, said, shown, found.might_be, len(line.tickets) - len(shown))


def _found(key: str, said: Sequence[Reply], people: Sequence[Patient]) -> InboxItem:
    patient = next((one for one in people if str(one.id) == key), None)
    there = {reply.from_index for reply in said} if patient is None else set()
    might_be = tuple(one for one in people if there & {one.phone_index, one.email_index})
    return InboxItem(key, patient, tuple(said), might_be=might_be)


def _belongs(reply: Reply, key: str) -> bool:
    return key_of(reply.patient_id, reply.from_index) == key and not _stands_elsewhere(reply)


def _quiet(replies: Sequence[Reply], keys: Collection[str]) -> Mapping[str, list[Reply]]:
    """The newest replies by conversation, of those where nobody waits."""
    found: dict[str, list[Reply]] = {}
    for reply in replies:
        key = key_of(reply.patient_id, reply.from_index)
        if key not in keys and not _stands_elsewhere(reply):
            found.setdefault(key, []).append(reply)
    return found


def _stands_elsewhere(reply: Reply) -> bool:
    return reply.patient_id is not None and is_quiet(reply.kind, reply.raw, reply.labels)


def _replies(session: Session, clinic_id: uuid.UUID, wanted: Iterable[uuid.UUID], most: int) -> Sequence[Reply]:
    """The latest replies, and those that a ticket waits for however old they are; newest first."""
    latest = select(Reply.id).where(Reply.clinic_id == clinic_id)
    latest = latest.order_by(Reply.received_at.desc(), Reply.id.desc()).limit(most)
    return session.scalars(
        select(Reply)
        .where(Reply.clinic_id == clinic_id, or_(Reply.id.in_(latest), Reply.id.in_(list(wanted))))
        .order_by(Reply.received_at.desc(), Reply.id.desc())
    ).all()


def _patients(
    session: Session, clinic_id: uuid.UUID, tickets: Iterable[Ticket], replies: Sequence[Reply]
) -> Sequence[Patient]:
    """Whoever is named by a reply or a ticket, and whoever shares an address that a nameless reply came from."""
    ids = {reply.patient_id for reply in replies if reply.patient_id}
    ids |= {one.patient_id for one in tickets if one.patient_id}
    nameless = {reply.from_index for reply in replies if reply.patient_id is None}
    meant = or_(Patient.id.in_(ids), Patient.phone_index.in_(nameless), Patient.email_index.in_(nameless))
    return session.scalars(select(Patient).where(Patient.clinic_id == clinic_id, meant).order_by(Patient.id)).all()
