"""One message for what two treatments would say twice: the same advice, on the same day, on the same channel.

Only words that are the very same are joined, of one protocol: nothing that a clinician has not approved is ever put
together. A check-in is never joined, since each treatment's question has its own answer; nor, for the same reason, are
tips with a page that asks how severe it is; nor is a step that its protocol keeps apart. A joined message carries the
reminders of all; before anything changes for one of them it is parted again, so whoever plans anew need not know of it.
See decision 0025.
"""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session, aliased

from reminders.care import clinics, protocols
from reminders.models import Clinic, Message, MessageReminder, Patient, ProtocolVersion, Reminder, Treatment
from reminders.models.kinds import Channel, Language, MessageKind, ReminderState
from reminders.outbox import keys
from reminders.outbox.cancel import cancel
from reminders.outbox.drafts import Draft
from reminders.outbox.enqueue import enqueue
from reminders.wording.render import placeholders
from reminders.wording.texts import Text, find
from schedules.lifecycle import CANCELLABLE, State

JOINED, PARTED = "joined", "parted"
"""Why a message was called off: another carries its reminder, too; or each of its reminders has its own again."""

_LOST = (State.UNDELIVERED, State.FAILED)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A planned message that may be joined, for the treatments whose step it is, with its words before they are filled
    in; `due_at` is UTC, `day` the patient's."""

    message_id: uuid.UUID
    treatments: frozenset[uuid.UUID]
    protocol_id: uuid.UUID
    channel: Channel
    language: Language
    due_at: datetime
    day: str
    text: Text

    @property
    def asks(self) -> bool:
        """Whether it leads to a page, which asks about one treatment."""
        return "check_in_url" in placeholders(self.text)

    @property
    def place(self) -> tuple[Any, ...]:
        """What those that are joined share."""
        return (str(self.protocol_id), self.channel, self.language, self.day, self.text.subject or "", self.text.body)


def parties(waiting: Iterable[Waiting]) -> list[list[Waiting]]:
    """Those that become one message, whose first carries the others': of each treatment one. Pure."""
    in_order = sorted(waiting, key=lambda one: (one.place, one.due_at, one.message_id))
    found = (_of_each(group) for _, group in groupby(in_order, key=attrgetter("place")))
    return [party for party in found if len(party) > 1]


def _of_each(group: Iterable[Waiting]) -> list[Waiting]:
    taken: set[uuid.UUID] = set()
    party = []
    for one in group:
        if taken.isdisjoint(one.treatments):
            party.append(one)
            taken |= one.treatments
    return party


def join(session: Session, clinic: Clinic, patient: Patient, now: datetime) -> None:
    """Make one message of each party among what `patient` is still to be sent. The caller holds the patient.

    What is joined already stays so: its words would have to change for it to fit no longer, and that parts it.
    """
    for host, *guests in parties(_waiting(session, clinic, patient)):
        carried = {guest.message_id: _carried(session, guest.message_id) for guest in guests}
        gone = cancel(session, Message.id.in_(carried), JOINED, now)
        links = [_link(clinic.id, host.message_id, reminder.id) for id_ in gone for reminder in carried[id_]]
        if links:
            session.execute(insert(MessageReminder), links)


def part(session: Session, reminder_ids: Collection[uuid.UUID], now: datetime) -> bool:
    """Give each reminder that a joined message carries a message of its own again, wherever one of these is among them.

    Returns whether there was any. One that a worker has just begun to send stays as it is: it is as good as done. Each
    goes by the sender that it had, connected or not: who calls something off must be able to, whatever becomes of it.
    """
    shared = _shared(session, reminder_ids) if reminder_ids else []
    if not shared:
        return False
    carried = {message_id: _carried(session, message_id) for message_id in shared}
    gone = cancel(session, Message.id.in_(shared), PARTED, now)
    for joined in (session.get_one(Message, id_) for id_ in gone):
        drafts = [_own(session, joined, reminder) for reminder in carried[joined.id]]
        enqueue(session, drafts, now, {(joined.clinic_id, joined.channel): joined.sender_id})
    return bool(gone)


