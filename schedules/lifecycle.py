"""The states of a message and the legal moves between them, as data."""

from collections.abc import Mapping
from enum import StrEnum


class State(StrEnum):
    """Where one message stands. DESIGN, "States of a message"."""

    PLANNED = "planned"
    CLAIMED = "claimed"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    UNKNOWN = "unknown"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"
    EXPIRED = "expired"


_MAY_END = frozenset({State.CANCELLED, State.SKIPPED, State.EXPIRED})

MOVES: Mapping[State, frozenset[State]] = {
    State.PLANNED: frozenset({State.CLAIMED}) | _MAY_END,
    State.CLAIMED: frozenset({State.PLANNED, State.SENDING}) | _MAY_END,
    State.SENDING: frozenset(
        {
            State.PLANNED,
            State.SENT,
            State.DELIVERED,
            State.UNDELIVERED,
            State.FAILED,
            State.UNKNOWN,
        }
    ),
    State.UNKNOWN: frozenset({State.SENT, State.DELIVERED, State.UNDELIVERED, State.PLANNED, State.FAILED}),
    State.SENT: frozenset({State.DELIVERED, State.UNDELIVERED}),
    # Late corrections: a carrier that first said no may say yes days later.
    State.UNDELIVERED: frozenset({State.DELIVERED}),
    State.FAILED: frozenset({State.DELIVERED}),
    State.DELIVERED: frozenset(),
    State.CANCELLED: frozenset(),
    State.SKIPPED: frozenset(),
    State.EXPIRED: frozenset(),
}
"""For each state, the states that a message may move to from it."""

LIVE: frozenset[State] = frozenset({State.PLANNED, State.CLAIMED, State.SENDING, State.SENT, State.UNKNOWN})
"""States in which a message may still reach its person, so no other may stand in for it."""

CANCELLABLE: frozenset[State] = frozenset({State.PLANNED, State.CLAIMED})
"""States from which a message can still be stopped: the provider has not been called."""


def sources(target: State) -> frozenset[State]:
    """The states from which a move to `target` is legal: what belongs in an UPDATE's WHERE."""
    return frozenset(state for state, targets in MOVES.items() if target in targets)


def may_move(current: State, target: State) -> bool:
    """Whether `current -> target` stands in the table."""
    return target in MOVES[current]
