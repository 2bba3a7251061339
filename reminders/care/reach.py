"""By which channel a patient's reminders go, or why by none."""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from reminders import consent
from reminders.models import Consent, Patient, Sender
from reminders.models.clinic import NOT_CONNECTED
from reminders.models.kinds import Channel, ConsentAction, Purpose

PREFERENCE = (Channel.SMS, Channel.EMAIL)
"""A text first: it is read within minutes, and a check-in wants an answer."""

NO_ADDRESS, NO_CONSENT, OPTED_OUT, NO_SENDER = "no_address", "no_consent", "opted_out", "no_sender"


@dataclass(frozen=True, slots=True)
class Reach:
    """The channel for a patient's reminders, agreed to since `agreed_at` (UTC); None with the `reason` why not."""

    channel: Channel | None
    reason: str = ""
    agreed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ways:
    """On which channels the patient has an address, agreed, and opted out, and for which the clinic has a sender."""

    addressed: Collection[Channel]
    consented: Collection[Channel]
    opted_out: Collection[Channel]
    served: Collection[Channel]


def choose(ways: Ways) -> Reach:
    """The first channel by which everything allows a reminder; else the reason that comes nearest to allowing it."""
    addressed = [channel for channel in PREFERENCE if channel in ways.addressed]
    agreed = [channel for channel in addressed if channel in ways.consented]
    allowed = [channel for channel in agreed if channel not in ways.opted_out]
    served = [channel for channel in allowed if channel in ways.served]
    if served:
        return Reach(served[0])
    if allowed:
        return Reach(None, NO_SENDER)
    if agreed:
        return Reach(None, OPTED_OUT)
    return Reach(None, NO_CONSENT if addressed else NO_ADDRESS)


def reach(session: Session, patient: Patient) -> Reach:
    """How this stored patient is reached now, by the ledger, the opt-outs and the clinic's senders."""
    agreed = {channel for _, channel in consent.consented(session, [patient.id])}
    indexes = {channel: address_index(patient, channel) for channel in PREFERENCE}
    found = reach_if(session, patient.clinic_id, indexes, agreed)
    return replace(found, agreed_at=_agreed_at(session, patient, found.channel)) if found.channel else found


def reach_if(
    session: Session, clinic_id: uuid.UUID, indexes: Mapping[Channel, str | None], consented: Collection[Channel]
) -> Reach:
    """How somebody with these addresses (by their look-up indexes) would be reached, had they agreed to `consented`."""
    addresses = [(channel, index) for channel, index in indexes.items() if index]
    stopped = consent.opted_out(session, clinic_id, addresses)
    ways = Ways(
        addressed={channel for channel, _ in addresses},
        consented=consented,
        opted_out={channel for channel, _ in stopped},
        served=senders(session, clinic_id),
    )
    return choose(ways)


def senders(session: Session, clinic_id: uuid.UUID) -> frozenset[Channel]:
    """The channels for which the clinic has a sender."""
    theirs = select(Sender.channel).where(Sender.clinic_id == clinic_id, Sender.address != NOT_CONNECTED)
    return frozenset(session.scalars(theirs.distinct()))


def _agreed_at(session: Session, patient: Patient, channel: Channel) -> datetime | None:
    mine = (Consent.patient_id == patient.id, Consent.channel == channel)
    grants = (Consent.purpose == Purpose.AFTERCARE, Consent.action == ConsentAction.GRANTED)
    return session.scalar(select(func.max(Consent.at)).where(*mine, *grants))


def address_index(patient: Patient, channel: Channel) -> str | None:
    """What the patient's address on `channel` is looked up by; None without one."""
    return patient.phone_index if channel is Channel.SMS else patient.email_index
