"""What cannot wait, and another clinic's few, in the middle of one clinic's burst; and a thousand clinics at once."""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import func, select, update

from benchmarks import ours
from benchmarks.at_once import Stage, measured
from benchmarks.figures import Figures, Sample, by_turns
from benchmarks.growing import multiply
from benchmarks.homes import PostgresHome
from benchmarks.lab import Column, Goal, Lab, Section
from benchmarks.ours import DUE_AT, Ours
from benchmarks.practice import (
    UNLIMITED,
    Practice,
    add_check_ins,
    add_check_ins_at_each,
    add_patients,
    open_branches,
    open_practice,
    phone,
)
from benchmarks.processes import StandIn
from reminders.database import Database
from reminders.ids import new_id
from reminders.models import Message, Sender
from reminders.models.instance import now
from reminders.models.kinds import Channel, Language, MessageKind
from reminders.outbox import Draft, enqueue, keys
from reminders.settings import Settings
from schedules.lifecycle import State

DUE = 50_000
PACE = 100.0
"""Segments a second that the burst's sender may send in the paced variant."""
FEW = 5
CLINICS = 1000

_PATIENTS = 1000
_PROBES, _BETWEEN_SECONDS, _PATIENCE_SECONDS = 3, 2.0, 60.0
_PACED, _FAST = f"paced, {PACE:.0f} segments/s", "as fast as it goes"
_THOUSAND = f"{CLINICS:,} clinics of {FEW}"
_COLUMNS = (
    Column("safety_s", "safety text, worst, s"),
    Column("few_s", f"another clinic's {FEW}, worst, s"),
    Column("probes", "of so many"),
    Column("burst_per_s", "messages/s of the burst"),
    Column("left", "of the burst still due"),
    Column("per_s", "messages/s"),
    Column("p50_s", "p50 late, s"),
    Column("p99_s", "p99 late, s"),
    Column("cpu_per_1000", "worker's CPU s per 1,000"),
    Column("database_cpu_per_1000", "PostgreSQL's CPU s per 1,000"),
    Column("duplicates", "duplicates"),
    Column("unsent", "unsent"),
)


def run(lab: Lab) -> Section:
    """Seconds until they are handed to the carrier; and the burst of many senders."""
    count = lab.n or DUE
    found = {**_in_a_burst(lab, count).samples, **_many_clinics(lab).samples}
    figures = Figures(found)
    figures.must_be_none("unsent")
    what = (
        f"One clinic's {count:,} texts are due and one worker with beat sends them, at its sender's pace or with none. "
        f"Meanwhile, {_PROBES} times {_BETWEEN_SECONDS:.0f} s apart, a safety text of that same sender and {FEW} "
        "reminders of another clinic, due at once, are written to the database; seconds until the carrier has them "
        f"(the last of the {FEW}), the worst of the run. Then {_THOUSAND}, each with a number of its own on one "
        "account, all due at the same instant, one worker."
    )
    return Section("urgency", what, _COLUMNS, figures, [_said(figures)], [_dominates(figures)], _goals(figures))


