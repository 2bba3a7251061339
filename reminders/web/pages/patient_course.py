"""How severe a treatment was said to be, drawn over its days. Pure."""

from markupsafe import Markup

from reminders.care.timeline import Course, CourseDay
from reminders.models.kinds import CheckInOutcome, Language
from reminders.web import charts
from reminders.web.i18n import Catalogue, catalogue

_TONES = {
    CheckInOutcome.CLEAR: "good",
    CheckInOutcome.IMPROVING: "good",
    CheckInOutcome.PERSISTING: "warn",
    CheckInOutcome.URGENT: "danger",
}
_MOST_SEVERE = 10
_FEWEST = 2
"""Points that make a line; a single one stands in words."""


def course_chart(course: Course | None, language: Language) -> Markup | None:
    """The line of a treatment's severities, a day's point in the colour of its check-in; None for less than two."""
    if course is None or len(course.points) < _FEWEST:
        return None
    texts = catalogue(language)
    captions = charts.Captions(*(texts.text(f"course.{key}") for key in ("name", "table", "day", "value")))
    marks = [_mark(one, one.value, texts) for one in course.days if one.value is not None]
    return charts.line(captions, marks, top=_MOST_SEVERE)


def _mark(one: CourseDay, value: int, texts: Catalogue) -> charts.Mark:
    shown = texts.text("course.shown", value=value)
    outcome = f", {texts.text(f'check_in.{one.outcome}')}" if one.outcome else ""
    tone = _TONES[one.outcome] if one.outcome else "accent"
    return charts.Mark(texts.text("course.day_number", day=one.day), value, shown + outcome, tone, at=one.day)
