"""Reading the audit trail: who did what and when, newest first, a page at a time."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, or_, select, union_all
from sqlalchemy.orm import Session

from reminders.models import ApiKey, Audit, Consent, Consult, Message, Patient, Reply, Staff, Ticket, Treatment
from schedules.hours import local_instant

PAGE = 50

KINDS: Mapping[str, tuple[str, ...]] = {
    "patients": ("patient", "consent", "attachment"),
    "treatments": ("treatment",),
    "conversations": ("message", "reply", "ticket", "consult"),
    "protocols": ("protocol", "protocol_version"),
    "settings": ("clinic", "sender", "staff", "api_key", "saved_answer"),
}
"""What can be asked for at a time -> the kinds of subjects that this is."""

_LEAD_TO_A_PATIENT: Mapping[str, Any] = {
    "treatment": Treatment,
    "ticket": Ticket,
    "reply": Reply,
    "consult": Consult,
    "message": Message,
    "consent": Consent,
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries: of one person, of one of KINDS, of one local day; and only those older than the entry `before`."""

    staff_id: uuid.UUID | None = None
    kind: str = ""
    day: date | None = None
    before: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that was done. `by` is a member of staff or a key, "" for neither; then `source` says what did it.

    `whom` is the name of the member of staff or of the key that it was done to; `patient_id` whose file it concerns.
    """

    id: uuid.UUID
    at: datetime
    action: str
    subject_kind: str
    source: str
    detail: Mapping[str, Any]
    by: str = field(default="", repr=False)
    whom: str = field(default="", repr=False)
    patient_id: uuid.UUID | None = None
    patient: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Trail:
    """A page of the trail; `goes_on` says whether there are older ones."""

    entries: Sequence[Entry]
    goes_on: bool


def trail(session: Session, clinic_id: uuid.UUID, wanted: Wanted, zone: ZoneInfo, limit: int = PAGE) -> Trail:
    """The newest entries that are wanted. As many statements however many there are."""
    asked = select(Audit).where(Audit.clinic_id == clinic_id, *_conditions(session, wanted, zone))
    found = session.scalars(asked.order_by(Audit.at.desc(), Audit.id.desc()).limit(limit + 1)).all()
    return Trail(_entries(session, found[:limit]), len(found) > limit)


def _conditions(session: Session, wanted: Wanted, zone: ZoneInfo) -> Iterable[ColumnElement[bool]]:
    if wanted.staff_id is not None:
        yield Audit.staff_id == wanted.staff_id
    if wanted.kind in KINDS:
        yield Audit.subject_kind.in_(KINDS[wanted.kind])
    if wanted.day is not None:
        start, end = (local_instant(day, time(), zone) for day in (wanted.day, wanted.day + timedelta(days=1)))
        yield and_(Audit.at >= start, Audit.at < end)
    if wanted.before is not None:
        last = session.execute(select(Audit.at, Audit.id).where(Audit.id == wanted.before)).one_or_none()
        if last is not None:
            yield or_(Audit.at < last.at, and_(Audit.at == last.at, Audit.id < last.id))


def _entries(session: Session, found: Sequence[Audit]) -> list[Entry]:
    whose = _patients_of(session, found)
    patients = _named(session, Patient, set(whose.values()))
    staff = {one.staff_id for one in found} | _subjects(found, "staff")
    keys = {one.api_key_id for one in found} | _subjects(found, "api_key")
    names = _named(session, Staff, staff) | _named(session, ApiKey, keys)
    return [
        Entry(
            id=one.id,
            at=one.at,
            action=one.action,
            subject_kind=one.subject_kind,
            source=str(one.detail.get("source", "")),
            detail=one.detail,
            by=next((names[id_] for id_ in (one.staff_id, one.api_key_id) if id_ in names), ""),
            whom=names.get(one.subject_id, "") if one.subject_kind in {"staff", "api_key"} else "",
            patient_id=whose.get(one.id),
            patient=patients.get(whose.get(one.id), ""),
        )
        for one in found
    ]


def _subjects(found: Iterable[Audit], kind: str) -> set[uuid.UUID | None]:
    return {one.subject_id for one in found if one.subject_kind == kind}


def _named(session: Session, table: Any, ids: Iterable[uuid.UUID | None]) -> dict[uuid.UUID | None, str]:
    found = session.scalars(select(table).where(table.id.in_([id_ for id_ in ids if id_])))
    return {one.id: one.name for one in found}


def _patients_of(session: Session, found: Sequence[Audit]) -> dict[uuid.UUID, uuid.UUID]:
    """Whose file each entry is about, by the entry's id: the patient's, or that of what hangs on them."""
    asked = [
        select(table.id, table.patient_id).where(table.id.in_(_subjects(found, kind)))
        for kind, table in _LEAD_TO_A_PATIENT.items()
    ]
    leads = {id_: patient_id for id_, patient_id in session.execute(union_all(*asked)) if patient_id}
    leads |= {one.subject_id: one.subject_id for one in found if one.subject_kind == "patient" and one.subject_id}
    return {one.id: leads[one.subject_id] for one in found if one.subject_id in leads}
