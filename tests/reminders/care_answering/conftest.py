"""What several of these tests start from."""

import pytest

from reminders.database import Database
from reminders.models import Clinic
from tests.reminders.care_answering.builders import Case, add_case, add_staff


@pytest.fixture
def case(database: Database, clinic: Clinic) -> Case:
    """A patient who was asked the check-in an hour ago, and a nurse on call."""
    with database.begin() as session:
        add_staff(session, clinic, "n@clinic.example", on_call=True, phone="+15145550150")
        return add_case(session, clinic)
