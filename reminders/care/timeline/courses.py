"""How a treatment went, day by day: how severe it was said to be, what the check-in came to, which pictures. Pure."""

import uuid
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from reminders.care.attachments import Attached
from reminders.care.severities import Point, points_of, rising
from reminders.care.timeline.belonging import Belonging
from reminders.care.timeline.rows import Rows
from reminders.models import CheckIn, Reply, Severity, Treatment
from reminders.models.kinds import CheckInOutcome

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class CourseDay:
    """One day, counted from the treatment. `pictures` come with the moment at which each was sent."""

    day: int
    value: int | None = None
    outcome: CheckInOutcome | None = None
    pictures: tuple[tuple[Attached, datetime], ...] = ()


@dataclass(frozen=True)
class Course:
    """The days of a treatment that something is known of, in order, and whether its severity rises."""

    days: tuple[CourseDay, ...]
    is_rising: bool

    @property
    def points(self) -> tuple[Point, ...]:
        """The days that have a value."""
        return tuple(Point(one.day, one.value) for one in self.days if one.value is not None)


def courses(rows: Rows, belonging: Belonging) -> dict[uuid.UUID, Course]:
    """By treatment, for those of which anything is known."""
    points, outcomes, pictures = _points(rows), _outcomes(rows), _pictures(rows, belonging)
    found = {}
    for treatment_id in {*points, *outcomes, *pictures}:
        values = {point.day: point.value for point in points.get(treatment_id, ())}
        said, seen = outcomes.get(treatment_id, {}), pictures.get(treatment_id, {})
        days = sorted({*values, *said, *seen})
        lines = (CourseDay(day, values.get(day), said.get(day), tuple(seen.get(day, ()))) for day in days)
        found[treatment_id] = Course(tuple(lines), rising(points.get(treatment_id, ())))
    return found


def _points(rows: Rows) -> dict[uuid.UUID, list[Point]]:
    due, treated = _due(rows), _treated(rows)
    answers: defaultdict[uuid.UUID, list[tuple[uuid.UUID, datetime, datetime, int]]] = defaultdict(list)
    for row in sorted(rows.of(Severity), key=lambda row: (row.answered_at, row.id)):
        answers[row.treatment_id].append(
            (row.reminder_id, due.get(row.reminder_id, row.answered_at), treated[row.treatment_id], row.value)
        )
    return {treatment_id: points_of(found) for treatment_id, found in answers.items()}


def _outcomes(rows: Rows) -> dict[uuid.UUID, dict[int, CheckInOutcome]]:
    """The newest of each day."""
    found: defaultdict[uuid.UUID, dict[int, CheckInOutcome]] = defaultdict(dict)
    for row in sorted(rows.of(CheckIn), key=lambda row: (row.answered_at, row.id)):
        found[row.treatment_id][_day_of(row, rows)] = row.outcome
    return found


def _pictures(rows: Rows, belonging: Belonging) -> dict[uuid.UUID, dict[int, list[tuple[Attached, datetime]]]]:
    """Those of a check-in stand on its day; others on the day on which they came. Whatever belongs to no treatment
    shows in the timeline alone."""
    answered = {row.reply_id: row for row in rows.of(CheckIn) if row.reply_id}
    treated = _treated(rows)
    found: dict[uuid.UUID, dict[int, list[tuple[Attached, datetime]]]] = {}
    for reply in sorted(rows.of(Reply), key=lambda row: (row.received_at, row.id)):
        kept = [(one, reply.received_at) for one in rows.attached.get(reply.id, ()) if one.state == "kept"]
        for treatment_id in belonging.of(reply) if kept else ():
            check_in = answered.get(reply.id)
            day = _day_of(check_in, rows) if check_in else (reply.received_at - treated[treatment_id]) // _DAY
            found.setdefault(treatment_id, {}).setdefault(day, []).extend(kept)
    return found


def _day_of(row: CheckIn, rows: Rows) -> int:
    asked = _due(rows).get(row.reminder_id, row.answered_at) if row.reminder_id else row.answered_at
    return round((asked - _treated(rows)[row.treatment_id]) / _DAY)


def _due(rows: Rows) -> Mapping[uuid.UUID, datetime]:
    return {reminder.id: reminder.due_at for reminder in rows.reminders}


def _treated(rows: Rows) -> Mapping[uuid.UUID, datetime]:
    return {treatment.id: treatment.treated_at for treatment in rows.of(Treatment)}
