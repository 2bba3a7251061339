"""What must be known beside a reply's words, read from the tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from reminders.care.checkins import AskedCheckIn, asked
from reminders.care.effects import Situation
from reminders.care.guardians import may_speak_for_another
from reminders.care.matching import holders
from reminders.models import Clinic, Message, Patient, Reply, Treatment
from reminders.models.kinds import MessageKind, ReplyKind, TreatmentState

_ANSWERS_COUNT_FOR = timedelta(hours=1)


@dataclass(frozen=True)
class Context:
    """A reply with the rows around it. `treatment` is the one it is about, if the patient is known and has one."""

    reply: Reply
    clinic: Clinic
    holders: Sequence[Patient]
    patient: Patient | None
    check_in: AskedCheckIn | None
    treatment: Treatment | None

    @property
    def today(self) -> date:
        """The clinic's local date when the reply came."""
        return self.reply.received_at.astimezone(ZoneInfo(self.clinic.timezone)).date()

    @property
    def day(self) -> int | None:
        """Days since the treatment, counted in the clinic's local dates."""
        return None if self.treatment is None else (self.today - self.treatment.local_date).days


def context_of(session: Session, reply: Reply, now: datetime) -> Context:
    """The rows around a reply. On a shared address the check-in may be anybody's there."""
    clinic = session.scalars(select(Clinic).where(Clinic.id == reply.clinic_id)).one()
    there = holders(session, reply.clinic_id, reply.channel, reply.from_index)
    patient = None
    if reply.patient_id is not None:
        patient = session.scalars(select(Patient).where(Patient.id == reply.patient_id)).one()
    ids = [patient.id] if patient else [holder.id for holder in there]
    check_in = asked(session, ids, now)
    treatment = _treatment(session, reply, check_in) if patient else None
    return Context(reply, clinic, there, patient, check_in, treatment)


def situation_of(session: Session, context: Context, now: datetime) -> Situation:
    """What `decide_effects` wants to know."""
    reply = context.reply
    sent = _sent_lately(session, reply, now)
    return Situation(
        known=context.patient is not None,
        # A guess at the clinic is no reason to take its patients for who wrote.
        candidates=0 if reply.to_unknown_number else len(context.holders),
        check_in_asked=context.check_in is not None,
        has_treatment=context.treatment is not None,
        voice=reply.kind is ReplyKind.VOICE,
        attachment=bool(reply.media),
        answered_by_carrier=reply.opt_out_type,
        unknown_number=reply.to_unknown_number,
        for_another=may_speak_for_another(context.holders, context.today),
        recent_answers=frozenset(template for (kind, template) in sent if kind is MessageKind.ANSWER),
        safety_texts={template: n for (kind, template), n in sent.items() if kind is MessageKind.SAFETY},
    )


def _treatment(session: Session, reply: Reply, check_in: AskedCheckIn | None) -> Treatment | None:
    """The treatment of the answered message, else of the check-in, else the patient's newest active one."""
    answered = select(Message.treatment_id).where(Message.id == reply.answers_id)
    treatment_id = session.scalar(answered) or (check_in.treatment_id if check_in else None)
    if treatment_id is not None:
        return session.scalars(select(Treatment).where(Treatment.id == treatment_id)).one()
    return session.scalars(
        select(Treatment)
        .where(Treatment.patient_id == reply.patient_id, Treatment.state == TreatmentState.ACTIVE)
        .order_by(Treatment.treated_at.desc(), Treatment.id.desc())
        .limit(1)
    ).first()


def _sent_lately(session: Session, reply: Reply, now: datetime) -> dict[tuple[MessageKind, str], int]:
    """How often each automatic text went, within the hour, to this patient or to whoever writes from this address."""
    from_here = select(Reply.id).where(Reply.clinic_id == reply.clinic_id, Reply.from_index == reply.from_index)
    known = Message.patient_id.is_not(None) & (Message.patient_id == reply.patient_id)
    rows = session.execute(
        select(Message.kind, Message.template, func.count())
        .where(
            Message.kind.in_((MessageKind.ANSWER, MessageKind.SAFETY)),
            Message.created_at > now - _ANSWERS_COUNT_FOR,
            known | Message.reply_id.in_(from_here),
        )
        .group_by(Message.kind, Message.template)
    )
    return {(kind, template): count for kind, template, count in rows}
