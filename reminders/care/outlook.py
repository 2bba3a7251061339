"""Whether what staff write would reach a patient, and when: said by channel before anybody types it."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from reminders import consent
from reminders.care.explain.waiting import Holds, holds
from reminders.care.reach import PREFERENCE, address_index
from reminders.care.wrong_numbers import WRONG_NUMBER
from reminders.delivery.windows import window_of
from reminders.models import Clinic, OptOut, Patient
from reminders.models.kinds import Channel
from reminders.models.options import SPEND_CAP
from reminders.outbox import sending_channels
from reminders.outbox.enqueue import senders_of


@dataclass(frozen=True, slots=True)
class Outlook:
    """What would become of something written to a patient on a channel now.

    `refusal` is why nothing can go there, "" if it can: the problem that `thread.write` would raise. `held` is what
    keeps it until somebody lifts that (held_all, held_clinic, held_patient, spend_cap, paused), "" if nothing does;
    `leaves_at` (UTC) is when the sending hours begin that it waits for unless it is urgent, None within them.
    """

    channel: Channel
    refusal: str = ""
    held: str = ""
    leaves_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether something can be written there at all."""
        return not self.refusal


def outlooks(session: Session, clinic: Clinic, patient: Patient, now: datetime) -> tuple[Outlook, ...]:
    """By each channel, the preferred first; a constant number of statements.

    Promise 4 is asked again when a message leaves; asked now, whoever writes hears of it.
    """
    refused, kept = refusals(session, patient), holds(session, clinic, [patient.id], now)
    window, senders = window_of(clinic, patient.timezone, now), senders_of(session, clinic.id)
    leaves_at = None if window.is_open() else window.opening()
    return tuple(
        Outlook(channel, refused[channel], _held(kept, patient, senders.get(channel)), leaves_at)
        for channel in PREFERENCE
    )


def refusals(session: Session, patient: Patient) -> Mapping[Channel, str]:
    """Why nothing that staff write can go to a patient, by channel; "" where it can. Three statements."""
    indexes = {channel: address_index(patient, channel) for channel in PREFERENCE}
    stopped = _stopped(session, patient, [index for index in indexes.values() if index])
    agreed = consent.consented(session, [patient.id])
    served = sending_channels(session, patient.clinic_id)
    found: dict[Channel, str] = {}
    for channel, index in indexes.items():
        source = stopped.get((channel, index or ""))
        reasons = {
            "answer_no_address": index is None or patient.erased_at is not None,
            "answer_wrong_number": source == WRONG_NUMBER,
            "answer_opted_out": source is not None,
            "answer_no_consent": (patient.id, channel) not in agreed,
            "answer_no_sender": channel not in served,
        }
        found[channel] = next((reason for reason, holds_here in reasons.items() if holds_here), "")
    return found


def _stopped(session: Session, patient: Patient, indexes: list[str]) -> Mapping[tuple[Channel, str], str]:
    """Who says that nothing goes to these addresses: the source of the opt-out."""
    there = (OptOut.clinic_id == patient.clinic_id, OptOut.address_index.in_(indexes), OptOut.lifted_at.is_(None))
    rows = session.execute(select(OptOut.channel, OptOut.address_index, OptOut.source).where(*there))
    return {(channel, index): source for channel, index, source in rows}


def _held(kept: Holds, patient: Patient, sender_id: uuid.UUID | None) -> str:
    paused = sender_id in kept.senders
    found = {
        "held_all": kept.everything,
        "held_clinic": kept.clinic,
        "held_patient": patient.id in kept.patients,
        SPEND_CAP: paused and sender_id in kept.spent,
        "paused": paused,
    }
    return next((why for why, holds_here in found.items() if holds_here), "")
