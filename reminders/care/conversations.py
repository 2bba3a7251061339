"""The inbox: every conversation by the newest thing that its patient or address said, and the two sides of one."""

import uuid
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, cast, func, not_, or_, select
from sqlalchemy.orm import Session, aliased

from reminders.care.attachments import Attached, of_replies
from reminders.care.seeing import Talk, talk_of
from reminders.models import Audit, Message, Patient, Reply, Staff, Ticket
from reminders.models.kinds import Channel, Language, MessageKind, TicketState

PAGE = 50
"""Conversations on one page of the list."""

MOST_SAID = 60
"""How far back one conversation is shown; the patient's page has all of it."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which conversations: those with a reply that all of this is true of. `before` is the reply that the page before
    ended with."""

    unread: bool = False
    waits: bool = False
    unknown: bool = False
    label: str = ""
    channel: Channel | None = None
    language: Language | None = None
    before: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One conversation in the list: the newest reply that was asked for (None: the patient never wrote), how many are
    unread, and what is open. `might_be` are those who share the address of somebody whom nobody knows."""

    reply: Reply | None
    patient: Patient | None
    unread: int = 0
    tickets: tuple[Ticket, ...] = ()
    might_be: tuple[Patient, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """Lines, the newest first; `next` is the `before` of the page after, None on the last."""

    lines: Sequence[Line]
    next: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """Something said in a conversation, by the patient (`reply`) or to them (`message`). `author` is the colleague who
    wrote it, "" for what the software sends and for a practice system."""

    at: datetime
    reply: Reply | None = None
    message: Message | None = None
    author: str = ""
    attached: Sequence[Attached] = field(default_factory=tuple)


def listed(session: Session, clinic_id: uuid.UUID, wanted: Wanted) -> Page:
    """A page of conversations, the newest first. Six statements, however many there are."""
    asked = select(Reply, Patient).outerjoin(Patient, Patient.id == Reply.patient_id)
    asked = asked.where(Reply.clinic_id == clinic_id, *_matching(Reply, wanted), *_newest(wanted))
    if place := _place(session, clinic_id, wanted.before):
        asked = asked.where(_later(Reply, *place, earlier=True))
    newest_first = asked.order_by(Reply.received_at.desc(), Reply.id.desc())
    rows = session.execute(newest_first.limit(PAGE + 1)).all()
    lines = [Line(reply, patient) for reply, patient in rows[:PAGE]]
    return Page(_completed(session, clinic_id, lines), rows[PAGE - 1][0].id if len(rows) > PAGE else None)


def of_patients(session: Session, clinic_id: uuid.UUID, patients: Sequence[Patient]) -> Page:
    """The conversations of these patients in this order, also of those who never wrote. Three statements."""
    ids = [patient.id for patient in patients]
    asked = select(Reply).where(Reply.clinic_id == clinic_id, Reply.patient_id.in_(ids), *_newest(Wanted()))
    newest = {reply.patient_id: reply for reply in session.scalars(asked)}
    return Page(_completed(session, clinic_id, [Line(newest.get(one.id), one) for one in patients]))


def newest_reply(session: Session, clinic_id: uuid.UUID, talk: Talk) -> Reply | None:
    """What came in last in a conversation; None if its patient never wrote."""
    mine = select(Reply).where(Reply.clinic_id == clinic_id, talk.is_of)
    return session.scalar(mine.order_by(Reply.received_at.desc(), Reply.id.desc()).limit(1))


def said(session: Session, clinic_id: uuid.UUID, talk: Talk) -> Sequence[Said]:
    """Both sides of a conversation, the newest last: at most MOST_SAID, in five statements."""
    mine = select(Reply).where(Reply.clinic_id == clinic_id, talk.is_of)
    replies = session.scalars(mine.order_by(Reply.received_at.desc(), Reply.id.desc()).limit(MOST_SAID)).all()
    hanging = of_replies(session, [one.id for one in replies])
    found = [Said(one.received_at, reply=one, attached=hanging.get(one.id, ())) for one in replies]
    if talk.patient_id is not None:
        messages = _messages(session, clinic_id, talk.patient_id)
        authors = _authors(session, clinic_id, messages)
        found += [Said(one.sent_at or one.created_at, message=one, author=authors.get(one.id, "")) for one in messages]
    return sorted(found, key=lambda one: one.at)[-MOST_SAID:]


def _messages(session: Session, clinic_id: uuid.UUID, patient_id: uuid.UUID) -> Sequence[Message]:
    """What was put into words for the patient, and what a colleague has written that is on its way."""
    worded = or_(Message.body.is_not(None), Message.kind == MessageKind.STAFF)
    mine = (Message.clinic_id == clinic_id, Message.patient_id == patient_id, Message.kind != MessageKind.ALERT)
    newest = select(Message).where(*mine, worded).order_by(Message.due_at.desc(), Message.id.desc())
    return session.scalars(newest.limit(MOST_SAID)).all()


def _authors(session: Session, clinic_id: uuid.UUID, messages: Collection[Message]) -> Mapping[uuid.UUID, str]:
    """Who wrote what staff wrote: the trail says so, in the entry of the moment at which it was written."""
    theirs = {one.id: one.created_at for one in messages if one.kind is MessageKind.STAFF}
    if not theirs:
        return {}
    noted = (Audit.clinic_id == clinic_id, Audit.at.in_(set(theirs.values())), Audit.action == "message.written")
    asked = select(Audit.subject_id, Staff.name).join(Staff, Staff.id == Audit.staff_id).where(*noted)
    return {subject: name for subject, name in session.execute(asked) if subject in theirs}


def _matching(row: Any, wanted: Wanted) -> list[ColumnElement[bool]]:
    """What must be true of a reply; the same of those that would be newer in its conversation."""
    given: list[ColumnElement[bool]] = []
    if wanted.unread:
        given.append(row.seen_at.is_(None))
    if wanted.waits:
        waiting = Ticket.state != TicketState.CLOSED
        people = select(Ticket.patient_id).where(waiting, Ticket.patient_id.is_not(None))
        about = select(Ticket.reply_id).where(waiting, Ticket.reply_id.is_not(None))
        given.append(or_(row.patient_id.in_(people), row.id.in_(about)))
    if wanted.unknown:
        given.append(row.patient_id.is_(None))
    if wanted.label:
        given.append(cast(row.labels, Text).like(f'%"{wanted.label}"%'))
    if wanted.channel:
        given.append(row.channel == wanted.channel)
    if wanted.language:
        speaking = row.patient_id.in_(select(Patient.id).where(Patient.language == wanted.language))
        given.append(or_(speaking, and_(row.patient_id.is_(None), row.language == wanted.language)))
    return given


def _newest(wanted: Wanted) -> list[ColumnElement[bool]]:
    """Whether a reply is the newest of its conversation that was asked for: two short looks by index for each."""
    other = aliased(Reply)
    newer = (other.clinic_id == Reply.clinic_id, _later(other, Reply.received_at, Reply.id), *_matching(other, wanted))
    nobody = (Reply.patient_id.is_(None), other.patient_id.is_(None), other.from_index == Reply.from_index)
    return [
        not_(select(other.id).where(other.patient_id == Reply.patient_id, *newer).exists()),
        not_(select(other.id).where(*nobody, *newer).exists()),
    ]


def _later(row: Any, at: Any, id_: Any, *, earlier: bool = False) -> ColumnElement[bool]:
    if earlier:
        return or_(row.received_at < at, and_(row.received_at == at, row.id < id_))
    return or_(row.received_at > at, and_(row.received_at == at, row.id > id_))


def _place(session: Session, clinic_id: uuid.UUID, before: uuid.UUID | None) -> tuple[datetime, uuid.UUID] | None:
    if before is None:
        return None
    row = session.execute(select(Reply.received_at).where(Reply.id == before, Reply.clinic_id == clinic_id)).first()
    return (row.received_at, before) if row else None


def _completed(session: Session, clinic_id: uuid.UUID, lines: Sequence[Line]) -> Sequence[Line]:
    """With what is unread and open in each, and who shares an address: three statements."""
    replies = [line.reply for line in lines if line.reply]
    nameless = {reply.from_index for reply in replies if reply.patient_id is None}
    people = {line.patient.id for line in lines if line.patient}
    unread = _unread(session, clinic_id, people, nameless)
    waiting = _waiting(session, clinic_id, people, {reply.id for reply in replies})
    sharing = _sharing(session, clinic_id, nameless)
    return [_complete(line, unread, waiting, sharing) for line in lines]


def _complete(
    line: Line,
    unread: Mapping[Talk, int],
    waiting: Mapping[uuid.UUID, Sequence[Ticket]],
    sharing: Mapping[str, Sequence[Patient]],
) -> Line:
    talk = Talk(line.patient.id) if line.patient else talk_of(line.reply) if line.reply else None
    key = line.patient.id if line.patient else line.reply.id if line.reply else None
    might_be = sharing.get(talk.index, ()) if talk and talk.patient_id is None else ()
    return replace(
        line,
        unread=unread.get(talk, 0) if talk else 0,
        tickets=tuple(waiting.get(key, ())) if key else (),
        might_be=tuple(might_be),
    )


def _unread(
    session: Session, clinic_id: uuid.UUID, people: Collection[uuid.UUID], nameless: Collection[str]
) -> Mapping[Talk, int]:
    index = Reply.from_index
    unseen = (Reply.clinic_id == clinic_id, Reply.seen_at.is_(None))
    theirs = or_(Reply.patient_id.in_(people), and_(Reply.patient_id.is_(None), index.in_(nameless)))
    rows = session.execute(
        select(Reply.patient_id, index, func.count()).where(*unseen, theirs).group_by(Reply.patient_id, index)
    )
    found: Counter[Talk] = Counter()
    for patient_id, address, count in rows:
        found[Talk(patient_id) if patient_id else Talk(None, address)] += count
    return found


def _waiting(
    session: Session, clinic_id: uuid.UUID, people: Collection[uuid.UUID], replies: Collection[uuid.UUID]
) -> Mapping[uuid.UUID, Sequence[Ticket]]:
    """The open tickets by their patient, and by their reply where nobody knows who wrote; the most urgent first."""
    about = or_(Ticket.patient_id.in_(people), and_(Ticket.patient_id.is_(None), Ticket.reply_id.in_(replies)))
    open_ones = (Ticket.clinic_id == clinic_id, Ticket.state != TicketState.CLOSED, about)
    found: dict[uuid.UUID, list[Ticket]] = {}
    for ticket in session.scalars(select(Ticket).where(*open_ones).order_by(Ticket.priority, Ticket.opened_at)):
        key = ticket.patient_id or ticket.reply_id
        if key:
            found.setdefault(key, []).append(ticket)
    return found


def _sharing(session: Session, clinic_id: uuid.UUID, nameless: set[str]) -> Mapping[str, Sequence[Patient]]:
    if not nameless:
        return {}
    at = or_(Patient.phone_index.in_(nameless), Patient.email_index.in_(nameless))
    found: dict[str, list[Patient]] = {}
    for patient in session.scalars(select(Patient).where(Patient.clinic_id == clinic_id, at).order_by(Patient.id)):
        for index in nameless & {patient.phone_index, patient.email_index}:
            found.setdefault(str(index), []).append(patient)
    return found
