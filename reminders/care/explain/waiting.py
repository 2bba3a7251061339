"""What keeps a planned message waiting, in staff's eyes: holds, a paused sender, or only the next sweep."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from reminders.models import Clinic, Instance, Message, Patient, Protocol, Sender, Treatment
from reminders.models.instance import HOLD_ALL
from reminders.models.options import SPEND_CAP
from reminders.outbox import NO_WAITING
from schedules.lifecycle import State


@dataclass(frozen=True)
class Holds:
    """What is on hold at `now`: everything, the clinic, treatments by their protocol, patients; senders until when."""

    now: datetime
    everything: bool
    clinic: bool
    treatments: frozenset[uuid.UUID]
    patients: frozenset[uuid.UUID]
    senders: Mapping[uuid.UUID, datetime]
    spent: frozenset[uuid.UUID] = frozenset()
    """Those of the senders whose pause is over the clinic's maximum for the month."""

    def of(self, message: Message) -> str:
        """Why a planned message waits: one of the words below, or "" if nothing keeps it."""
        if message.state is not State.PLANNED:
            return ""
        may_wait = message.priority > NO_WAITING
        paused = self.senders.get(message.sender_id, self.now) > max(self.now, message.due_at)
        found = {
            "held_all": self.everything,
            "held_clinic": self.clinic,
            "held_protocol": may_wait and message.treatment_id in self.treatments,
            "held_patient": may_wait and message.patient_id in self.patients,
            SPEND_CAP: may_wait and paused and message.sender_id in self.spent,
            "paused": paused and (may_wait or message.sender_id not in self.spent),
            "due": message.due_at <= self.now,
        }
        return next((why for why, holds in found.items() if holds), "")


def holds(session: Session, clinic: Clinic, patient_ids: Iterable[uuid.UUID], now: datetime) -> Holds:
    """What is on hold for these patients of `clinic`, in four queries."""
    ids = set(patient_ids)
    theirs = select(Treatment.id).join(Protocol, Protocol.id == Treatment.protocol_id)
    treatments = theirs.where(Treatment.patient_id.in_(ids), Protocol.held_at.is_not(None))
    patients = select(Patient.id).where(Patient.id.in_(ids), Patient.held_at.is_not(None))
    columns = select(Sender.id, Sender.paused_until, Sender.paused_reason)
    paused = session.execute(columns.where(Sender.clinic_id == clinic.id, Sender.paused_until > now)).all()
    return Holds(
        now=now,
        everything=bool(session.scalar(select(Instance.value).where(Instance.key == HOLD_ALL))),
        clinic=clinic.held_at is not None,
        treatments=frozenset(session.scalars(treatments)),
        patients=frozenset(session.scalars(patients)),
        senders={row.id: row.paused_until for row in paused},
        spent=frozenset(row.id for row in paused if row.paused_reason == SPEND_CAP),
    )