def _in_a_burst(lab: Lab, count: int) -> Figures:
    branches: list[Practice] = []

    def fill(database: Database, settings: Settings) -> None:
        practice = open_practice(database, settings)
        branches[:] = [practice, *open_branches(database, settings, 1)]
        add_check_ins(database, practice, _PATIENTS, DUE_AT)
        multiply(database, count // _PATIENTS)

    lab.server.template(fill)
    clinics = _Clinics(*branches)
    variants: dict[str, Callable[[], Sample]] = {
        _PACED: partial(_probed, lab.server, lab.carrier, clinics, PACE),
        _FAST: partial(_probed, lab.server, lab.carrier, clinics, UNLIMITED),
    }
    return by_turns(variants, lab.repeats)


def _many_clinics(lab: Lab) -> Figures:
    def fill(database: Database, settings: Settings) -> None:
        practices = [open_practice(database, settings), *open_branches(database, settings, CLINICS - 1)]
        add_check_ins_at_each(database, practices, FEW, DUE_AT)

    lab.server.template(fill)
    stage = Stage(lab.server, lab.carrier, CLINICS * FEW)
    return by_turns({_THOUSAND: partial(_all_at_once, stage)}, lab.repeats)


def _all_at_once(stage: Stage) -> Sample:
    with ours.at_work(stage.home) as job:
        return measured(job, stage)


@dataclass(frozen=True, slots=True)
class _Clinics:
    """The one with the burst, and the other."""

    busy: Practice
    other: Practice


def _probed(home: PostgresHome, carrier: StandIn, clinics: _Clinics, rate: float) -> Sample:
    with ours.at_work(home) as job:
        with job.database.begin() as session:
            session.execute(update(Sender).where(Sender.id == clinics.busy.sender_id).values(rate=rate))
        carrier.reset()
        due = job.fall_due()
        time.sleep(max(0.0, due - time.time()))
        job.set_off()
        began = time.monotonic()
        found = []
        for number in range(_PROBES):
            probe = _probe(job, carrier, clinics, _PATIENTS + number * (FEW + 1))
            left = _left(job.database, clinics.busy)
            # What came after the burst says nothing of it.
            found += [(*probe, left)] if left else []
        sent, seconds = carrier.stats()["accepted"], time.monotonic() - began
    if not found:
        raise RuntimeError("the burst was over before the first of these: this measured something else")
    return {
        "safety_s": max(safety for safety, _, _ in found),
        "few_s": max(few for _, few, _ in found),
        "probes": len(found),
        "burst_per_s": sent / seconds,
        "left": found[-1][2],
    }


def _probe(job: Ours, carrier: StandIn, clinics: _Clinics, first: int) -> tuple[float, float]:
    """Seconds from the writing of a safety text, and of a few reminders, until the carrier has them; their patients
    have the phones from `first` on."""
    time.sleep(_BETWEEN_SECONDS)
    database = job.database
    with database.read() as session:
        at = now(session)
    patient = add_patients(database, clinics.busy, 1, first)[0]
    began = time.monotonic()
    with database.begin() as session:
        enqueue(session, [_safety_text(clinics.busy, patient, at)], at)
    then = time.monotonic()
    add_check_ins(database, clinics.other, FEW, at, first + 1)
    few = max(_arrival(carrier, first + 1 + number) for number in range(FEW))
    return _arrival(carrier, first) - began, few - then


def _safety_text(practice: Practice, patient: uuid.UUID, at: datetime) -> Draft:
    return Draft(
        clinic_id=practice.clinic_id,
        kind=MessageKind.SAFETY,
        channel=Channel.SMS,
        template="safety:emergency",
        language=Language.EN,
        dedupe_key=keys.safety_key(new_id()),
        due_at=at,
        useful_until=at + timedelta(hours=1),
        patient_id=patient,
    )


def _arrival(carrier: StandIn, number: int) -> float:
    """When the carrier had the text to this patient; never is a long time."""
    ends = time.monotonic() + _PATIENCE_SECONDS
    while (at := carrier.arrival(phone(number))) is None:
        if time.monotonic() > ends:
            raise RuntimeError(f"not sent within {_PATIENCE_SECONDS} s: nothing is kept of this")
        time.sleep(0.02)
    return at


def _left(database: Database, practice: Practice) -> int:
    with database.read() as session:
        planned = select(func.count()).where(Message.state == State.PLANNED, Message.clinic_id == practice.clinic_id)
        return session.scalar(planned) or 0


def _said(figures: Figures) -> str:
    share = figures.ratio("safety_s", _PACED, _FAST)
    return f"At the sender's pace a safety text takes {share:.1f} times as long as in a burst at full speed"


def _dominates(figures: Figures) -> str:
    return (
        "What cannot wait is found by the next look of the sweep under way (once a second) or by beat's next wake-up, "
        "then waits for a connection to the database and for the calls in flight. "
        f"{_THOUSAND}: {figures.median(_THOUSAND, 'cpu_per_1000'):.2f} s of the worker's CPU per 1,000, in groups of "
        f"{FEW}: every statement of a group is shared by {FEW} messages, not by a hundred."
    )


def _goals(figures: Figures) -> list[Goal]:
    found = []
    for name in (_PACED, _FAST):
        worst = {figure: figures.spread(name, figure)[1] for figure in ("safety_s", "few_s")}
        found.append(Goal(f"safety text, worst, s, {name}", worst["safety_s"], 5, at_most=True))
        found.append(Goal(f"another clinic's {FEW}, worst, s, {name}", worst["few_s"], 5, at_most=True))
    found.append(Goal(f"p99 lateness, s, {_THOUSAND}", figures.median(_THOUSAND, "p99_s"), 8, at_most=True))
    return found
