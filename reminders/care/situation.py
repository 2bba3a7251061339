"""What must be known beside a reply's words, as values."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from reminders.care.callers import Caller, takes, takes_by_mail
from reminders.care.checkins import AskedCheckIn
from reminders.care.effects import Situation
from reminders.care.guardians import Person, may_speak_for_another
from reminders.care.strangers import MOST_ANSWERS, NOTHING_TOLD, Told
from reminders.models.kinds import Channel, Language, MessageKind, ReplyKind


@dataclass(frozen=True, slots=True)
class Kept:
    """A reply as it was kept, not read yet."""

    id: uuid.UUID
    clinic_id: uuid.UUID
    patient_id: uuid.UUID | None
    kind: ReplyKind
    channel: Channel
    from_index: str
    body: str
    media: Any | None
    raw: Any | None
    opt_out_type: str
    to_unknown_number: bool
    received_at: datetime


@dataclass(frozen=True, slots=True)
class AboutTreatment:
    """The treatment that a reply is about; `local_date` is its day 0."""

    id: uuid.UUID
    local_date: date


@dataclass(frozen=True, slots=True)
class Context:
    """A reply with what stands around it. `treatment` is the one it is about, if the patient is known and has one.

    `chosen` is the patient's language; `holders` are all whose address it came from; `sent` is how often each
    automatic text went of late to this patient or to whoever writes from this address; `sender_id` is what the clinic
    sends by on the reply's channel, if it is connected; `on_call` whether somebody is who can be reached;
    `colleague` who of the staff wrote, or may have; `answers_alert`: an e-mail that proves that it answers theirs;
    `strangers_told` counts the e-mails of late to addresses of nobody.
    """

    reply: Kept
    timezone: str
    clinic_language: Language
    chosen: Language | None
    holders: Sequence[Person]
    check_in: AskedCheckIn | None
    treatment: AboutTreatment | None
    sent: Mapping[tuple[MessageKind, str], int]
    sender_id: uuid.UUID | None
    on_call: bool = True
    colleague: Caller | None = None
    answers_alert: bool = False
    strangers_told: Told = NOTHING_TOLD

    @property
    def is_strangers_mail(self) -> bool:
        """Whether all that speaks for who wrote is a From that is no patient's."""
        known = self.reply.patient_id is not None or self.holders or self.answers_alert
        return self.reply.kind is ReplyKind.EMAIL and not known

    @property
    def enough_answers(self) -> bool:
        """Whether a stranger's mail gets none: anybody can have us write to addresses that they make up."""
        return self.is_strangers_mail and self.strangers_told.others >= MOST_ANSWERS

    @property
    def today(self) -> date:
        """The clinic's local date when the reply came."""
        return self.reply.received_at.astimezone(ZoneInfo(self.timezone)).date()

    @property
    def day(self) -> int | None:
        """Days since the treatment, counted in the clinic's local dates."""
        return None if self.treatment is None else (self.today - self.treatment.local_date).days


_WRITTEN = frozenset({ReplyKind.TEXT, ReplyKind.EMAIL})


def situation_of(context: Context) -> Situation:
    """What `decide_effects` wants to know."""
    reply = context.reply
    # A page's link says who answers, and of a number that is none of ours nobody knows which clinic is meant.
    written = reply.kind in _WRITTEN and not reply.to_unknown_number
    colleague = context.colleague if written else None
    return Situation(
        known=reply.patient_id is not None,
        # A guess at the clinic is no reason to take its patients for who wrote.
        candidates=0 if reply.to_unknown_number else len(context.holders),
        check_in_asked=context.check_in is not None,
        has_treatment=context.treatment is not None,
        colleague=colleague is not None,
        alarm=colleague.alarm if colleague else None,
        takes=colleague is not None and _takes(context),
        answers_alert=colleague is not None and context.answers_alert,
        on_call=context.on_call,
        stranger=context.is_strangers_mail,
        strangers_told=context.strangers_told.safety,
        enough_answers=context.enough_answers,
        voice=reply.kind is ReplyKind.VOICE,
        attachment=bool(reply.media),
        answered_by_carrier=reply.opt_out_type,
        unknown_number=reply.to_unknown_number,
        for_another=may_speak_for_another(context.holders, context.today),
        recent_answers=frozenset(template for (kind, template) in context.sent if kind is MessageKind.ANSWER),
        safety_texts={template: n for (kind, template), n in context.sent.items() if kind is MessageKind.SAFETY},
    )


def _takes(context: Context) -> bool:
    """Whether the words take the alarm. Anybody can write a From: an e-mail that answers no alert takes none away."""
    if context.reply.kind is ReplyKind.EMAIL:
        return context.answers_alert and takes_by_mail(context.reply.body)
    return takes(context.reply.body)
