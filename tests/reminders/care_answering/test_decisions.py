"""A reading and a situation in, effects out: the table, and what holds for every pair of labels."""

import pytest

from reminders.care.decisions import decide_effects
from reminders.care.effects import Effect, OfferConsult, OpenTicket, SendAnswer, SendSafety, Situation, StopMessages
from reminders.models.kinds import TicketKind
from reminders.triage import Label, Reading
from tests.reminders.care_answering.decision_table import (
    ASKED,
    PHOTO,
    SHARED,
    STRANGER,
    TABLE,
    UNASKED,
    VOICE,
    reading,
)


@pytest.mark.parametrize(("read", "situation", "effects"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_table(read: Reading, situation: Situation, effects: list[Effect]) -> None:
    assert decide_effects(read, situation) == effects


@pytest.mark.parametrize("label", list(Label))
@pytest.mark.parametrize("situation", [ASKED, UNASKED, STRANGER, SHARED, VOICE, PHOTO])
def test_nothing_comes_before_a_red_flag_and_no_advice_beside_it(label: Label, situation: Situation) -> None:
    effects = decide_effects(reading(Label.URGENT, label, tier="urgent"), situation)
    assert isinstance(effects[0], SendSafety)
    assert isinstance(effects[1], OpenTicket)
    assert effects[1].kind is TicketKind.RED_FLAG
    assert not [effect for effect in effects if isinstance(effect, SendAnswer | OfferConsult)]


@pytest.mark.parametrize("first", list(Label))
@pytest.mark.parametrize("second", list(Label))
@pytest.mark.parametrize("situation", [ASKED, UNASKED, STRANGER, SHARED, VOICE, PHOTO])
def test_at_most_one_text_answers_and_a_stop_always_stops(first: Label, second: Label, situation: Situation) -> None:
    effects = decide_effects(reading(first, second), situation)
    assert len([effect for effect in effects if isinstance(effect, SendAnswer | SendSafety)]) <= 1
    if Label.STOP in (first, second):
        assert [effect for effect in effects if isinstance(effect, StopMessages)]
