"""How a patient's consents stand, and what their page offers to agree to."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from reminders.care import consents, ledger
from reminders.care.minors import PATIENT, Giver, needs_guardian, today
from reminders.care.reach import address_index
from reminders.care.wrong_numbers import WRONG_NUMBER
from reminders.models import Consent, OptOut, Patient
from reminders.models.kinds import Channel, ConsentAction, Purpose
from reminders.web.visitors import Member


@dataclass(frozen=True)
class GivenLine:
    """Who agreed in the patient's place, and whether the patient has come of age to decide since."""

    name: str
    relation: str
    may_decide: bool


@dataclass(frozen=True)
class OfferLine:
    """How offers and news on one channel stand, apart from aftercare."""

    agreed_at: datetime | None
    given: GivenLine | None
    wording: str


@dataclass(frozen=True)
class ConsentLine:
    """How one channel stands for a patient, and the wording to agree to."""

    channel: str
    address: str
    agreed_at: datetime | None
    given: GivenLine | None
    opted_out_at: datetime | None
    wrong_number: bool
    wording: str
    offers: OfferLine


def agreed(
    member: Member,
    patient: Patient,
    channel: Channel,
    *,
    purpose: Purpose = Purpose.AFTERCARE,
    giver: Giver = PATIENT,
) -> consents.Grant:
    """The grant of the current wording, as this clinic's pages show it in the patient's language."""
    version, language = consents.CURRENT_FOR[purpose], patient.language
    text = consents.wording(version, channel, language, member.clinic.name)
    return consents.Grant(patient.id, channel, version, text, language, purpose=purpose, giver=giver)


def consent_lines(session: Session, member: Member, patient: Patient) -> list[ConsentLine]:
    """Each channel, with what was agreed to on it."""
    held = ledger.newest(session, patient.id)
    stopped = _opt_outs(session, patient)
    return [_line(member, patient, channel, held, stopped.get(channel)) for channel in Channel]


def under_age(member: Member, patient: Patient) -> bool:
    """Whether a guardian must agree for this patient."""
    return needs_guardian(patient.birth_date, today(member.clinic, member.now))


def _line(
    member: Member,
    patient: Patient,
    channel: Channel,
    held: Mapping[ledger.Agreement, Consent],
    stopped: OptOut | None,
) -> ConsentLine:
    address = {Channel.SMS: patient.phone, Channel.EMAIL: patient.email}[channel]
    return ConsentLine(
        channel=channel.value,
        address=address or "",
        opted_out_at=stopped.at if stopped else None,
        wrong_number=stopped is not None and stopped.source == WRONG_NUMBER,
        offers=OfferLine(**_stands(member, patient, (channel, Purpose.MARKETING), held)),
        **_stands(member, patient, (channel, Purpose.AFTERCARE), held),
    )


def _stands(
    member: Member, patient: Patient, what: ledger.Agreement, held: Mapping[ledger.Agreement, Consent]
) -> dict[str, Any]:
    entry = held.get(what)
    granted = entry if entry is not None and entry.action is ConsentAction.GRANTED else None
    channel, purpose = what
    wording = consents.wording(consents.CURRENT_FOR[purpose], channel, patient.language, member.clinic.name)
    given = granted.given_by if granted else None
    return {
        "agreed_at": granted.at if granted else None,
        "given": GivenLine(given["name"], given["relation"], not under_age(member, patient)) if given else None,
        "wording": wording,
    }


def _opt_outs(session: Session, patient: Patient) -> dict[Channel, OptOut]:
    indexes = [index for channel in Channel if (index := address_index(patient, channel))]
    stands = (OptOut.address_index.in_(indexes), OptOut.lifted_at.is_(None))
    return {found.channel: found for found in session.scalars(select(OptOut).where(*stands))}
