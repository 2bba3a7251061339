"""All that happened to one patient, in order, and why each reminder went, will go, or did not."""

from reminders.care.timeline.courses import Course, CourseDay
from reminders.care.timeline.entries import Deed, TimelineEntry
from reminders.care.timeline.lines import History, history, timeline, why

__all__ = ["Course", "CourseDay", "Deed", "History", "TimelineEntry", "history", "timeline", "why"]
