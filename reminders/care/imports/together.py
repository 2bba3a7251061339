"""Lines of new patients, many at once: the same rows as one by one, in a handful of statements."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from reminders import inserting
from reminders.bulk import among
from reminders.care import audit, clinics, consents, owed_rows, protocols
from reminders.care.actors import Actor
from reminders.care.imports import known
from reminders.care.imports.evidence import grants
from reminders.care.imports.ready import Line, Ready, Run, Setting
from reminders.care.imports.report import TOO_LATE
from reminders.care.owed import Intents, Terms, decide
from reminders.care.providers import provider_named
from reminders.care.reach import PREFERENCE, Reach, Ways, choose
from reminders.care.recording import episode_of, noted, treatment_row
from reminders.ids import new_id
from reminders.models import (
    Audit,
    Base,
    Consent,
    Message,
    MessageReminder,
    NameToken,
    OptOut,
    Patient,
    Reminder,
    Treatment,
)
from reminders.models.kinds import Channel, Purpose
from reminders.outbox.enqueue import senders_of
from schedules.plan import plan
from schedules.protocol import Protocol as Schedule

_TABLES: Sequence[type[Base]] = (Patient, NameToken, Consent, Treatment, Reminder, Message, MessageReminder, Audit)
"""In the order in which their rows can be written."""

_MANY = 20
"""From so many lines on, with some 25 rows each, a table at a time is faster than all in one statement."""

_PART = 500
"""So many lines are written while the next are put together."""

_INDEX = {Channel.SMS: "phone_index", Channel.EMAIL: "email_index"}


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a line: its treatment, and why nothing will be sent for it ("" if something will)."""

    treatment_id: uuid.UUID
    silent: str


def take(session: Session, run: Run, setting: Setting, lines: Sequence[Line]) -> list[Taken]:
    """Store the patients, consents and treatments of ready lines of strangers, in order.

    Raises:
        sqlalchemy.exc.IntegrityError: somebody else took an external id meanwhile; nothing is stored.
    """
    ready = [line.ready for line in lines if line.ready]
    party = _Party(session, run.actor, setting, run.now, _stopped(session, run.actor.clinic_id, ready))
    party.prepare(ready)
    if len(ready) < _MANY:
        taken = [party.take(one) for one in ready]
        inserting.write(session, party.batch())
        return taken
    taken = []
    with inserting.writing(session) as write:
        for start in range(0, len(ready), _PART):
            taken += [party.take(one) for one in ready[start : start + _PART]]
            write(party.batch())
    return taken


