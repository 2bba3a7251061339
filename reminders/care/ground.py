"""What a new treatment stands on: its protocol, the patient's consents, the clinic's senders, what is there already."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import FromClause, String, Uuid, bindparam, cast, literal, null, or_, select, type_coerce, union_all
from sqlalchemy.orm import Session

from reminders.care.owed import Terms
from reminders.care.reach import PREFERENCE, Ways, address_index, choose
from reminders.database import core_table
from reminders.models import Consent, OptOut, Patient, Protocol, ProtocolVersion, Provider, Sender, Treatment
from reminders.models.clinic import NOT_CONNECTED
from reminders.models.kinds import Channel, ConsentAction, Purpose, TreatmentState


@dataclass(frozen=True, slots=True)
class Asked:
    """The new treatment, as far as what is known is looked up by it; the provider by the index of their name."""

    protocol_key: str
    provider_index: str | None
    local_date: date
    external_id: str | None


@dataclass(frozen=True, slots=True)
class Chosen:
    """The protocol asked for, and its version that new treatments follow."""

    protocol_id: uuid.UUID
    version_id: uuid.UUID


@dataclass(slots=True)
class Ground:
    """What was found. `chosen` is None if the clinic has published no such protocol, `provider_id` if no such provider.

    `that_day` are the patient's treatments by this protocol on this date, by ordinal, and `before` the active ones of
    days before, the latest first; `of_that_id` is the clinic's
    treatment of the same external id. `agreed` has the newest word on each channel, and since when (UTC) that is so;
    `senders` the first made of each channel.
    """

    chosen: Chosen | None = None
    provider_id: uuid.UUID | None = None
    that_day: dict[int, uuid.UUID] = field(default_factory=dict)
    before: list[uuid.UUID] = field(default_factory=list)
    of_that_id: uuid.UUID | None = None
    agreed: dict[Channel, tuple[ConsentAction, datetime]] = field(default_factory=dict)
    opted_out: set[Channel] = field(default_factory=set)
    senders: dict[Channel, uuid.UUID] = field(default_factory=dict)


def survey(session: Session, patient: Patient, asked: Asked) -> Ground:
    """What there is now. The patient is held already, by an earlier statement: this one sees what that waited for."""
    parameters = {
        "clinic": patient.clinic_id,
        "patient": patient.id,
        "protocol": asked.protocol_key,
        "provider": asked.provider_index,
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


_protocol, _version, _provider = (core_table(model) for model in (Protocol, ProtocolVersion, Provider))
_consent, _opt_out, _sender, _treatment = (core_table(model) for model in (Consent, OptOut, Sender, Treatment))
_clinic = bindparam("clinic", type_=_treatment.c.clinic_id.type)
_meant = (_protocol.c.clinic_id == _clinic, _protocol.c.key == bindparam("protocol"))

_newest = (
    select(_protocol.c.id, _version.c.id.label("version_id"), _version.c.created_at)
    .join(_version, _version.c.protocol_id == _protocol.c.id)
    .where(*_meant, _version.c.published_at.is_not(None))
    .order_by(_version.c.number.desc())
    .limit(1)
    .subquery("newest")
)


def _told(kind: str, table: FromClause, **columns: Any) -> Any:
    """One part of the survey, in the columns that all parts share."""
    at = table.c["at"] if "at" in table.c else table.c["created_at"]
    channel, word = (type_coerce(columns.get(name, literal("")), String) for name in ("channel", "word"))
    number, version = columns.get("number", literal(0)), columns.get("version", cast(null(), Uuid))
    return select(literal(kind).label("kind"), at, table.c.id, channel, word, number, version)


_theirs = _treatment.c.patient_id == bindparam("patient")
_stopped = [
    (_opt_out.c.channel == channel) & (_opt_out.c.address_index == bindparam(f"{channel.value}_index"))
    for channel in Channel
]
_SURVEY = union_all(
    _told("chosen", _newest, version=_newest.c.version_id),
    _told("provider", _provider).where(
        _provider.c.clinic_id == _clinic, _provider.c.name_index == bindparam("provider", type_=String)
    ),
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
        _theirs,
        _treatment.c.protocol_id == select(_protocol.c.id).where(*_meant).scalar_subquery(),
        _treatment.c.local_date == bindparam("day"),
    ),
    _told("before", _treatment).where(
        _theirs,
        _treatment.c.protocol_id == select(_protocol.c.id).where(*_meant).scalar_subquery(),
        _treatment.c.state == TreatmentState.ACTIVE,
        _treatment.c.local_date < bindparam("day"),
    ),
    _told("that_id", _treatment).where(
        _treatment.c.clinic_id == _clinic, _treatment.c.external_id == bindparam("external")
    ),
)
"""(kind, when, id, channel, word, number, version) of everything that counts: short looks by index in one statement."""


def _take(ground: Ground, found: Sequence[Any]) -> None:
    kind, at, id_, channel, word, number, version = found
    if kind == "consent":
        ground.agreed[Channel(channel)] = (ConsentAction(word), at)
    elif kind == "opt_out":
        ground.opted_out.add(Channel(channel))
    elif kind == "sender":
        ground.senders.setdefault(Channel(channel), id_)
    elif kind == "that_day":
        ground.that_day[number] = id_
    elif kind == "before":
        ground.before.insert(0, id_)
    elif kind == "that_id":
        ground.of_that_id = id_
    elif kind == "provider":
        ground.provider_id = id_
    else:
        ground.chosen = Chosen(id_, version)
