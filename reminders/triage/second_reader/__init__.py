"""A second reader: learnt from labelled replies, it weighs their words beside what the rules have seen."""

from reminders.triage.second_reader.second_look import Moment, second_look

__all__ = ["Moment", "second_look"]
