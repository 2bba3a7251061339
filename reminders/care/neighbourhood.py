"""The clinic that a message came to and its patients at that address: one statement, put together once a channel."""

from collections.abc import Mapping
from datetime import timedelta
from itertools import product
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    LargeBinary,
    ScalarSelect,
    Select,
    String,
    bindparam,
    case,
    cast,
    exists,
    extract,
    func,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.orm import aliased

from reminders.care.checkins import asked_of
from reminders.care.matching import INDEX
from reminders.care.tickets import may_ring
from reminders.models import Clinic, Message, Patient, Reminder, Reply, Sender, Staff, Ticket, Treatment
from reminders.models.clinic import NOT_CONNECTED
from reminders.models.kinds import Channel, MessageKind, Role, TreatmentState

SAFETY_COUNTS_FOR = timedelta(hours=1)
"""How long a safety text counts among those that somebody has just been sent; of answers, the clinic's rules say it."""

OWED = (MessageKind.REMINDER, MessageKind.NUDGE)
"""What a reply most likely answers."""

_TO_PATIENT = Message.patient_id == Patient.id

_there = aliased(Reply)
_answered = aliased(Message)
_check_in = aliased(Reminder)


def _neighbourhood(channel: Channel, *, by_name: bool) -> Select[Any]:
    """A line for each patient, or one without a patient: the clinic's columns first.

    `by_name`: whoever wrote is known, and so is what it answers (the parameters `patient` and `answers`); the patient
    is among the lines wherever they can be reached.
    """
    holds = INDEX[channel] == bindparam("address")
    near = or_(holds, Patient.id == bindparam("patient")) if by_name else holds
    answered = bindparam("answers", type_=Message.id.type) if by_name else _answers(channel)
    treatment = aliased(Treatment)
    # The treatment of the answered message, else of the check-in, else the patient's newest active one.
    about: ColumnElement[Any] = func.coalesce(_answered.treatment_id, _check_in.treatment_id, _newest_active())
    asked = _asked(channel, by_name=by_name).correlate(Patient).scalar_subquery()
    return (
        select(
            Clinic.timezone,
            Clinic.language,
            Clinic.options,
            _sends_by(channel).label("sends_by"),
            _sent(_to_strangers()).label("sent_there"),
            _on_call().label("on_call"),
            _rings().label("rings"),
            Patient.id,
            holds.label("holds"),
            _answered.id,
            _treated().label("treated"),
            Patient.language,
            # As they are stored: opening them must not keep a message from being kept.
            type_coerce(Patient.guardian, LargeBinary),
            type_coerce(Patient.birth_date, LargeBinary),
            _check_in.id,
            _check_in.treatment_id,
            treatment.id,
            treatment.local_date,
            _sent(_line().where(_TO_PATIENT)).label("sent"),
        )
        .outerjoin_from(Clinic, Patient, (Patient.clinic_id == Clinic.id) & near)
        .outerjoin(_answered, _answered.id == answered)
        .outerjoin(_check_in, _check_in.id == asked)
        .outerjoin(treatment, treatment.id == about)
        .where(Clinic.id == bindparam("clinic"))
        .order_by(Patient.id)
    )


def _answers(channel: Channel) -> ScalarSelect[Any]:
    """The newest reminder or nudge that went to the patient on the channel, else the newest message."""
    return (
        select(Message.id)
        .where(_TO_PATIENT, Message.channel == channel, Message.sent_at >= bindparam("since"))
        .order_by(case((Message.kind.in_(OWED), 0), else_=1), Message.sent_at.desc(), Message.id.desc())
        .limit(1)
        .correlate(Patient)
        .scalar_subquery()
    )


def _asked(channel: Channel, *, by_name: bool) -> Select[Any]:
    """The check-in of the answered message; else what was asked on the channel that the answer came by goes first."""
    on_channel = Message.channel == channel
    if not by_name:
        return asked_of(_TO_PATIENT, on_channel & Message.sent_at.is_not(None))
    return asked_of(_TO_PATIENT, Message.id == bindparam("answers", type_=Message.id.type), on_channel)


def _treated() -> ColumnElement[bool]:
    return exists().where(
        Treatment.patient_id == Patient.id,
        Treatment.state == TreatmentState.ACTIVE,
        Treatment.treated_at >= bindparam("since"),
    )


def _newest_active() -> ScalarSelect[Any]:
    return (
        select(Treatment.id)
        .where(Treatment.patient_id == Patient.id, Treatment.state == TreatmentState.ACTIVE)
        .order_by(Treatment.treated_at.desc(), Treatment.id.desc())
        .limit(1)
        .correlate(Patient)
        .scalar_subquery()
    )


def _sends_by(channel: Channel) -> ScalarSelect[Any]:
    """What the clinic sends by on the channel, if it is connected; of several the first made."""
    return (
        select(Sender.id)
        .where(Sender.clinic_id == Clinic.id, Sender.channel == channel, Sender.address != NOT_CONNECTED)
        .order_by(Sender.created_at, Sender.id)
        .limit(1)
        .correlate(Clinic)
        .scalar_subquery()
    )


def _on_call() -> ColumnElement[bool]:
    """Whether somebody is on call and can be reached."""
    here = (Sender.clinic_id == Clinic.id, Sender.address != NOT_CONNECTED)
    reached = or_(Sender.channel == Channel.EMAIL, Staff.phone.is_not(None))
    mine = (Staff.clinic_id == Clinic.id, Staff.on_call, Staff.disabled_at.is_(None))
    return exists().where(*mine, Staff.role != Role.VIEWER, *here, reached).correlate(Clinic)


def _rings() -> ColumnElement[bool]:
    """Whether there is an alarm that a member of staff could have taken, or could take."""
    return exists().where(Ticket.clinic_id == Clinic.id, *may_ring()).correlate(Clinic)


def _line() -> Select[Any]:
    """Automatic texts, a line each: what they are, which, when (seconds since 1970), and to whom."""
    whose = func.coalesce(cast(Message.patient_id, String), "")
    at = cast(cast(extract("epoch", Message.created_at), Integer), String)
    line = type_coerce(Message.kind, String) + " " + Message.template + " " + at + " " + whose
    return select(func.aggregate_strings(line, "\n"))


def _to_strangers() -> Select[Any]:
    """What went because of replies from the address; a question of its own, with its own index."""
    return (
        _line()
        .join(_there, _there.id == Message.reply_id)
        .where(_there.clinic_id == Clinic.id, _there.from_index == bindparam("address"))
    )


def _sent(texts: Select[Any]) -> ScalarSelect[str]:
    """Of these automatic texts those since the parameter `recent`."""
    return (
        texts.where(
            Message.kind.in_((MessageKind.ANSWER, MessageKind.SAFETY)), Message.created_at > bindparam("recent")
        )
        .correlate(Clinic, Patient)
        .scalar_subquery()
    )


NEIGHBOURHOOD: Mapping[tuple[Channel, bool], Select[Any]] = {
    (channel, by_name): _neighbourhood(channel, by_name=by_name) for channel, by_name in product(Channel, (False, True))
}
"""By channel, and whether it is known who wrote."""
