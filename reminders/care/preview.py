"""What a patient will receive after a treatment, before anything is saved."""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from reminders.care import clinics, mailboxes, protocols
from reminders.care.addresses import email_key
from reminders.care.patient_input import CleanPatient
from reminders.care.reach import Reach, Ways, choose, reach_if, senders
from reminders.care.superseding import Earlier, earlier_than
from reminders.care.treatment_input import TreatmentInput, check_lines, treated_at
from reminders.care.treatment_store import find_protocol, same_day
from reminders.database import keyring_of
from reminders.models import Clinic, Patient, ProtocolVersion
from reminders.models.kinds import Channel, Language
from reminders.models.options import content_rules_of, rules_of
from reminders.wording.answers import ANSWERS, about_answers
from reminders.wording.fitting import Room, fitting
from reminders.wording.render import Rendered
from reminders.wording.samples import links
from reminders.wording.texts import find
from reminders.wording.values import clinic_values
from schedules.plan import Plan, PlannedStep, SkippedStep, plan
from schedules.protocol import Step


@dataclass(frozen=True, slots=True)
class PreviewEntry:
    """One step: when it is due (UTC, and in the patient's zone), by which channel and in which words.

    A step that will not be sent has a `skipped_reason`, no channels and no texts.
    """

    step: Step
    due_at: datetime
    local: datetime
    channels: tuple[Channel, ...]
    texts: Mapping[Channel, Rendered]
    skipped_reason: str | None


@dataclass(frozen=True, slots=True)
class Preview:
    """Every step in the order of the due times; `treated_at` is UTC, `zone` the patient's.

    `duplicate_of` is the treatment that `record` would refuse this one for, unless confirmed; `earlier` are those about
    which it would ask whether this one takes their place.
    """

    entries: list[PreviewEntry]
    treated_at: datetime
    zone: ZoneInfo
    language: Language
    duplicate_of: uuid.UUID | None
    earlier: tuple[Earlier, ...] = ()


def preview(
    session: Session,
    clinic: Clinic,
    patient: Patient | CleanPatient | None,
    channels: Collection[Channel],
    given: TreatmentInput,
    now: datetime,
) -> Preview:
    """What `record` would plan for `patient` (stored, about to be, or not known yet), had they agreed to `channels`.

    Raises:
        InvalidInputError: as `record`.
    """
    check_lines(given)
    moment = treated_at(given, ZoneInfo(clinic.timezone), now)
    protocol, version = find_protocol(session, clinic.id, given.protocol_key)
    hours = clinics.hours(clinic, patient)
    day = moment.astimezone(ZoneInfo(clinic.timezone)).date()
    planned = plan(protocols.parse(version), moment, hours, now, day)
    way = _reach(session, clinic, patient, channels)
    reader = _Reader(clinic, patient, version, mailboxes.is_read(session, clinic.id, now))
    entries = [_entry(step, way, reader, hours.zone) for step in _in_order(planned)]
    there = _there(session, patient.id, protocol.id, day) if isinstance(patient, Patient) else (None, ())
    return Preview(entries, moment, hours.zone, reader.language, *there)


def _there(
    session: Session, patient_id: uuid.UUID, protocol_id: uuid.UUID, day: date
) -> tuple[uuid.UUID | None, tuple[Earlier, ...]]:
    """What stands against recording another treatment of the protocol on that day."""
    known = same_day(session, patient_id, protocol_id, day)
    return known.id if known else None, tuple(earlier_than(session, patient_id, protocol_id, day))


@dataclass(frozen=True, slots=True)
class _Reader:
    """Whom the texts address, and whose texts they are."""

    clinic: Clinic
    patient: Patient | CleanPatient | None
    version: ProtocolVersion
    reads_answers: bool

    @property
    def language(self) -> Language:
        return Language(self.patient.language if self.patient else self.clinic.language)

    def text(self, step: Step, channel: Channel) -> Rendered:
        text = find(f"step:{step.key}", self.language, channel, self.version.content)
        name = self.patient.given_name if self.patient else ""
        own = {"first_name": name, ANSWERS: about_answers(self.language, reads=self.reads_answers)}
        room = Room(channel, content_rules_of(self.clinic.options).most_segments)
        samples = links(text, channel, in_texts=rules_of(self.clinic.options).link_in_texts)
        return fitting(text, clinic_values(self.clinic, channel) | samples | own, room)[0]


def _in_order(planned: Plan) -> list[PlannedStep | SkippedStep]:
    return sorted([*planned.planned, *planned.skipped], key=lambda step: (step.due_at, step.step.day))


def _entry(step: PlannedStep | SkippedStep, way: Reach, reader: _Reader, zone: ZoneInfo) -> PreviewEntry:
    reason = step.reason if isinstance(step, SkippedStep) else way.reason
    channels = () if reason or way.channel is None else (way.channel,)
    texts = {channel: reader.text(step.step, channel) for channel in channels}
    return PreviewEntry(step.step, step.due_at, step.due_at.astimezone(zone), channels, texts, reason or None)


def _reach(
    session: Session, clinic: Clinic, patient: Patient | CleanPatient | None, channels: Collection[Channel]
) -> Reach:
    if patient is None:
        # Nobody is chosen yet; the addresses will come with the consents.
        return choose(Ways(channels, channels, (), senders(session, clinic.id)))
    index = keyring_of(session).index
    indexes = {
        Channel.SMS: index("phone", patient.phone) if patient.phone else None,
        Channel.EMAIL: index("email", email_key(patient.email)) if patient.email else None,
    }
    return reach_if(session, clinic.id, indexes, channels)
