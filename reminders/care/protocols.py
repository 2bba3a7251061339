"""A clinic's protocols: publishing the library's, and finding the version that new treatments follow."""

import uuid
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from reminders.errors import NotFoundError
from reminders.ids import new_id
from reminders.models import Protocol, ProtocolVersion
from schedules import library
from schedules.protocol import Protocol as Schedule
from schedules.protocol import protocol_from_data


def publish_library(session: Session, clinic_id: uuid.UUID, now: datetime) -> None:
    """Publish the starter protocols that are for every new clinic, as version 1; the others wait for its approval."""
    for starter in filter(lambda one: one.for_new_clinics, map(library.load, library.available())):
        protocol = Protocol(
            id=new_id(), clinic_id=clinic_id, key=starter.protocol.key, name=dict(starter.name), created_at=now
        )
        version = ProtocolVersion(
            id=new_id(),
            clinic_id=clinic_id,
            protocol_id=protocol.id,
            number=1,
            content=library.content(starter),
            published_at=now,
            created_at=now,
        )
        session.add(protocol)
        session.flush()
        session.add(version)
    session.flush()


def published(session: Session, clinic_id: uuid.UUID) -> list[tuple[Protocol, ProtocolVersion]]:
    """Each of the clinic's protocols with its newest published version, by key."""
    newest = (
        select(ProtocolVersion.protocol_id, func.max(ProtocolVersion.number).label("number"))
        .where(ProtocolVersion.clinic_id == clinic_id, ProtocolVersion.published_at.is_not(None))
        .group_by(ProtocolVersion.protocol_id)
        .subquery()
    )
    rows = session.execute(
        select(Protocol, ProtocolVersion)
        .join(ProtocolVersion, ProtocolVersion.protocol_id == Protocol.id)
        .join(
            newest,
            (newest.c.protocol_id == ProtocolVersion.protocol_id) & (newest.c.number == ProtocolVersion.number),
        )
        .where(Protocol.clinic_id == clinic_id)
        .order_by(Protocol.key)
    )
    return [(protocol, version) for protocol, version in rows]


def get(session: Session, clinic_id: uuid.UUID, protocol_id: uuid.UUID) -> Protocol:
    """One of the clinic's protocols.

    Raises:
        NotFoundError: there is none, or it is another clinic's.
    """
    found = session.scalar(select(Protocol).where(Protocol.id == protocol_id, Protocol.clinic_id == clinic_id))
    if found is None:
        raise NotFoundError("no such protocol")
    return found


def parse(version: ProtocolVersion) -> Schedule:
    """The steps of a stored version.

    Raises:
        ValueError: its content is not a protocol; none such can be published.
    """
    return protocol_from_data({"key": "stored", **version.content})


_SCHEDULES: dict[uuid.UUID, Schedule] = {}
_MOST_KEPT = 1_000


def schedule_of(session: Session, version_id: uuid.UUID) -> Schedule:
    """The steps of a published version, read once a process: what is published is frozen.

    Raises:
        ValueError: as `parse`.
    """
    known = _SCHEDULES.get(version_id)
    if known is None:
        if len(_SCHEDULES) >= _MOST_KEPT:
            _SCHEDULES.clear()
        known = _SCHEDULES[version_id] = parse(session.get_one(ProtocolVersion, version_id))
    return known
