"""Twilio's codes and words against the SDK's lists and our state table."""

from datetime import timedelta

import pytest
from twilio.rest.api.v2010.account.message import MessageInstance

from reminders.channels.base import Fault
from reminders.channels.twilio_codes import FAULT_BY_CODE, PAUSE_BY_CODE, STATE_BY_STATUS, fault, state
from schedules.lifecycle import State, may_move

INBOUND = {"receiving", "received"}


def test_every_word_that_the_sdk_knows_has_a_state() -> None:
    words = {word for name, word in vars(MessageInstance.Status).items() if not name.startswith("_")}
    assert set(STATE_BY_STATUS) == words - INBOUND


@pytest.mark.parametrize("status", STATE_BY_STATUS)
def test_every_state_can_be_reached_once_twilio_has_accepted(status: str) -> None:
    assert STATE_BY_STATUS[status] is State.SENT or may_move(State.SENT, STATE_BY_STATUS[status])


def test_an_unknown_word_is_no_news() -> None:
    assert state("teleported") is State.SENT
    assert state(None) is State.SENT


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (400, "21610", Fault.OPTED_OUT),
        (400, "21211", Fault.PERMANENT),
        (400, "21614", Fault.PERMANENT),
        (400, "21606", Fault.SENDER),
        (400, "21408", Fault.PERMANENT),
        (400, "30034", Fault.SENDER),
        (400, "21611", Fault.RETRY),
        (400, "99999", Fault.PERMANENT),
        (400, "", Fault.PERMANENT),
        (401, "20003", Fault.SENDER),
        (403, "", Fault.SENDER),
        (404, "20404", Fault.SENDER),
        (307, "", Fault.SENDER),
        # The status has the first word: a 429 was not processed, a 5xx may have been.
        (429, "21211", Fault.RETRY),
        (429, "63038", Fault.RETRY),
        (408, "", Fault.UNKNOWN),
        (500, "21211", Fault.UNKNOWN),
        (503, "20429", Fault.UNKNOWN),
    ],
)
def test_faults(status: int, code: str, expected: Fault) -> None:
    assert fault(status, code) is expected


def test_no_code_is_unknown_and_those_with_a_pause_are_tried_again() -> None:
    assert Fault.UNKNOWN not in FAULT_BY_CODE.values()
    assert all(FAULT_BY_CODE[code] is Fault.RETRY for code in PAUSE_BY_CODE)
    assert all(pause > timedelta(0) for pause in PAUSE_BY_CODE.values())
