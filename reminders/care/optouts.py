"""Opt-outs: an address that must not be written to, in one commit with all that follows from it."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, select, update
from sqlalchemy.orm import Session

from reminders.care import minors, replanning, withdrawals
from reminders.care.matching import INDEX, holders
from reminders.care.wrong_numbers import WRONG_NUMBER
from reminders.database import insert_missing
from reminders.ids import new_id
from reminders.models import Clinic, Message, OptOut, Patient, Reply
from reminders.models.kinds import Channel, Language, MessageKind
from reminders.outbox import Draft, cancel, enqueue, keys

OPTED_OUT = "opted_out"

_ENDED_BY_IT = (MessageKind.REMINDER, MessageKind.NUDGE, MessageKind.ANSWER, MessageKind.STAFF)
"""What an opt-out calls off. A safety text and the confirmation itself still go, and alerts are not the patient's."""

_MEANS_EVERYTHING = frozenset({"reply", "carrier"})
"""Who says stop in words wants no more messages, by whatever way; who uses the link in an e-mail wants no e-mail."""

_CONFIRMATION_USEFUL_FOR = timedelta(hours=24)


@dataclass(frozen=True)
class OptOutRequest:
    """An address to suppress or to write to again, for whoever holds it.

    `source` is reply, email, page, carrier, staff, or wrong_number (which leaves the consents as they are: it was not
    the patient who spoke). `by_carrier`: the carrier has confirmed, so we must not. Only what answers a reply
    is confirmed by a message, in `language` or else the patient's; a page or a form says so itself. `quiet`: not at
    all, since this clinic's name may be the wrong one, or strangers have got as many e-mails as they get.
    """

    clinic_id: uuid.UUID
    channel: Channel
    address_index: str
    source: str
    reply_id: uuid.UUID | None = None
    by_carrier: bool = False
    language: Language | None = None
    quiet: bool = False


def opt_out(session: Session, request: OptOutRequest, now: datetime) -> OptOut:
    """Suppress the address, withdraw the consents of all who hold it, call off what is pending, confirm once.

    A STOP in words from somebody whom the address tells apart ends the other channel too. On a shared number nobody
    knows who spoke: the number stops, for all. Saying it again changes nothing that is in force, and is not confirmed
    again.
    """
    row = _suppress(session, request, now)
    given = {"clinic": request.clinic_id, "address": request.address_index}
    patients = [_Held(*one) for one in session.connection().execute(_HOLDERS[request.channel], given)]
    if request.source != WRONG_NUMBER:
        for change in _changes(request, patients, now):
            withdrawals.withdraw(session, change)
    reason = WRONG_NUMBER if request.source == WRONG_NUMBER else OPTED_OUT
    cancel(session, _pending(request, patients), reason, now)
    template = "confirmation:wrong_number" if request.source == WRONG_NUMBER else "confirmation:stop"
    _confirm(session, request, patients, _Confirmation(template, row.id, row.at), now)
    return row


def opt_in(session: Session, request: OptOutRequest, now: datetime) -> bool:
    """Lift the suppression, restore what was consented to before it (nothing else), and plan again what is useful.

    False, and nothing done, if the address was not suppressed, or if it is somebody else's: that only staff can lift.
    """
    lifted = session.scalars(
        update(OptOut)
        .where(*_of(request), OptOut.lifted_at.is_(None), OptOut.source != WRONG_NUMBER)
        .values(lifted_at=now, by_carrier=False)
        .returning(OptOut)
    ).first()
    if lifted is None:
        return False
    every = holders(session, request.clinic_id, request.channel, request.address_index)
    patients = [_Held(patient.id, patient.language) for patient in every]
    clinic = _clinic(session, request)
    under_age = minors.under_age(every, minors.today(clinic, now))
    for change in _changes(request, patients, now):
        withdrawals.restore(session, replace(change, under_age=under_age), since=lifted.at)
    for patient in every:
        # What is still useful comes back, as a further round; what was superseded or is too late does not.
        replanning.refresh(session, clinic, patient, now)
    _confirm(session, request, patients, _Confirmation("confirmation:start", lifted.id, now), now)
    return True


