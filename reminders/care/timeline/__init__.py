"""All that happened to one patient, in order, and why each reminder went, will go, or did not."""

from reminders.care.timeline.entries import TimelineEntry
from reminders.care.timeline.lines import timeline, why

__all__ = ["TimelineEntry", "timeline", "why"]
