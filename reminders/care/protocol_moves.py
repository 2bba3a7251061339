"""Moving running treatments to a protocol's newest version, and seeing first what that changes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from reminders.care import audit, protocols, replanning
from reminders.care.actors import Actor
from reminders.care.owed import Intents, Row
from reminders.care.protocol_versions import versions_of
from reminders.errors import NotFoundError
from reminders.models import Clinic, Patient, Protocol, ProtocolVersion, Treatment
from reminders.models.kinds import ReminderState, TreatmentState
from reminders.wording.findings import Part, Place
from reminders.wording.linter import PARTS, parts_at, places

_CLOSED = timedelta(days=30)
"""A step may wait so long for a day on which the clinic is open."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What a move does to what is owed and has not gone out yet, counted."""

    keep: int = 0
    move: int = 0
    add: int = 0
    cancel: int = 0

    def __add__(self, other: "Effect") -> "Effect":
        return Effect(self.keep + other.keep, self.move + other.move, self.add + other.add, self.cancel + other.cancel)


@dataclass(frozen=True, slots=True)
class ChangedText:
    """A part of a text that the newest version words differently; "" where there was, or is, none."""

    place: Place
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Prospect:
    """What moving would do: to how many treatments, from which versions, with what effect; and how texts change."""

    newest: ProtocolVersion
    treatments: int
    numbers: tuple[int, ...]
    effect: Effect
    texts: tuple[ChangedText, ...]


def foresee(session: Session, clinic: Clinic, protocol: Protocol, now: datetime) -> Prospect:
    """What `move_running` would do. Changes nothing.

    Raises:
        NotFoundError: no version is published.
    """
    newest, behind = _behind(session, protocol, now)
    effect = Effect()
    for treatment in behind:
        effect += count(*replanning.foresee(session, clinic, treatment, newest.id, now))
    followed = {treatment.protocol_version_id for treatment in behind}
    older = [version for version in versions_of(session, protocol).versions if version.id in followed]
    texts = tuple(dict.fromkeys(text for version in older for text in changed_texts(version, newest)))
    return Prospect(newest, len(behind), tuple(sorted(version.number for version in older)), effect, texts)


def move_running(session: Session, actor: Actor, clinic: Clinic, protocol: Protocol, now: datetime) -> Effect:
    """Let every running treatment follow the newest published version. What was sent stays, and is not sent again.

    Raises:
        NotFoundError: no version is published.
    """
    newest, behind = _behind(session, protocol, now)
    effect = Effect()
    for treatment in behind:
        effect += _move(session, clinic, treatment, newest, now)
    if behind:
        detail = {"number": newest.number, "treatments": len(behind)}
        audit.note(session, actor, "protocol.treatments_moved", "protocol_version", newest.id, now, detail)
    return effect


def count(rows: Sequence[Row], intents: Intents) -> Effect:
    """What `intents` do to the reminders among `rows` that still wait to go out."""
    waiting = {row.reminder_id for row in rows if row.state is ReminderState.OWED and row.open_messages}
    cancelled = waiting & {row.reminder_id for row, _ in intents.stop}
    elsewhere = {row.reminder_id for row, to in (*intents.move, *intents.replace) if row.due_at != to.due_at}
    moved = (waiting & elsewhere) - cancelled
    return Effect(len(waiting - cancelled - moved), len(moved), len(intents.add), len(cancelled))


def changed_texts(before: ProtocolVersion, after: ProtocolVersion) -> Iterator[ChangedText]:
    """Each part of a text that is not the same in both: the steps of `after`, then those that only `before` has."""
    wanted = dict.fromkeys((*places(protocols.parse(after)), *places(protocols.parse(before))))
    for at in wanted:
        for part in PARTS[at.channel]:
            old, new = (parts_at(version.content, at).get(part.value, "") for version in (before, after))
            if old != new:
                yield ChangedText(_at(at, part), old, new)


def _at(at: Place, part: Part) -> Place:
    return Place(at.step, at.language, at.channel, part)


def _behind(session: Session, protocol: Protocol, now: datetime) -> tuple[ProtocolVersion, Sequence[Treatment]]:
    found = versions_of(session, protocol)
    newest = found.published
    if newest is None:
        raise NotFoundError("nothing of this protocol is published")
    mine = (Treatment.protocol_id == protocol.id, Treatment.protocol_version_id != newest.id)
    running = (Treatment.state == TreatmentState.ACTIVE, Treatment.treated_at > now - _lasts(found.versions))
    asked = select(Treatment).where(*mine, *running)
    # One order for everybody, so that two who do this at once wait for each other instead of locking crosswise.
    return newest, session.scalars(asked.order_by(Treatment.patient_id, Treatment.id)).all()


def _lasts(versions: Sequence[ProtocolVersion]) -> timedelta:
    """How long after a treatment anything can still be owed by any of these versions."""
    steps = [step for version in versions for step in protocols.parse(version).steps]
    return max(timedelta(days=step.day) + step.useful_for for step in steps) + _CLOSED


def _move(session: Session, clinic: Clinic, treatment: Treatment, newest: ProtocolVersion, now: datetime) -> Effect:
    patient = session.get_one(Patient, treatment.patient_id)
    replanning.lock(session, patient)
    session.refresh(treatment)
    if treatment.state is not TreatmentState.ACTIVE:
        return Effect()
    effect = count(*replanning.foresee(session, clinic, treatment, newest.id, now))
    treatment.protocol_version_id = newest.id
    replanning.revise(session, clinic, patient, treatment, now)
    return effect
