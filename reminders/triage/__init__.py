"""What a reply means. Pure: text in, labels with their evidence out."""

from reminders.triage.labels import Asked, Evidence, Label, Reading
from reminders.triage.reading import asked_on, read

__all__ = ["Asked", "Evidence", "Label", "Reading", "asked_on", "read"]