@dataclass(frozen=True, slots=True)
class _Held:
    """A patient who can be reached at the address."""

    id: uuid.UUID
    language: Language


_HOLDERS: Mapping[Channel, Select[uuid.UUID, Language]] = {
    channel: select(Patient.id, Patient.language)
    .where(Patient.clinic_id == bindparam("clinic"), INDEX[channel] == bindparam("address"))
    .order_by(Patient.id)
    for channel in Channel
}


@dataclass(frozen=True)
class _Confirmation:
    template: str
    opt_out_id: uuid.UUID
    at: datetime


def _of(request: OptOutRequest) -> tuple[ColumnElement[bool], ...]:
    return (
        OptOut.clinic_id == request.clinic_id,
        OptOut.channel == request.channel,
        OptOut.address_index == request.address_index,
    )


def _changes(request: OptOutRequest, patients: Sequence[_Held], now: datetime) -> list[withdrawals.Change]:
    channels = _channels(request, patients)
    ids = [patient.id for patient in patients]
    return [withdrawals.Change(ids, channel, request.source, now, request.reply_id) for channel in channels]


def _channels(request: OptOutRequest, patients: Sequence[_Held]) -> tuple[Channel, ...]:
    ends_all = request.source in _MEANS_EVERYTHING and len(patients) == 1
    return tuple(Channel) if ends_all else (request.channel,)


def _suppress(session: Session, request: OptOutRequest, now: datetime) -> OptOut:
    values = {
        "id": new_id(),
        "clinic_id": request.clinic_id,
        "channel": request.channel,
        "address_index": request.address_index,
        "at": now,
        "source": request.source,
        "by_carrier": request.by_carrier,
    }
    if insert_missing(session, OptOut, values):
        return OptOut(**values)
    session.execute(
        update(OptOut)
        .where(*_of(request), OptOut.lifted_at.is_not(None))
        .values(at=now, source=request.source, by_carrier=request.by_carrier, lifted_at=None)
    )
    # Of a number that is somebody else's as well as stopped, the stronger holds: its START must lift nothing.
    added: dict[str, Any] = {"by_carrier": True} if request.by_carrier else {}
    if request.source == WRONG_NUMBER:
        added["source"] = WRONG_NUMBER
    if added:
        session.execute(update(OptOut).where(*_of(request)).values(**added))
    return session.scalars(select(OptOut).where(*_of(request)).execution_options(populate_existing=True)).one()


def _pending(request: OptOutRequest, patients: Sequence[_Held]) -> ColumnElement[bool]:
    """What waits to go to the address: to the patients who hold it, and answers to whoever wrote from it."""
    wrote = select(Reply.id).where(Reply.clinic_id == request.clinic_id, Reply.from_index == request.address_index)
    to_it = Message.patient_id.in_([patient.id for patient in patients]) | (
        Message.patient_id.is_(None) & Message.reply_id.in_(wrote)
    )
    of_ours = (Message.clinic_id == request.clinic_id) & Message.channel.in_(_channels(request, patients))
    return of_ours & Message.kind.in_(_ENDED_BY_IT) & to_it


def _clinic(session: Session, request: OptOutRequest) -> Clinic:
    return session.scalars(select(Clinic).where(Clinic.id == request.clinic_id)).one()


def _confirm(
    session: Session, request: OptOutRequest, patients: Sequence[_Held], what: _Confirmation, now: datetime
) -> None:
    if request.by_carrier or request.quiet or request.reply_id is None:
        return
    # One confirmation for the address; whose name stands on it is nobody's business on a shared one.
    patient = patients[0] if len(patients) == 1 else None
    draft = Draft(
        clinic_id=request.clinic_id,
        kind=MessageKind.CONFIRMATION,
        channel=request.channel,
        template=what.template,
        language=request.language or (patients[0].language if patients else _clinic(session, request).language),
        dedupe_key=keys.confirmation_key(what.opt_out_id, what.at),
        due_at=now,
        useful_until=now + _CONFIRMATION_USEFUL_FOR,
        patient_id=patient.id if patient else None,
        reply_id=request.reply_id,
    )
    enqueue(session, [draft], now)
