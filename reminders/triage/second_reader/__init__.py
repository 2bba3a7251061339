"""A second reader: learnt from labelled replies, it looks where the rules saw no red flag and no opt-out."""

from reminders.triage.second_reader.second_look import second_look

__all__ = ["second_look"]
