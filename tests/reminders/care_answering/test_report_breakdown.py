"""The report's breakdown: what groups are, what is counted in them, how sure a share is."""

import pytest

from reminders.care.report_breakdown import MOST_GROUPS, Group, breakdown, wilson
from reminders.care.reports import period_of
from reminders.database import Database
from reminders.models import Clinic
from reminders.models.kinds import Channel, CheckInOutcome, Language
from schedules.lifecycle import State
from tests.conftest import NOW
from tests.reminders.care_answering.builders import add_case, add_message
from tests.reminders.care_answering.reading_side import answer

TODAY = NOW.date()


def groups(database: Database, clinic: Clinic, by: str) -> list[Group]:
    with database.begin() as session:
        return list(breakdown(session, period_of(clinic, TODAY, TODAY), by, Language.EN) or [])


def test_a_lot_is_one_however_it_is_written(database: Database, clinic: Clinic) -> None:
    with database.begin() as session:
        for lot in ("A 12", " a 12", "B7", None):
            case = add_case(session, clinic)
            case.treatment.details = {"cartridge_lot": lot} if lot else {}
            answer(session, case, CheckInOutcome.PERSISTING)
            if lot == "A 12":
                answer(session, case, CheckInOutcome.IMPROVING, 1)
        add_case(session, clinic).treatment.details = {"cartridge_lot": "A 12"}
    found = {group.name: group for group in groups(database, clinic, "cartridge_lot")}
    assert len(found) == 3
    twelve = next(group for group in found.values() if group.sent == 3)
    assert (twelve.answered, twelve.persisting) == (2, 1)
    assert found[""] == Group("", 1, 1, 1)


def test_a_text_and_its_email_are_one_text(database: Database, clinic: Clinic) -> None:
    with database.begin() as session:
        case = add_case(session, clinic)
        add_message(session, case.treatment, case.reminder, state=State.DELIVERED, channel=Channel.EMAIL)
    assert groups(database, clinic, "channel") == [Group("sms", 1, 0, 0)]
    assert groups(database, clinic, "protocol") == [Group("M", 1, 0, 0)]
    assert groups(database, clinic, "provider") == [Group("", 1, 0, 0)]


def test_beyond_the_largest_all_are_one(database: Database, clinic: Clinic) -> None:
    with database.begin() as session:
        for number in range(MOST_GROUPS + 2):
            add_case(session, clinic).treatment.details = {"device": f"device {number:02}"}
    found = groups(database, clinic, "device")
    assert len(found) == MOST_GROUPS + 1
    assert found[-1] == Group(None, 2, 0, 0)


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [
        (0, 20, 0.0, 0.1611),
        (10, 20, 0.2993, 0.7007),
        (20, 20, 0.8389, 1.0),
        (0, 0, 0.0, 1.0),
        (15, 148, 0.0624, 0.1605),
    ],
)
def test_wilson(part: int, whole: int, low: float, high: float) -> None:
    """15 of 148 is the example of Newcombe, Statistics in Medicine 17 (1998)."""
    assert wilson(part, whole) == pytest.approx((low, high), abs=1e-4)
