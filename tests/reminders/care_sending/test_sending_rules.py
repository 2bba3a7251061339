"""A clinic's sending rules: typed, kept, noted; what nobody could have set changes nothing.

Seen to fail when: 0 segments counted as no maximum; one rule's change set the other to its default.
"""

from typing import Any

import pytest
from sqlalchemy import select

from reminders.care.actors import Actor
from reminders.care.sending_rules import TypedRules, set_rules
from reminders.database import Database
from reminders.errors import InvalidInputError, Problem
from reminders.models import Audit, Clinic
from reminders.models.kinds import Language
from reminders.models.options import OnUnknown, SendingRules, rules_of
from tests.conftest import NOW


def change(database: Database, clinic: Clinic, *typed: str | None) -> SendingRules:
    """Somebody sets the rules."""
    with database.begin(clinic.id) as session:
        return set_rules(session, Actor(clinic.id, "form"), clinic, TypedRules(*typed), NOW)


def kept(database: Database, clinic: Clinic) -> SendingRules:
    """The rules as they are stored."""
    with database.read() as session:
        return rules_of(session.get_one(Clinic, clinic.id).options)


def test_each_rule_is_set_by_itself_and_noted(database: Database, clinic: Clinic) -> None:
    assert kept(database, clinic) == SendingRules(OnUnknown.TRY_AGAIN, None)
    change(database, clinic, "ask_staff", None)
    change(database, clinic, None, " 0 ")
    assert kept(database, clinic) == change(database, clinic) == SendingRules(OnUnknown.ASK_STAFF, 0)
    assert change(database, clinic, None, "none") == change(database, clinic, None, "")
    assert kept(database, clinic) == SendingRules(OnUnknown.ASK_STAFF, None)
    with database.read() as session:
        notes = [note.detail for note in session.scalars(select(Audit).order_by(Audit.id))]
    assert sorted(notes, key=str) == sorted(
        [
            {"source": "form", "unknown": "ask_staff"},
            {"source": "form", "monthly_segments": 0},
            {"source": "form", "monthly_segments": None},
        ],
        key=str,
    )


def test_other_options_stay(database: Database, clinic: Clinic) -> None:
    with database.begin() as session:
        session.get_one(Clinic, clinic.id).options = {"other": 1}
    change(database, clinic, "ask_staff", "5")
    with database.read() as session:
        assert session.get_one(Clinic, clinic.id).options["other"] == 1


@pytest.mark.parametrize(
    ("typed", "problems"),
    [
        (("perhaps", None), {"unknown": Problem("choice_unknown", choices="try_again, ask_staff")}),
        ((None, "-1"), {"monthly_segments": Problem("number_outside", limit="0 – 10000000")}),
        ((None, "²"), {"monthly_segments": Problem("not_a_number")}),
        ((None, "9" * 5000), {"monthly_segments": Problem("number_outside", limit="0 – 10000000")}),
        ((None, "10000001"), {"monthly_segments": Problem("number_outside", limit="0 – 10000000")}),
    ],
)
def test_what_cannot_be_is_refused(
    database: Database, clinic: Clinic, typed: tuple[str | None, str | None], problems: dict[str, Problem]
) -> None:
    with pytest.raises(InvalidInputError) as refused:
        change(database, clinic, *typed)
    assert refused.value.problems == problems
    assert kept(database, clinic) == SendingRules()


@pytest.mark.parametrize(
    "sending",
    [None, [], {"unknown": ["ask_staff"]}, {"unknown": "x", "monthly_segments": "5"}, {"monthly_segments": -1}],
)
def test_options_that_nobody_could_have_set_hold_nothing_up(sending: Any) -> None:
    assert rules_of({"sending": sending}) == rules_of({}) == SendingRules()


EN, FR = "Mon-Fri 9:00-17:00", "lun-ven 9 h-17 h"


def test_hours_are_given_in_both_languages_and_taken_back(database: Database, clinic: Clinic) -> None:
    """Seen to fail when changing another rule forgot them."""

    def after(**typed: str) -> tuple[str, ...]:
        with database.begin() as session:
            stored = session.get_one(Clinic, clinic.id)
            rules = set_rules(session, Actor(clinic.id, "command"), stored, TypedRules(**typed), NOW)
        return tuple(rules.hours(language) for language in Language)

    assert after(hours_en=f"  {EN} ", hours_fr=FR) == after(unknown="ask_staff") == (EN, FR)
    assert after(hours_en="", hours_fr="") == ("", "")


@pytest.mark.parametrize(
    ("hours", "problems"),
    [
        ((EN, ""), {"hours_fr": Problem("hours_in_one_language")}),
        ((None, FR), {"hours_en": Problem("hours_in_one_language")}),
        ((EN, "x" * 61), {"hours_fr": Problem("too_long", limit="60")}),
        ((EN, "a\nb"), {"hours_fr": Problem("control_characters")}),
        ((EN, "lun\u2013ven, fêtes"), {"hours_fr": Problem("dear_characters", characters="ê \u2013")}),
    ],
)
def test_hours_that_make_texts_dearer_or_one_language_poorer_are_refused(
    database: Database, clinic: Clinic, hours: tuple[str | None, str], problems: dict[str, Problem]
) -> None:
    with pytest.raises(InvalidInputError) as refused:
        change(database, clinic, None, None, *hours)
    assert refused.value.problems == problems
    assert kept(database, clinic) == SendingRules()
