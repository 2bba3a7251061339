"""What a new treatment stands on: its protocol, the patient's consents, the clinic's senders, what is there already."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import String, Table, bindparam, literal, or_, select, true, type_coerce, union_all
from sqlalchemy.orm import Session

from reminders.care.owed import Terms
from reminders.care.reach import PREFERENCE, Ways, address_index, choose
from reminders.database import core_table, refuse_other_clinics
from reminders.errors import NotFoundError
from reminders.models import Consent, OptOut, Patient, Protocol, ProtocolVersion, Provider, Sender, Treatment
from reminders.models.clinic import NOT_CONNECTED
from reminders.models.kinds import Channel, ConsentAction, Purpose


@dataclass(frozen=True, slots=True)
class Chosen:
    """The protocol asked for, its version that new treatments follow, and the provider of the asked name, if any."""

    protocol_id: uuid.UUID
    version_id: uuid.UUID
    provider_id: uuid.UUID | None


@dataclass(frozen=True, slots=True)
class Asked:
    """The new treatment, as far as what is known is looked up by it."""

    protocol_id: uuid.UUID
    local_date: date
    external_id: str | None


@dataclass(slots=True)
class Ground:
    """What was found. `that_day` are the patient's treatments by this protocol on this date, by ordinal.

    `of_that_id` is the clinic's treatment of the same external id. `agreed` has the newest word on each channel, and
    since when (UTC) that is so; `senders` the first made of each channel.
    """

    that_day: dict[int, uuid.UUID] = field(default_factory=dict)
    of_that_id: uuid.UUID | None = None
    agreed: dict[Channel, tuple[ConsentAction, datetime]] = field(default_factory=dict)
    opted_out: set[Channel] = field(default_factory=set)
    senders: dict[Channel, uuid.UUID] = field(default_factory=dict)


def hold(session: Session, patient: Patient, protocol_key: str, provider_index: str | None) -> Chosen | None:
    """Hold the patient until the end of the transaction, so that two changes to what they are owed queue up.

    None if the clinic has no protocol of this key.

    Raises:
        NotFoundError: there is no such patient any more.
        PermissionError: the session is another clinic's.
    """
    refuse_other_clinics(session, {patient.clinic_id})
    session.flush()
    asked = {"clinic": patient.clinic_id, "patient": patient.id, "protocol": protocol_key, "provider": provider_index}
    found = session.connection().execute(_HOLD, asked).first()
    if found is None:
        raise NotFoundError("no such patient")
    return None if found.version_id is None else Chosen(*found)


def survey(session: Session, patient: Patient, asked: Asked) -> Ground:
    """What there is now. The caller holds the patient, by an earlier statement: this one sees what that waited for."""
    parameters = {
        "clinic": patient.clinic_id,
        "patient": patient.id,
        "protocol": asked.protocol_id,
        "day": asked.local_date,
        "external": asked.external_id,
        **{f"{channel.value}_index": address_index(patient, channel) for channel in Channel},
    }
    ground = Ground()
    for found in sorted(session.connection().execute(_SURVEY, parameters), key=lambda row: tuple(row[1:3])):
        _take(ground, found)
    return ground


def terms(ground: Ground, patient: Patient) -> Terms:
    """How the patient is written to, by what was found."""
    agreed = {channel for channel, (action, _) in ground.agreed.items() if action is ConsentAction.GRANTED}
    addresses = {channel: address_index(patient, channel) for channel in PREFERENCE}
    addressed = [channel for channel, index in addresses.items() if index]
    way = choose(Ways(addressed, agreed, ground.opted_out, ground.senders))
    if way.channel is None:
        return Terms(None, way.reason, patient.language)
    return Terms(way.channel, "", patient.language, ground.agreed[way.channel][1], addresses[way.channel] or "")


_patient, _protocol, _version, _provider = (
    core_table(model) for model in (Patient, Protocol, ProtocolVersion, Provider)
)
_consent, _opt_out, _sender, _treatment = (core_table(model) for model in (Consent, OptOut, Sender, Treatment))
_clinic = bindparam("clinic", type_=_patient.c.clinic_id.type)

_chosen = (
    select(_protocol.c.id, _version.c.id.label("version_id"))
    .join(_version, _version.c.protocol_id == _protocol.c.id)
    .where(_protocol.c.clinic_id == _clinic, _protocol.c.key == bindparam("protocol"))
    .where(_version.c.published_at.is_not(None))
    .order_by(_version.c.number.desc())
    .limit(1)
    .subquery("chosen")
)
_known_provider = select(_provider.c.id).where(
    _provider.c.clinic_id == _clinic, _provider.c.name_index == bindparam("provider", type_=String)
)
_HOLD = (
    select(_chosen.c.id, _chosen.c.version_id, _known_provider.scalar_subquery())
    .select_from(_patient.outerjoin(_chosen, true()))
    .where(_patient.c.id == bindparam("patient"), _patient.c.clinic_id == _clinic)
    .with_for_update(key_share=True, of=_patient)
)
"""Only the patient is locked, and only against being locked likewise: rows may go on pointing at them."""


def _told(kind: str, table: Table, **columns: Any) -> Any:
    """One part of the survey, in the columns that all parts share."""
    at = table.c["at"] if "at" in table.c else table.c["created_at"]
    channel, word = (type_coerce(columns.get(name, literal("")), String) for name in ("channel", "word"))
    return select(literal(kind).label("kind"), at, table.c.id, channel, word, columns.get("number", literal(0)))


_theirs = _treatment.c.patient_id == bindparam("patient")
_stopped = [
    (_opt_out.c.channel == channel) & (_opt_out.c.address_index == bindparam(f"{channel.value}_index"))
    for channel in Channel
]
_SURVEY = union_all(
    _told("consent", _consent, channel=_consent.c.channel, word=_consent.c.action).where(
        _consent.c.patient_id == bindparam("patient"), _consent.c.purpose == Purpose.AFTERCARE
    ),
    _told("opt_out", _opt_out, channel=_opt_out.c.channel).where(
        _opt_out.c.clinic_id == _clinic, or_(*_stopped), _opt_out.c.lifted_at.is_(None)
    ),
    _told("sender", _sender, channel=_sender.c.channel).where(
        _sender.c.clinic_id == _clinic, _sender.c.address != NOT_CONNECTED
    ),
    _told("that_day", _treatment, number=_treatment.c.ordinal).where(
        _theirs, _treatment.c.protocol_id == bindparam("protocol"), _treatment.c.local_date == bindparam("day")
    ),
    _told("that_id", _treatment).where(
        _treatment.c.clinic_id == _clinic, _treatment.c.external_id == bindparam("external")
    ),
)
"""(kind, when, id, channel, word, number) of everything that counts: five short looks by index in one statement."""


def _take(ground: Ground, found: Sequence[Any]) -> None:
    kind, at, id_, channel, word, number = found
    if kind == "consent":
        ground.agreed[Channel(channel)] = (ConsentAction(word), at)
    elif kind == "opt_out":
        ground.opted_out.add(Channel(channel))
    elif kind == "sender":
        ground.senders.setdefault(Channel(channel), id_)
    elif kind == "that_day":
        ground.that_day[number] = id_
    else:
        ground.of_that_id = id_
