"""What stands around a kept reply, read in two statements that are put together once."""

import uuid
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    RowMapping,
    ScalarSelect,
    Select,
    String,
    bindparam,
    func,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.orm import Session, aliased

from reminders.care.checkins import ANSWERABLE_FOR, AskedCheckIn, asked, asked_of
from reminders.care.guardians import Person
from reminders.care.matching import INDEX
from reminders.care.situation import AboutTreatment, Context, Kept
from reminders.models import Clinic, Message, Patient, Reminder, Reply, Sender, Treatment
from reminders.models.clinic import NOT_CONNECTED
from reminders.models.kinds import Channel, MessageKind, TreatmentState

_ANSWERS_COUNT_FOR = timedelta(hours=1)


def context_of(session: Session, reply_id: uuid.UUID, now: datetime) -> Context | None:
    """What stands around a reply; None if it has been read. On a shared address the check-in may be anybody's there."""
    connection = session.connection()
    given = {"reply": reply_id, "asked_since": now - ANSWERABLE_FOR, "recent": now - _ANSWERS_COUNT_FOR}
    row = connection.execute(_AROUND, given).mappings().one_or_none()
    if row is None:
        return None
    reply = Kept(**{name: row[name] for name in Kept.__slots__})
    there = connection.execute(_HOLDERS[reply.channel], {"clinic": reply.clinic_id, "address": reply.from_index})
    holders = [Person(*holder) for holder in there]
    return Context(
        reply=reply,
        timezone=row["timezone"],
        clinic_language=row["clinic_language"],
        chosen=row["chosen"],
        holders=holders,
        check_in=_check_in(row) if reply.patient_id else asked(session, [one.patient_id for one in holders], now),
        treatment=AboutTreatment(row["about"], row["local_date"]) if row["about"] else None,
        sent=_counted(row["sent_to_patient"]) + _counted(row["sent_to_address"]),
        sender_id=row["sends_by"],
    )


def _check_in(row: RowMapping) -> AskedCheckIn | None:
    if row["asked_reminder"] is None:
        return None
    return AskedCheckIn(row["clinic_id"], row["asked_treatment"], row["asked_reminder"])


def _counted(sent: str | None) -> Counter[tuple[MessageKind, str]]:
    pairs = [line.partition(":") for line in (sent or "").splitlines()]
    return Counter((MessageKind(kind), template) for kind, _, template in pairs)


_there = aliased(Reply)
_answered = aliased(Message)
_check_in_asked = aliased(Reminder)

_TO_PATIENT = Message.patient_id == Reply.patient_id


def _sent(texts: Select[Any]) -> ScalarSelect[str]:
    """The automatic texts since the parameter `recent`, a line each: what they are, and which."""
    return (
        texts.where(
            Message.kind.in_((MessageKind.ANSWER, MessageKind.SAFETY)), Message.created_at > bindparam("recent")
        )
        .correlate(Reply)
        .scalar_subquery()
    )


def _around() -> Select[Any]:
    line = select(func.aggregate_strings(type_coerce(Message.kind, String) + ":" + Message.template, "\n"))
    # Two questions, each with an index of its own; one with OR would look at every message there is.
    from_there = line.join(_there, _there.id == Message.reply_id).where(
        _there.clinic_id == Reply.clinic_id,
        _there.from_index == Reply.from_index,
        or_(Message.patient_id.is_(None), Message.patient_id.is_distinct_from(Reply.patient_id)),
    )
    newest_active = (
        select(Treatment.id)
        .where(Treatment.patient_id == Reply.patient_id, Treatment.state == TreatmentState.ACTIVE)
        .order_by(Treatment.treated_at.desc(), Treatment.id.desc())
        .limit(1)
        .correlate(Reply)
        .scalar_subquery()
    )
    first_made = (
        select(Sender.id)
        .where(Sender.clinic_id == Reply.clinic_id, Sender.channel == Reply.channel, Sender.address != NOT_CONNECTED)
        .order_by(Sender.created_at, Sender.id)
        .limit(1)
        .correlate(Reply)
        .scalar_subquery()
    )
    asked_last = asked_of(_TO_PATIENT).with_only_columns(Reminder.id).correlate(Reply).scalar_subquery()
    # The treatment of the answered message, else of the check-in, else the patient's newest active one.
    about: ColumnElement[Any] = func.coalesce(_answered.treatment_id, _check_in_asked.treatment_id, newest_active)
    treatment = aliased(Treatment)
    return (
        select(
            *(getattr(Reply, name) for name in Kept.__slots__),
            Clinic.timezone,
            Clinic.language.label("clinic_language"),
            Patient.language.label("chosen"),
            _check_in_asked.id.label("asked_reminder"),
            _check_in_asked.treatment_id.label("asked_treatment"),
            treatment.id.label("about"),
            treatment.local_date,
            _sent(line.where(_TO_PATIENT)).label("sent_to_patient"),
            _sent(from_there).label("sent_to_address"),
            first_made.label("sends_by"),
        )
        .join_from(Reply, Clinic, Clinic.id == Reply.clinic_id)
        .outerjoin(Patient, Patient.id == Reply.patient_id)
        .outerjoin(_answered, _answered.id == Reply.answers_id)
        .outerjoin(_check_in_asked, _check_in_asked.id == asked_last)
        .outerjoin(treatment, (treatment.id == about) & Reply.patient_id.is_not(None))
        .where(Reply.id == bindparam("reply"), Reply.read_at.is_(None))
    )


_AROUND = _around()

_HOLDERS: Mapping[Channel, Select[Any]] = {
    channel: select(Patient.id, Patient.guardian, Patient.birth_date).where(
        Patient.clinic_id == bindparam("clinic"), INDEX[channel] == bindparam("address")
    )
    for channel in Channel
}
