"""Doing what was decided about a reply: each effect by the use case that owns it, all in the caller's transaction."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from reminders.care import consults, optouts
from reminders.care.alerts import raise_alert
from reminders.care.checkins import CheckInAnswer, record_outcome
from reminders.care.effects import (
    Effect,
    OfferConsult,
    OpenTicket,
    RecordOutcome,
    SendAnswer,
    SendSafety,
    StartMessages,
    StopMessages,
)
from reminders.care.situation import Context
from reminders.care.tickets import NewTicket, key_for, open_ticket, put
from reminders.models.kinds import Language, MessageKind, TicketKind
from reminders.outbox import Draft, enqueue, keys
from reminders.triage import Reading

_USEFUL_FOR = timedelta(hours=24)
"""How long an answer or a safety text is worth sending after the patient wrote."""

_IN_THE_WORDS_LANGUAGE = frozenset({"answer:help"})
"""Keywords are answered in the language that they belong to; all else in the one that the patient chose."""


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


def apply(session: Session, act: Act, effects: Sequence[Effect]) -> None:
    """Do each effect, in order."""
    for effect in effects:
        _apply_one(session, act, effect)


def _apply_one(session: Session, act: Act, effect: Effect) -> None:
    match effect:
        case SendSafety(template):
            _send_safety(session, act, template)
        case SendAnswer(template):
            _enqueue(session, act, _draft(act, MessageKind.ANSWER, template, keys.answer_key(act.context.reply.id)))
        case OpenTicket():
            _open(session, act, effect)
        case RecordOutcome():
            _record(session, act, effect)
        case OfferConsult():
            _offer(session, act)
        case StopMessages(source, by_carrier):
            optouts.opt_out(session, _request(act, source, by_carrier=by_carrier), act.now)
        case StartMessages(by_carrier):
            optouts.opt_in(session, _request(act, "reply", by_carrier=by_carrier), act.now)


def _send_safety(session: Session, act: Act, template: str) -> None:
    """Queue the safety text. Where the clinic has lost its sender staff must call, and the alert still goes out."""
    reply = act.context.reply
    if act.context.sender_id is not None:
        _enqueue(session, act, _draft(act, MessageKind.SAFETY, template, keys.safety_key(reply.id)))
    else:
        _open(session, act, OpenTicket(TicketKind.UNREACHABLE, MessageKind.SAFETY.value))


def _enqueue(session: Session, act: Act, draft: Draft) -> None:
    sender_id = act.context.sender_id
    enqueue(session, [draft], act.now, {(draft.clinic_id, draft.channel): sender_id} if sender_id else {})


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
        treatment_id=act.context.treatment.id if act.context.treatment else None,
        reply_id=reply.id,
    )


def _language(act: Act, template: str) -> Language:
    chosen = act.context.chosen
    first, second = (act.said_in, chosen) if template in _IN_THE_WORDS_LANGUAGE else (chosen, act.said_in)
    return first or second or act.context.clinic_language


def _open(session: Session, act: Act, effect: OpenTicket) -> None:
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
    if effect.kind is TicketKind.RED_FLAG:
        raise_alert(session, open_ticket(session, new, act.now), act.now)
    else:
        put(session, new, act.now)


def _about(act: Act) -> uuid.UUID | None:
    """The treatment that a check-in's answer, a consult or a ticket is about."""
    if act.context.reply.patient_id is None:
        return None
    if act.context.check_in is not None:
        return act.context.check_in.treatment_id
    return act.context.treatment.id if act.context.treatment else None


def _record(session: Session, act: Act, effect: RecordOutcome) -> None:
    check_in = act.context.check_in
    if check_in is None:
        return
    answer = CheckInAnswer(
        clinic_id=check_in.clinic_id,
        treatment_id=check_in.treatment_id,
        outcome=effect.outcome,
        reminder_id=check_in.reminder_id,
        reply_id=act.context.reply.id,
    )
    record_outcome(session, answer, act.now)


def _offer(session: Session, act: Act) -> None:
    treatment_id, reply = _about(act), act.context.reply
    if treatment_id is not None and reply.patient_id is not None:
        consults.put(session, consults.Offer(reply.clinic_id, reply.patient_id, treatment_id), act.now)


def _request(act: Act, source: str, *, by_carrier: bool) -> optouts.OptOutRequest:
    reply = act.context.reply
    return optouts.OptOutRequest(
        clinic_id=reply.clinic_id,
        channel=reply.channel,
        address_index=reply.from_index,
        source=source,
        reply_id=reply.id,
        by_carrier=by_carrier,
        quiet=reply.to_unknown_number,
        language=act.said_in,
    )