@dataclass(slots=True)
class _Party:
    """The rows of some lines as they gather; `stopped` are the opted-out among their addresses."""

    session: Session
    actor: Actor
    setting: Setting
    now: datetime
    stopped: Collection[tuple[Channel, str]]
    senders: Mapping[Channel, uuid.UUID] = field(default_factory=dict)
    providers: dict[str, uuid.UUID | None] = field(default_factory=dict)
    schedules: dict[uuid.UUID, Schedule] = field(default_factory=dict)
    rows: defaultdict[type[Base], list[Mapping[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    _intents: dict[tuple[uuid.UUID, date, Reach], Intents] = field(default_factory=dict)

    def prepare(self, ready: Sequence[Ready]) -> None:
        """Everything that the session is asked for, so that it is free while rows are being written."""
        self.senders = senders_of(self.session, self.actor.clinic_id)
        for name in dict.fromkeys(one.row.treatment.provider for one in ready):
            self.providers[name] = provider_named(self.session, self.actor.clinic_id, name, self.now)
        for key in dict.fromkeys(one.row.treatment.protocol_key for one in ready):
            version_id = self.setting.published[key][1].id
            self.schedules[version_id] = protocols.schedule_of(self.session, version_id)

    def batch(self) -> inserting.Batch:
        """The rows gathered since the last time."""
        rows, self.rows = self.rows, defaultdict(list)
        return [(table, rows[table]) for table in _TABLES]

    def take(self, one: Ready) -> Taken:
        patient_id = self._patient(one)
        agreed = self._consents(one, patient_id)
        addresses = {channel: one.columns[_INDEX[channel]] for channel in PREFERENCE if one.columns[_INDEX[channel]]}
        stopped = {channel for channel, index in addresses.items() if (channel, index) in self.stopped}
        way = choose(Ways(addresses, agreed, stopped, self.senders))
        terms = Terms(
            way.channel, way.reason, one.person.language, self.now, addresses[way.channel] if way.channel else ""
        )
        return self._treatment(one, patient_id, way, terms)

    def _patient(self, one: Ready) -> uuid.UUID:
        ids = {"clinic_id": self.actor.clinic_id, "patient_id": new_id()}
        patient_id = ids["patient_id"]
        own = {"id": patient_id, "clinic_id": self.actor.clinic_id, "created_at": self.now}
        self.rows[Patient].append({**own, **one.columns})
        self.rows[NameToken] += [{"token": token, **ids} for token in one.tokens]
        self.rows[Audit].append(audit.entry(self.actor, "patient.added", ("patient", patient_id), self.now))
        return patient_id

    def _consents(self, one: Ready, patient_id: uuid.UUID) -> list[Channel]:
        fresh = [what for what in one.row.evidence if one.columns[_INDEX[what[0]]]]
        for given in grants(patient_id, one.row, fresh, one.person.language):
            row, note = consents.first_rows(self.actor, given, self.now)
            self.rows[Consent].append(row)
            self.rows[Audit].append(note)
        return [channel for channel, purpose in fresh if purpose is Purpose.AFTERCARE]

    def _treatment(self, one: Ready, patient_id: uuid.UUID, way: Reach, terms: Terms) -> Taken:
        given = one.row.treatment
        protocol, version = self.setting.published[given.protocol_key]
        row = treatment_row(self.actor.clinic_id, patient_id, given, self.now) | {
            "protocol_id": protocol.id,
            "protocol_version_id": version.id,
            "provider_id": self.providers[given.provider],
            "import_key": known.line_key(self.session, patient_id, given, one.day),
            "treated_at": one.moment,
            "local_date": one.day,
            "ordinal": 1,
            "recorded_by": self.actor.staff_id,
        }
        intents = self._decided(version.id, one, way, terms)
        self.rows[Treatment].append(row)
        for table, rows in owed_rows.first(episode_of(row), intents, terms, self.senders, self.now):
            self.rows[table] += rows
        self.rows[Audit].append(noted(self.actor, row, self.now))
        return Taken(row["id"], "" if intents.add else way.reason or TOO_LATE)

    def _decided(self, version_id: uuid.UUID, one: Ready, way: Reach, terms: Terms) -> Intents:
        """What is decided for all new patients who came that day and are reached that way; they live where it is."""
        key = (version_id, one.day, way)
        if key not in self._intents:
            wanted = plan(
                self.schedules[version_id],
                one.moment,
                clinics.hours(self.setting.clinic, one.person),
                self.now,
                one.day,
            )
            self._intents[key] = decide((), wanted, terms, self.now)
        return self._intents[key]


def _stopped(session: Session, clinic_id: uuid.UUID, ready: Sequence[Ready]) -> set[tuple[Channel, str]]:
    """The opted-out among the addresses of these lines: an opt-out outlives whoever it was of."""
    indexes = [one.columns[name] for one in ready for name in _INDEX.values() if one.columns[name]]
    own = (
        OptOut.clinic_id == clinic_id,
        OptOut.lifted_at.is_(None),
        among(OptOut.address_index, "indexes"),
    )
    found = session.execute(select(OptOut.channel, OptOut.address_index).where(*own), {"indexes": indexes})
    return {(row.channel, row.address_index) for row in found}
