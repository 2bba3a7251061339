"""A clinic's follow-up rules: what can be set, where it stands, and who is told.

Seen to fail when the limits were not looked at, and when what was not typed went back to its default.
"""

from typing import Any

import pytest
from sqlalchemy import select

from reminders.care.actors import Actor
from reminders.care.follow_up_settings import set_follow_up
from reminders.database import Database
from reminders.errors import InvalidInputError
from reminders.models import Audit, Clinic
from reminders.models.follow_up_rules import FollowUpRules, follow_up_rules
from tests.conftest import NOW


def change(database: Database, clinic: Clinic, **typed: str) -> FollowUpRules:
    with database.begin() as session:
        return set_follow_up(session, Actor(clinic.id, "form"), clinic, typed, NOW)


def test_what_is_not_typed_stays(database: Database, clinic: Clinic) -> None:
    change(database, clinic, nudge_hours="48")
    assert change(database, clinic, second_look_days="3") == FollowUpRules(nudge_hours=48, second_look_days=3)
    assert change(database, clinic) == FollowUpRules(nudge_hours=48, second_look_days=3)
    with database.read() as session:
        kept = session.scalars(select(Clinic.options)).one()
        noted = session.scalars(select(Audit.detail).order_by(Audit.id)).all()
    assert follow_up_rules(kept) == FollowUpRules(nudge_hours=48, second_look_days=3)
    assert noted == [{"source": "form", "nudge_hours": 48}, {"source": "form", "second_look_days": 3}]


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ({"nudge_hours": "0"}, "number_outside"),
        ({"call_hours": "97"}, "number_outside"),
        ({"second_look_days": "8"}, "number_outside"),
        ({"answer_minutes": "9" * 5000}, "number_outside"),
        ({"answer_minutes": "soon"}, "not_a_number"),
        ({"nudge_hours": ""}, "not_a_number"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_changes(
    database: Database, clinic: Clinic, typed: dict[str, str], key: str
) -> None:
    with pytest.raises(InvalidInputError) as refused:
        change(database, clinic, **typed)
    assert [problem.key for problem in refused.value.problems.values()] == [key]
    with database.read() as session:
        assert follow_up_rules(session.scalars(select(Clinic.options)).one()) == FollowUpRules()


@pytest.mark.parametrize("kept", [None, [], "x", {"nudge_hours": "48"}, {"nudge_hours": True}, {"nudge_hours": 9999}])
def test_what_nobody_could_have_set_is_the_default(kept: Any) -> None:
    assert follow_up_rules({"follow_up": kept}) == FollowUpRules()
