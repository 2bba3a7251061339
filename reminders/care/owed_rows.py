"""The rows by which a treatment's steps are owed: reminders, and what is to be sent for them."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reminders.care.owed import Intents, Terms
from reminders.care.silence import NUDGE, SECOND_LOOK
from reminders.ids import new_id
from reminders.inserting import Batch
from reminders.models import Message, MessageReminder, Reminder
from reminders.models.kinds import Channel, MessageKind, ReminderState
from reminders.outbox import keys
from reminders.outbox.drafts import Draft
from reminders.outbox.enqueue import first_rows
from schedules.plan import PlannedStep, SkippedStep
from schedules.protocol import StepKind


@dataclass(frozen=True, slots=True)
class Episode:
    """What the rows have from their treatment."""

    treatment_id: uuid.UUID
    clinic_id: uuid.UUID
    patient_id: uuid.UUID
    protocol_version_id: uuid.UUID


@dataclass(frozen=True, slots=True)
class Slot:
    """A reminder that something is to be sent for; times are UTC. `follows` says why a further round is owed, "" for a
    step's own turn."""

    reminder_id: uuid.UUID
    step: str
    due_at: datetime
    useful_until: datetime
    follows: str = ""


def first(
    episode: Episode, intents: Intents, terms: Terms, senders: Mapping[Channel, uuid.UUID], now: datetime
) -> Batch:
    """All rows of a treatment that has none yet, from what was decided for it (which can only be to add or to skip).

    `senders` is the clinic's by channel.
    """
    skipped = [reminder_row(episode, step, 1, now, reason) for step, reason in intents.skip]
    added = [reminder_row(episode, new.planned, new.round, now) for new in intents.add]
    messages, links = first_rows([draft(episode, slot_of(row), terms, 1) for row in added], senders, now)
    return ((Reminder, [*added, *skipped]), (Message, messages), (MessageReminder, links))


def reminder_row(
    episode: Episode, step: PlannedStep | SkippedStep, round_: int, now: datetime, skipped_for: str = ""
) -> dict[str, Any]:
    """A reminder's row: owed, or skipped for a reason."""
    return {
        "id": new_id(),
        "clinic_id": episode.clinic_id,
        "treatment_id": episode.treatment_id,
        "step": step.step.key,
        "round": round_,
        "is_check_in": step.step.kind is StepKind.CHECK_IN,
        "due_at": step.due_at,
        "useful_until": step.useful_until,
        "state": ReminderState.SKIPPED if skipped_for else ReminderState.OWED,
        "state_at": now,
        "reason": skipped_for,
        "created_at": now,
    }


def slot_of(row: Mapping[str, Any]) -> Slot:
    """The slot that a reminder's row is."""
    return Slot(row["id"], row["step"], row["due_at"], row["useful_until"])


FURTHER: Mapping[str, MessageKind] = {NUDGE: MessageKind.NUDGE, SECOND_LOOK: MessageKind.REMINDER}
"""The kind of message by which each further round goes."""


def draft(episode: Episode, slot: Slot, terms: Terms, attempt: int) -> Draft:
    """What is to be sent for a reminder under `terms`, the `attempt`-th on their channel.

    Raises:
        ValueError: no channel reaches the patient.
    """
    if terms.channel is None:
        raise ValueError("nothing is drafted for a patient whom no channel reaches")
    return Draft(
        clinic_id=episode.clinic_id,
        kind=FURTHER.get(slot.follows, MessageKind.REMINDER),
        channel=terms.channel,
        template=f"follow_up:{slot.follows}" if slot.follows else f"step:{slot.step}",
        language=terms.language,
        dedupe_key=keys.reminder_key(slot.reminder_id, terms.channel, attempt),
        due_at=slot.due_at,
        useful_until=slot.useful_until,
        patient_id=episode.patient_id,
        treatment_id=episode.treatment_id,
        protocol_version_id=episode.protocol_version_id,
        reason=slot.follows,
        reminder_ids=(slot.reminder_id,),
    )
