"""What patients agreed to: grants and withdrawals of a channel, for aftercare and, apart from it, for marketing."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from reminders.care import ledger, patients, replanning, wrong_numbers
from reminders.care.actors import Actor
from reminders.care.consent_wording import CURRENT, CURRENT_FOR, WORDING, wording
from reminders.care.minors import PATIENT, Giver, check_giver, today
from reminders.care.reach import address_index
from reminders.errors import InvalidInputError, Problem
from reminders.models import Clinic, Consent, OptOut, Patient
from reminders.models.kinds import Channel, ConsentAction, Language, Purpose

# fmt: off
__all__ = [
    "CURRENT", "CURRENT_FOR", "WORDING", "Giver", "Grant", "Granted", "current", "field_of", "first_rows", "grant",
    "history", "withdraw", "withdraw_marketing", "wording",
]
# fmt: on


@dataclass(frozen=True, slots=True)
class Grant:
    """A patient's agreement to one channel: which wording, in which version and language, they agreed to.

    `wording` is the text as shown; for a consent given elsewhere (an import), a description of where it is kept.
    `giver` is who agreed in the place of a minor; for a patient under 14 nobody else may.
    """

    patient_id: uuid.UUID
    channel: Channel
    wording_version: str
    wording: str
    language: Language
    confirms_address: bool = False
    """Staff have spoken with the patient: an address that was somebody else's is theirs."""
    purpose: Purpose = Purpose.AFTERCARE
    giver: Giver = PATIENT


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
        InvalidInputError: on the consent's field (`field_of`): consent_without_address, or wording_missing; on
            given_by or given_by_relation: guardian_needed for a patient under 14, or nobody who can be.
        NotFoundError: no such patient in this clinic.
    """
    patient = patients.get(session, actor.clinic_id, given.patient_id)
    clinic = session.get_one(Clinic, actor.clinic_id)
    given_by = _check(clinic, patient, given, now)
    newest = ledger.newest(session, patient.id).get((given.channel, given.purpose))
    lifted = given.confirms_address and wrong_numbers.lift(session, _place(patient, given.channel), now)
    entry = _granted(given, given_by)
    if newest is not None and _says_the_same(newest, entry) and not lifted:
        return Granted(newest, _notice(session, patient, given.channel))
    stored = _append(session, actor, patient, newest, entry, now)
    return Granted(stored, _notice(session, patient, given.channel))


def withdraw(session: Session, actor: Actor, patient_id: uuid.UUID, channel: Channel, now: datetime) -> Consent | None:
    """Write a withdrawal, told to staff, into the ledger; what was planned goes by the other channel or not at all.

    Returns None, and writes nothing, if there was no consent to withdraw.

    Raises:
        NotFoundError: no such patient in this clinic.
    """
    return _withdraw(session, actor, patient_id, (channel, Purpose.AFTERCARE), now)


def withdraw_marketing(
    session: Session, actor: Actor, patient_id: uuid.UUID, channel: Channel, now: datetime
) -> Consent | None:
    """As `withdraw`, of offers on the channel: aftercare goes on."""
    return _withdraw(session, actor, patient_id, (channel, Purpose.MARKETING), now)


def _withdraw(
    session: Session, actor: Actor, patient_id: uuid.UUID, what: ledger.Agreement, now: datetime
) -> Consent | None:
    patient = patients.get(session, actor.clinic_id, patient_id)
    newest = ledger.newest(session, patient.id).get(what)
    if newest is None or newest.action is ConsentAction.WITHDRAWN:
        return None
    channel, purpose = what
    ended = {"channel": channel, "purpose": purpose, "language": patient.language}
    return _append(session, actor, patient, newest, ended | {"action": ConsentAction.WITHDRAWN}, now)


def current(session: Session, patient_id: uuid.UUID, purpose: Purpose = Purpose.AFTERCARE) -> dict[Channel, Consent]:
    """The grants in force, by channel. A channel that was never granted, or withdrawn, is not in it."""
    held = ledger.newest(session, patient_id).items()
    granted = [(what, entry) for what, entry in held if entry.action is ConsentAction.GRANTED]
    return {channel: entry for (channel, what_for), entry in granted if what_for is purpose}


def history(session: Session, patient_id: uuid.UUID, purpose: Purpose = Purpose.AFTERCARE) -> Sequence[Consent]:
    """Every entry of a patient's ledger for one purpose, oldest first (a withdrawal after a grant)."""
    return [entry for entry in ledger.entries(session, patient_id) if entry.purpose is purpose]


_PREFIX: Mapping[Purpose, str] = {Purpose.AFTERCARE: "consent", Purpose.MARKETING: "marketing"}


def field_of(channel: Channel, purpose: Purpose = Purpose.AFTERCARE) -> str:
    """The name of a form's field for this agreement: consent_sms, marketing_email."""
    return f"{_PREFIX[purpose]}_{channel}"


def _check(clinic: Clinic, patient: Patient, given: Grant, now: datetime) -> dict[str, str] | None:
    field = field_of(given.channel, given.purpose)
    if address_index(patient, given.channel) is None:
        raise InvalidInputError({field: Problem("consent_without_address")})
    if not (given.wording.strip() and given.wording_version.strip()):
        raise InvalidInputError({field: Problem("wording_missing")})
    return check_giver(patient.birth_date, given.giver, today(clinic, now))


_MEANS = ("action", "wording_version", "wording", "language", "given_by")


def _says_the_same(held: Consent, new: Mapping[str, Any]) -> bool:
    return all(getattr(held, name) == new[name] for name in _MEANS)


def first_rows(actor: Actor, given: Grant, now: datetime) -> tuple[dict[str, Any], dict[str, Any]]:
    """The ledger's first entry on a channel of a patient who is stored with it, and the trail's on that, as rows.

    The caller has asked `check_giver`.
    """
    row = ledger.row(actor, given.patient_id, _granted(given, given.giver.clean()), now)
    return row, ledger.noted(actor, row, now)


def _granted(given: Grant, given_by: dict[str, str] | None) -> dict[str, Any]:
    return {
        "channel": given.channel,
        "purpose": given.purpose,
        "action": ConsentAction.GRANTED,
        "wording_version": given.wording_version,
        "wording": given.wording,
        "language": given.language,
        "given_by": given_by,
    }


def _append(
    session: Session, actor: Actor, patient: Patient, newest: Consent | None, entry: Mapping[str, Any], now: datetime
) -> Consent:
    stored = ledger.append(session, actor, newest, ledger.row(actor, patient.id, entry, now), now)
    if stored.purpose is Purpose.AFTERCARE:
        replanning.refresh(session, session.get_one(Clinic, actor.clinic_id), patient, now)
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
