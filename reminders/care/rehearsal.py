"""What a protocol's version would send after a treatment on some day: every text, both languages, both channels."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from reminders.care import clinics
from reminders.models import Clinic
from reminders.models.options import content_rules_of, rules_of
from reminders.wording.answers import ANSWERS, about_answers
from reminders.wording.findings import Place
from reminders.wording.fitting import Room, fitting
from reminders.wording.linter import parts_at, places
from reminders.wording.render import Rendered, WordingError
from reminders.wording.samples import FIRST_NAME, NOTHING, links
from reminders.wording.texts import Text
from reminders.wording.values import clinic_values
from schedules.hours import local_instant
from schedules.plan import PlannedStep, SkippedStep, plan
from schedules.protocol import Step, protocol_from_data

_NOON = time(12)


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """One step: when it is due (UTC), why it would not go out ("" if it would), and its texts as they would be read.

    A text that is missing, or cannot be filled, is not there.
    """

    step: Step
    due_at: datetime
    skipped: str
    texts: Mapping[Place, Rendered]


def rehearse(
    clinic: Clinic, content: Mapping[str, Any], treated_on: date, *, reads_answers: bool = False
) -> list[Rehearsed]:
    """Every step after a treatment on that day at the clinic, recorded on the spot, in the order of the due times.

    Raises:
        ValueError: the steps are no protocol.
    """
    protocol = protocol_from_data({"key": "rehearsed", **content})
    treated_at = local_instant(treated_on, _NOON, ZoneInfo(clinic.timezone))
    planned = plan(protocol, treated_at, clinics.hours(clinic), treated_at, treated_on)
    read = {at: read_as(clinic, content, at, reads_answers=reads_answers) for at in places(protocol)}
    texts = {at: text for at, text in read.items() if text is not None}
    steps: list[PlannedStep | SkippedStep] = [*planned.planned, *planned.skipped]
    return [_rehearsed(step, texts) for step in sorted(steps, key=lambda step: (step.due_at, step.step.day))]


def read_as(clinic: Clinic, content: Mapping[str, Any], at: Place, *, reads_answers: bool = False) -> Rendered | None:
    """One text as a patient of the clinic would read it, under a made-up name; None if it is missing or unreadable."""
    parts = parts_at(content, at)
    if not parts.get("body"):
        return None
    own = {"first_name": FIRST_NAME[at.language], ANSWERS: about_answers(at.language, reads=reads_answers)}
    values = {**NOTHING, **clinic_values(clinic, at.channel), **own}
    text = Text(parts.get("subject"), parts["body"])
    samples = links(text, at.channel, in_texts=rules_of(clinic.options).link_in_texts)
    room = Room(at.channel, content_rules_of(clinic.options).most_segments)
    try:
        return fitting(text, values | samples, room)[0]
    except WordingError:
        return None


def _rehearsed(step: PlannedStep | SkippedStep, texts: Mapping[Place, Rendered]) -> Rehearsed:
    skipped = step.reason if isinstance(step, SkippedStep) else ""
    mine = {at: text for at, text in texts.items() if at.step == step.step.key}
    return Rehearsed(step.step, step.due_at, skipped, mine)
