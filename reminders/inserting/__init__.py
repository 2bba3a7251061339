"""Rows by the handful or by the thousand, past the ORM: sealed and scoped all the same."""

from reminders.inserting.copying import writing
from reminders.inserting.expecting import expect_many
from reminders.inserting.following import Change, write_after
from reminders.inserting.forms import Batch, Row
from reminders.inserting.write import write

__all__ = ["Batch", "Change", "Row", "expect_many", "write", "write_after", "writing"]
