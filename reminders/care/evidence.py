"""The evidence of what one patient agreed to: every grant, withdrawal and opt-out, by whom, how, in which words.

Of others who share an address nothing shows: neither who they are, nor what they wrote.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from reminders.care import audit, ledger
from reminders.care.actors import Actor
from reminders.care.matching import INDEX
from reminders.care.reach import address_index
from reminders.models import ApiKey, Consent, Message, OptOut, Patient, Reply, Staff
from reminders.models.kinds import Channel, ConsentAction, Language, MessageKind, Purpose


@dataclass(frozen=True, slots=True)
class EvidenceLine:
    """One thing that happened (`at`, UTC). `event` is granted, withdrawn, opted_out, lifted or confirmation.

    `by` is the member of staff or the system that recorded it, `given_by` who agreed in the patient's place. `wording`
    is the text as shown, or of a confirmation as sent; `said` are the patient's own words. `state` is what became of a
    confirmation. `shared`: somebody else has the address too, so nobody knows who of them spoke.
    """

    at: datetime
    event: str
    channel: Channel
    purpose: Purpose | None = None
    source: str = ""
    by: str = field(default="", repr=False)
    given_by: Mapping[str, str] | None = field(default=None, repr=False)
    wording_version: str = ""
    wording: str = field(default="", repr=False)
    language: Language | None = None
    said: str = field(default="", repr=False)
    state: str = ""
    by_carrier: bool = False
    shared: bool = False


def evidence(session: Session, patient: Patient) -> list[EvidenceLine]:
    """All that there is about the patient's consents, oldest first. As many queries, however long the ledger."""
    entries = ledger.entries(session, patient.id)
    addresses = {channel: index for channel in Channel if (index := address_index(patient, channel))}
    shared = _shared(session, patient, addresses)
    lines = [
        *_of_ledger(session, patient, entries),
        *_of_opt_outs(session, patient, addresses, shared),
        *_of_confirmations(session, patient, addresses),
    ]
    return sorted(lines, key=lambda line: (line.at, _ORDER.index(line.event)))


def note_export(session: Session, actor: Actor, patient: Patient, form: str, now: datetime) -> None:
    """Say in the audit trail who took the evidence out, as what: page, csv or api."""
    audit.note(session, actor, "consent.exported", "patient", patient.id, now, {"as": form})


_ORDER = ("granted", "opted_out", "withdrawn", "lifted", "confirmation")


def _of_ledger(session: Session, patient: Patient, entries: Sequence[Consent]) -> list[EvidenceLine]:
    names = _names(session, entries)
    reply_ids = [entry.reply_id for entry in entries if entry.reply_id]
    own = (Reply.id.in_(reply_ids), Reply.patient_id == patient.id)
    said = {reply.id: reply.body for reply in session.scalars(select(Reply).where(*own))}
    return [
        EvidenceLine(
            at=entry.at,
            event=entry.action.value,
            channel=entry.channel,
            purpose=entry.purpose,
            source=entry.source,
            by=next((names[id_] for id_ in (entry.staff_id, entry.api_key_id) if id_ in names), ""),
            given_by=entry.given_by,
            wording_version=entry.wording_version,
            wording=entry.wording if entry.action is ConsentAction.GRANTED else "",
            language=entry.language,
            said=said.get(entry.reply_id, "") if entry.reply_id else "",
        )
        for entry in entries
    ]


def _names(session: Session, entries: Sequence[Consent]) -> dict[uuid.UUID | None, str]:
    """Who recorded the entries: members of staff by name, practice systems by their key's."""
    staff = select(Staff.id, Staff.name).where(Staff.id.in_({one.staff_id for one in entries if one.staff_id}))
    keys = select(ApiKey.id, ApiKey.name).where(ApiKey.id.in_({one.api_key_id for one in entries if one.api_key_id}))
    return {id_: name for query in (staff, keys) for id_, name in session.execute(query)}


def _shared(session: Session, patient: Patient, addresses: Mapping[Channel, str]) -> set[Channel]:
    own = (Patient.clinic_id == patient.clinic_id, Patient.erased_at.is_(None))
    counted = {
        channel: session.scalar(select(func.count()).select_from(Patient).where(*own, INDEX[channel] == index))
        for channel, index in addresses.items()
    }
    return {channel for channel, count in counted.items() if (count or 0) > 1}


def _of_opt_outs(
    session: Session, patient: Patient, addresses: Mapping[Channel, str], shared: set[Channel]
) -> list[EvidenceLine]:
    """The opt-outs of the addresses that the patient has now, which stand whoever holds them."""
    stands = (OptOut.clinic_id == patient.clinic_id, OptOut.address_index.in_(addresses.values()))
    lines = []
    for row in session.scalars(select(OptOut).where(*stands)):
        if addresses.get(row.channel) != row.address_index:
            continue
        about: dict[str, Any] = {"channel": row.channel, "shared": row.channel in shared}
        lines.append(EvidenceLine(row.at, "opted_out", source=row.source, by_carrier=row.by_carrier, **about))
        if row.lifted_at is not None:
            lines.append(EvidenceLine(row.lifted_at, "lifted", **about))
    return lines


def _of_confirmations(session: Session, patient: Patient, addresses: Mapping[Channel, str]) -> list[EvidenceLine]:
    """What was sent to confirm a stop or a start, and what became of it. One to a shared number is everybody's."""
    wrote = select(Reply.id).where(Reply.clinic_id == patient.clinic_id, Reply.from_index.in_(addresses.values()))
    found = session.scalars(
        select(Message).where(
            Message.reply_id.in_(wrote),
            Message.kind == MessageKind.CONFIRMATION,
            Message.patient_id.is_(None) | (Message.patient_id == patient.id),
            Message.due_at >= patient.created_at,
        )
    )
    return [
        EvidenceLine(
            at=message.sent_at or message.due_at,
            event="confirmation",
            channel=message.channel,
            wording=message.body or "",
            language=message.language,
            state=message.state.value,
        )
        for message in found
    ]
