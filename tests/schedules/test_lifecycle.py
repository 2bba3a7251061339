"""The table of legal moves: what can be reached, what is final, and what may never come back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules.lifecycle import CANCELLABLE, LIVE, MOVES, State, may_move, sources

FINAL = {State.DELIVERED, State.CANCELLED, State.SKIPPED, State.EXPIRED}
PROVIDER_HAS_IT = {State.SENT, State.DELIVERED, State.UNDELIVERED, State.FAILED}


def reachable(start: State) -> set[State]:
    """Every state that some sequence of moves leads to from `start`, but for `start` itself unless it comes back."""
    found: set[State] = set()
    edge = {start}
    while edge:
        edge = {target for state in edge for target in MOVES[state]} - found
        found |= edge
    return found


@st.composite
def lives(draw: st.DrawFn) -> list[State]:
    """The states of one message, from planned on, by any legal moves."""
    life = [State.PLANNED]
    for _ in range(draw(st.integers(0, 30))):
        targets = sorted(MOVES[life[-1]])
        life += [draw(st.sampled_from(targets))] if targets else []
    return life


def test_the_table_speaks_of_every_state() -> None:
    assert set(MOVES) == set(State)


def test_every_state_can_be_reached_from_planned() -> None:
    assert reachable(State.PLANNED) == set(State)


def test_the_final_states_are_these() -> None:
    assert {state for state, targets in MOVES.items() if not targets} == FINAL


@pytest.mark.parametrize("state", list(State))
def test_every_message_can_still_come_to_an_end(state: State) -> None:
    assert state in FINAL or reachable(state) & FINAL


@pytest.mark.parametrize("state", list(State))
def test_no_state_moves_to_itself(state: State) -> None:
    assert not may_move(state, state)


@pytest.mark.parametrize("state", sorted(PROVIDER_HAS_IT))
def test_what_a_provider_took_or_refused_for_good_is_never_sent_again(state: State) -> None:
    again = {State.PLANNED, State.CLAIMED, State.SENDING, State.UNKNOWN, State.CANCELLED, State.SKIPPED, State.EXPIRED}
    assert not reachable(state) & again


def test_only_a_claim_leads_to_a_call_and_only_a_call_to_the_unknown() -> None:
    assert sources(State.CLAIMED) == {State.PLANNED}
    assert sources(State.SENDING) == {State.CLAIMED}
    assert sources(State.UNKNOWN) == {State.SENDING}


@pytest.mark.parametrize("ending", [State.CANCELLED, State.SKIPPED, State.EXPIRED])
def test_only_what_no_provider_has_seen_can_be_stopped(ending: State) -> None:
    assert sources(ending) == CANCELLABLE == {State.PLANNED, State.CLAIMED}


def test_what_is_no_longer_live_never_comes_alive_again() -> None:
    """Else a text and the e-mail that stands in for it could both go."""
    for state in set(State) - LIVE:
        assert not reachable(state) & LIVE


@given(st.sampled_from(State), st.sampled_from(State))
def test_sources_and_moves_tell_the_same(current: State, target: State) -> None:
    assert (current in sources(target)) is may_move(current, target) is (target in MOVES[current])


@given(lives())
def test_in_any_life_there_is_one_delivery_at_most_and_nothing_after_it(life: list[State]) -> None:
    assert life.count(State.DELIVERED) <= 1
    assert State.DELIVERED not in life[:-1]


@given(lives())
def test_in_any_life_each_call_follows_a_claim_of_its_own(life: list[State]) -> None:
    calls = [position for position, state in enumerate(life) if state is State.SENDING]
    assert all(life[position - 1] is State.CLAIMED for position in calls)
    if State.SENT in life:
        assert State.SENDING not in life[life.index(State.SENT) :]
