"""What was decided about a reply, as rows that are written together. Pure."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from reminders.care import attachments, checkins, consults
from reminders.care.checkins import CheckInAnswer
from reminders.care.effects import (
    Effect,
    OfferConsult,
    OpenTicket,
    RecordOutcome,
    SendAnswer,
    SendSafety,
)
from reminders.care.page_answers import ticked
from reminders.care.situation import Context
from reminders.care.ticket_keys import key_for
from reminders.care.tickets import NewTicket, row_of
from reminders.database import Base
from reminders.ids import new_id
from reminders.models import Attachment, CheckIn, Consult, Message, Ticket
from reminders.models.kinds import Language, MessageKind, TicketKind
from reminders.outbox import Draft, keys
from reminders.outbox.enqueue import first_rows
from reminders.triage import Reading

_USEFUL_FOR = timedelta(hours=24)
"""How long an answer or a safety text is worth sending after the patient wrote."""

_ABOUT_NO_TREATMENT = frozenset({"answer:help"})
"""Answers to a keyword: in the language that the word belongs to, not the one that the patient chose, and tied to no
treatment, so that a protocol that is on hold for its contents keeps nobody from reading how to reach the clinic."""


@dataclass(frozen=True)
class Act:
    """A reply with what is known of it and what it was read as, at the moment it is acted on."""

    context: Context
    reading: Reading
    now: datetime

    @property
    def said_in(self) -> Language | None:
        """The language of the words, if they tell and it is one."""
        return Language(self.reading.language) if self.reading.language in set(Language) else None


NewRows = Mapping[type[Base], list[dict[str, Any]]]
"""New rows by table: each that a reply may write to, with or without rows."""

_One = tuple[type[Base], dict[str, Any]]
_TABLES: Sequence[type[Base]] = (Message, CheckIn, Consult, Ticket)


def rows_of(act: Act, effects: Sequence[Effect]) -> NewRows:
    """The rows that effects are: all but opt-outs, which are `deeds`."""
    rows: dict[type[Base], list[dict[str, Any]]] = {table: [] for table in _TABLES}
    for table, row in filter(None, (_row_of(act, effect) for effect in effects)):
        rows[table].append(row)
    # In the order in which they were opened; ids made in one millisecond are in none.
    tickets = rows[Ticket]
    for row, id_ in zip(tickets, sorted(new_id() for _ in tickets), strict=True):
        row["id"] = id_
    # Few texts carry anything: for the others PostgreSQL keeps to one statement.
    hanging = attachments.rows_of(act.context.reply, act.now)
    return rows | {Attachment: hanging} if hanging else rows


def _row_of(act: Act, effect: Effect) -> _One | None:
    match effect:
        case SendSafety(template):
            return _safety(act, template)
        case SendAnswer(template):
            return _message(act, _draft(act, MessageKind.ANSWER, template, keys.answer_key(act.context.reply.id)))
        case OpenTicket():
            return _ticket(act, effect)
        case RecordOutcome():
            return _outcome(act, effect)
        case OfferConsult():
            return _offer(act)
    return None


def _safety(act: Act, template: str) -> _One:
    """The safety text. Where the clinic has lost its sender staff must call, and the alert still goes out."""
    if act.context.sender_id is None:
        return _ticket(act, OpenTicket(TicketKind.UNREACHABLE, MessageKind.SAFETY.value))
    return _message(act, _draft(act, MessageKind.SAFETY, template, keys.safety_key(act.context.reply.id)))


def _message(act: Act, draft: Draft) -> _One:
    sender_id = act.context.sender_id
    (row,), _ = first_rows([draft], {draft.channel: sender_id} if sender_id else {}, act.now)
    return Message, row


def answer_to(act: Act, template: str, params: Mapping[str, str]) -> Draft:
    """The one automatic answer to the reply, with what fills it."""
    return replace(_draft(act, MessageKind.ANSWER, template, keys.answer_key(act.context.reply.id)), params=params)


def _draft(act: Act, kind: MessageKind, template: str, key: str) -> Draft:
    reply = act.context.reply
    return Draft(
        clinic_id=reply.clinic_id,
        kind=kind,
        channel=reply.channel,
        template=template,
        language=_language(act, template),
        dedupe_key=key,
        due_at=act.now,
        useful_until=act.now + _USEFUL_FOR,
        # Nobody's name for an unknown or shared address: delivery then writes to the address that the reply came from.
        patient_id=reply.patient_id,
        treatment_id=_treatment_of(act, template),
        reply_id=reply.id,
    )


def _treatment_of(act: Act, template: str) -> uuid.UUID | None:
    treatment = act.context.treatment
    return treatment.id if treatment and template not in _ABOUT_NO_TREATMENT else None


def _language(act: Act, template: str) -> Language:
    chosen = act.context.chosen
    first, second = (act.said_in, chosen) if template in _ABOUT_NO_TREATMENT else (chosen, act.said_in)
    return first or second or act.context.clinic_language


def _ticket(act: Act, effect: OpenTicket) -> _One:
    reply = act.context.reply
    new = NewTicket(
        clinic_id=reply.clinic_id,
        kind=effect.kind,
        dedupe_key=key_for(effect.kind, reply.id),
        patient_id=reply.patient_id,
        treatment_id=_about(act),
        reply_id=reply.id,
        reason=effect.reason,
    )
    return Ticket, row_of(new, act.now)


def _about(act: Act) -> uuid.UUID | None:
    """The treatment that a check-in's answer, a consult or a ticket is about."""
    if act.context.reply.patient_id is None:
        return None
    if act.context.check_in is not None:
        return act.context.check_in.treatment_id
    return act.context.treatment.id if act.context.treatment else None


def _outcome(act: Act, effect: RecordOutcome) -> _One | None:
    check_in, reply = act.context.check_in, act.context.reply
    if check_in is None:
        return None
    page = ticked(reply.kind, reply.raw)
    answer = CheckInAnswer(
        clinic_id=check_in.clinic_id,
        treatment_id=check_in.treatment_id,
        outcome=effect.outcome,
        reminder_id=check_in.reminder_id,
        reply_id=reply.id,
        answers=page.to_data() if page else None,
    )
    return CheckIn, checkins.row_of(answer, act.now)


def _offer(act: Act) -> _One | None:
    treatment_id, reply = _about(act), act.context.reply
    if treatment_id is None or reply.patient_id is None:
        return None
    return Consult, consults.row_of(consults.Offer(reply.clinic_id, reply.patient_id, treatment_id), act.now)
