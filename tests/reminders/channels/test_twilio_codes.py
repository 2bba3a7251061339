"""Twilio's codes and words against the SDK's lists and our state table."""

from datetime import timedelta

import pytest
from twilio.rest.api.v2010.account.message import MessageInstance

from reminders.channels.base import Fault
from reminders.channels.twilio_codes import (
    ABOUT_ONE_MESSAGE,
    FAULT_BY_CODE,
    PAUSE_BY_CODE,
    STATE_BY_STATUS,
    TOO_FAST,
    fault,
    may_get_through,
    state,
)
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
        # The daily cap meets all of the account's messages until it passes.
        (429, "63038", Fault.SENDER),
        (400, "63038", Fault.SENDER),
        (408, "", Fault.UNKNOWN),
        (500, "21211", Fault.UNKNOWN),
        (503, "20429", Fault.UNKNOWN),
    ],
)
def test_faults(status: int, code: str, expected: Fault) -> None:
    assert fault(status, code) is expected


def test_no_code_is_unknown_and_those_with_a_pause_burn_nothing_for_good() -> None:
    assert Fault.UNKNOWN not in FAULT_BY_CODE.values()
    assert all(FAULT_BY_CODE[code] in {Fault.RETRY, Fault.SENDER} for code in PAUSE_BY_CODE)
    assert all(pause > timedelta(0) for pause in PAUSE_BY_CODE.values())


def test_what_went_too_fast_is_tried_again_and_pauses_nobody() -> None:
    assert {FAULT_BY_CODE[code] for code in TOO_FAST} == {Fault.RETRY}
    assert TOO_FAST < ABOUT_ONE_MESSAGE


@pytest.mark.parametrize(
    ("code", "further"),
    [(code, True) for code in ("30001", "30003", "30008", "30022", "63038")]
    + [(code, False) for code in ("", "30004", "30005", "30006", "30007", "21610", "99999")],
)
def test_after_which_receipts_a_further_text_may_get_through(code: str, further: bool) -> None:
    assert may_get_through(code) is further