def _waiting(session: Session, clinic: Clinic, patient: Patient) -> list[Waiting]:
    rows = _advice_to_come(session, patient)
    treatments: defaultdict[uuid.UUID, set[uuid.UUID]] = defaultdict(set)
    for message, reminder, *_ in rows:
        treatments[message.id].add(reminder.treatment_id)
    zone = clinics.hours(clinic, patient).zone
    found = [
        Waiting(
            message.id,
            frozenset(treatments[message.id]),
            protocol_id,
            message.channel,
            message.language,
            message.due_at,
            message.due_at.astimezone(zone).date().isoformat(),
            find(message.template, message.language, message.channel, version.content),
        )
        for message, reminder, protocol_id, version in {row[0].id: row for row in rows}.values()
        if not _is_apart(version, reminder.step)
    ]
    return [one for one in found if not one.asks]


def _advice_to_come(session: Session, patient: Patient) -> Sequence[Any]:
    """Planned advice that nobody has tried to send, with its reminders: (message, reminder, protocol's id, version).

    Locked, so that none is sent while another is joined to it.
    """
    link, lost = aliased(MessageReminder), aliased(Message)
    failed = (
        select(link.reminder_id)
        .join(lost, lost.id == link.message_id)
        .where(link.reminder_id == Reminder.id, lost.state.in_(_LOST))
    )
    query = (
        select(Message, Reminder, Treatment.protocol_id, ProtocolVersion)
        .join(MessageReminder, MessageReminder.message_id == Message.id)
        .join(Reminder, Reminder.id == MessageReminder.reminder_id)
        .join(Treatment, Treatment.id == Reminder.treatment_id)
        .join(ProtocolVersion, ProtocolVersion.id == Message.protocol_version_id)
        .where(Message.patient_id == patient.id, Message.kind == MessageKind.REMINDER, MessageReminder.live)
        .where(Message.state == State.PLANNED, Message.tries == 0, Message.template.startswith("step:"))
        .where(Reminder.state == ReminderState.OWED, Reminder.is_check_in.is_(False), ~failed.exists())
        .with_for_update(key_share=True, of=Message)
        .execution_options(populate_existing=True)
    )
    return session.execute(query).all()


def _is_apart(version: ProtocolVersion, step: str) -> bool:
    return any(one.key == step and one.apart for one in protocols.parse(version).steps)


def _shared(session: Session, reminder_ids: Collection[uuid.UUID]) -> Sequence[uuid.UUID]:
    """The messages not gone yet that carry one of these and something else."""
    other = aliased(MessageReminder)
    query = (
        select(Message.id)
        .join(MessageReminder, MessageReminder.message_id == Message.id)
        .join(other, other.message_id == Message.id)
        .where(MessageReminder.reminder_id.in_(reminder_ids), MessageReminder.live, other.live)
        .where(other.reminder_id != MessageReminder.reminder_id, Message.state.in_(sorted(CANCELLABLE)))
        .distinct()
    )
    return session.scalars(query).all()


def _carried(session: Session, message_id: uuid.UUID) -> Sequence[Reminder]:
    live = (MessageReminder.message_id == message_id, MessageReminder.live)
    query = select(Reminder).join(MessageReminder, MessageReminder.reminder_id == Reminder.id).where(*live)
    return session.scalars(query.order_by(Reminder.id)).all()


def _own(session: Session, joined: Message, reminder: Reminder) -> Draft:
    """A message for one of the reminders that another carried: by the same channel, in the same language."""
    treatment = session.get_one(Treatment, reminder.treatment_id)
    had = (
        select(func.count())
        .select_from(MessageReminder)
        .join(Message, Message.id == MessageReminder.message_id)
        .where(MessageReminder.reminder_id == reminder.id, Message.channel == joined.channel)
    )
    return Draft(
        clinic_id=joined.clinic_id,
        kind=joined.kind,
        channel=joined.channel,
        template=f"step:{reminder.step}",
        language=joined.language,
        dedupe_key=keys.reminder_key(reminder.id, joined.channel, (session.scalar(had) or 0) + 1),
        due_at=max(reminder.due_at, joined.due_at),
        useful_until=max(reminder.useful_until, joined.useful_until),
        patient_id=joined.patient_id,
        treatment_id=treatment.id,
        protocol_version_id=treatment.protocol_version_id,
        reminder_ids=(reminder.id,),
    )


def _link(clinic_id: uuid.UUID, message_id: uuid.UUID, reminder_id: uuid.UUID) -> dict[str, Any]:
    return {"message_id": message_id, "reminder_id": reminder_id, "clinic_id": clinic_id, "live": True}
