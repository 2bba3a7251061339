"""The ledger of what patients agreed to: grants and withdrawals, never changed, the newest holds."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from reminders.care import audit, patients, replanning, wrong_numbers
from reminders.care.actors import Actor
from reminders.care.consent_wording import CURRENT, WORDING, wording
from reminders.care.reach import address_index
from reminders.errors import InvalidInputError, Problem
from reminders.ids import new_id
from reminders.models import Audit, Clinic, Consent, OptOut, Patient
from reminders.models.kinds import Channel, ConsentAction, Language, Purpose

__all__ = ["CURRENT", "WORDING", "Grant", "Granted", "current", "grant", "history", "withdraw", "wording"]

_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Grant:
    """A patient's agreement to one channel: which wording, in which version and language, they agreed to.

    `wording` is the text as shown; for a consent given elsewhere (an import), a description of where it is kept.
    """

    patient_id: uuid.UUID
    channel: Channel
    wording_version: str
    wording: str
    language: Language
    confirms_address: bool = False
    """Staff have spoken with the patient: an address that was somebody else's is theirs."""


@dataclass(frozen=True, slots=True)
class Granted:
    """The ledger's entry, and what staff must know: `still_opted_out` if nothing will go out all the same."""

    consent: Consent
    notice: Problem | None


def grant(session: Session, actor: Actor, given: Grant, now: datetime) -> Granted:
    """Write a grant into the ledger and plan what it makes possible. The same grant again adds nothing.

    An address that opted out stays opted out, whoever records a grant: only the patient's own START (or the link in
    an e-mail) lifts it. The grant is kept, and the notice says so. A number that was somebody else's, from which START
    would prove nothing, is written to again after a grant that confirms the address.

    Raises:
        InvalidInputError: on consent_sms or consent_email: consent_without_address, or wording_missing.
        NotFoundError: no such patient in this clinic.
    """
    patient = patients.get(session, actor.clinic_id, given.patient_id)
    _check(patient, given)
    newest = _newest(session, patient.id).get(given.channel)
    lifted = given.confirms_address and wrong_numbers.lift(session, _place(patient, given.channel), now)
    if newest is not None and _says_the_same(newest, given) and not lifted:
        return Granted(newest, _notice(session, patient, given.channel))
    entry = _append(session, actor, patient, newest, _granted(given), now)
    return Granted(entry, _notice(session, patient, given.channel))


def withdraw(session: Session, actor: Actor, patient_id: uuid.UUID, channel: Channel, now: datetime) -> Consent | None:
    """Write a withdrawal, told to staff, into the ledger; what was planned goes by the other channel or not at all.

    Returns None, and writes nothing, if there was no consent to withdraw.

    Raises:
        NotFoundError: no such patient in this clinic.
    """
    patient = patients.get(session, actor.clinic_id, patient_id)
    newest = _newest(session, patient.id).get(channel)
    if newest is None or newest.action is ConsentAction.WITHDRAWN:
        return None
    entry = {"channel": channel, "action": ConsentAction.WITHDRAWN, "language": patient.language}
    return _append(session, actor, patient, newest, entry, now)


def current(session: Session, patient_id: uuid.UUID) -> dict[Channel, Consent]:
    """The grants in force, by channel. A channel that was never granted, or withdrawn, is not in it."""
    newest = _newest(session, patient_id)
    return {channel: entry for channel, entry in newest.items() if entry.action is ConsentAction.GRANTED}


def history(session: Session, patient_id: uuid.UUID) -> Sequence[Consent]:
    """Every entry of a patient's ledger on aftercare, oldest first (a withdrawal after a grant): the evidence."""
    wanted = (Consent.patient_id == patient_id, Consent.purpose == Purpose.AFTERCARE)
    return session.scalars(select(Consent).where(*wanted).order_by(Consent.at, Consent.action, Consent.id)).all()


def _newest(session: Session, patient_id: uuid.UUID) -> dict[Channel, Consent]:
    return {entry.channel: entry for entry in history(session, patient_id)}


def _check(patient: Patient, given: Grant) -> None:
    field = f"consent_{given.channel}"
    if address_index(patient, given.channel) is None:
        raise InvalidInputError({field: Problem("consent_without_address")})
    if not (given.wording.strip() and given.wording_version.strip()):
        raise InvalidInputError({field: Problem("wording_missing")})


def _says_the_same(entry: Consent, given: Grant) -> bool:
    held = (entry.action, entry.wording_version, entry.wording, entry.language)
    return held == (ConsentAction.GRANTED, given.wording_version, given.wording, given.language)


def first_rows(actor: Actor, given: Grant, now: datetime) -> tuple[dict[str, Any], dict[str, Any]]:
    """The ledger's first entry on a channel of a patient who is stored with it, and the trail's on that, as rows."""
    row = _row(actor, given.patient_id, _granted(given), now)
    return row, _noted(actor, row, now)


def _granted(given: Grant) -> dict[str, Any]:
    return {
        "channel": given.channel,
        "action": ConsentAction.GRANTED,
        "wording_version": given.wording_version,
        "wording": given.wording,
        "language": given.language,
    }


def _row(actor: Actor, patient_id: uuid.UUID, entry: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    own: dict[str, Any] = {"id": new_id(), "clinic_id": actor.clinic_id, "patient_id": patient_id, "at": at}
    return {**own, "purpose": Purpose.AFTERCARE, "source": actor.source, "staff_id": actor.staff_id, **entry}


def _noted(actor: Actor, row: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    detail = {"channel": row["channel"].value, "patient": str(row["patient_id"])}
    return audit.entry(actor, f"consent.{row['action']}", ("consent", row["id"]), now, detail)


def _append(
    session: Session, actor: Actor, patient: Patient, newest: Consent | None, entry: Mapping[str, Any], now: datetime
) -> Consent:
    # Two entries at one instant would leave it open which holds.
    at = max(now, newest.at + _TICK) if newest is not None else now
    row = _row(actor, patient.id, entry, at)
    stored = Consent(**row)
    session.add(stored)
    session.flush()
    session.add(Audit(**_noted(actor, row, now)))
    clinic = session.get_one(Clinic, actor.clinic_id)
    replanning.refresh(session, clinic, patient, now)
    return stored


def _place(patient: Patient, channel: Channel) -> wrong_numbers.Place:
    return wrong_numbers.Place(patient.clinic_id, channel, address_index(patient, channel))


def _notice(session: Session, patient: Patient, channel: Channel) -> Problem | None:
    if wrong_numbers.is_wrong(session, _place(patient, channel)):
        return Problem("still_wrong_number", channel=channel.value)
    address = address_index(patient, channel)
    own = (OptOut.clinic_id == patient.clinic_id, OptOut.channel == channel, OptOut.address_index == address)
    stands = session.scalar(select(OptOut.id).where(*own, OptOut.lifted_at.is_(None)))
    return Problem("still_opted_out", channel=channel.value) if stands is not None else None
