"""What an answer means for its message, as data and pure functions."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from reminders.channels.base import Accepted, Fault
from reminders.channels.twilio_codes import ABOUT_ONE_MESSAGE
from reminders.delivery.calls import Answer, Refusal
from reminders.delivery.housekeeping import ASK_AFTER
from reminders.delivery.prepare import Call
from reminders.models.kinds import EventKind, Outcome
from reminders.outbox import Settlement
from schedules.backoff import FailureKind, next_try
from schedules.lifecycle import State

POLL_AFTER = timedelta(minutes=15)
"""How long an accepted message may stay without a receipt before its provider is asked."""

ACCEPTED_AFTER_ALL = "accepted_after_all"
"""The reason of a move that an earlier call's acceptance, learnt late, brings about."""


@dataclass(frozen=True, slots=True)
class _Meaning:
    target: State
    outcome: Outcome
    reason: str
    event: EventKind | None = None


MEANINGS: Mapping[Fault, _Meaning] = {
    Fault.RETRY: _Meaning(State.PLANNED, Outcome.RETRY, "retry"),
    Fault.SENDER: _Meaning(State.PLANNED, Outcome.RETRY, "sender_paused"),
    Fault.PERMANENT: _Meaning(State.FAILED, Outcome.REFUSED, "refused", EventKind.FAILED),
    Fault.OPTED_OUT: _Meaning(State.FAILED, Outcome.REFUSED, "opted_out_by_carrier", EventKind.OPTED_OUT_BY_CARRIER),
    Fault.UNKNOWN: _Meaning(State.UNKNOWN, Outcome.UNKNOWN, "no_answer"),
}

_GAVE_UP = _Meaning(State.FAILED, Outcome.RETRY, "gave_up", EventKind.FAILED)

EVENT_OF: Mapping[str, EventKind] = {
    meaning.reason: meaning.event for meaning in (*MEANINGS.values(), _GAVE_UP) if meaning.event
}
"""The event that a settlement with this reason causes, if its message really moved."""

_SAID_AT_ONCE = frozenset({State.SENT, State.DELIVERED, State.UNDELIVERED, State.FAILED})


@dataclass(frozen=True, slots=True)
class Moment:
    """When the answers came, whether their provider can be asked later, and the jitter for what is tried again."""

    now: datetime
    can_look_up: bool
    jitter: float


def settlement(call: Call, answer: Answer, at: Moment) -> Settlement:
    """Where the message goes after this answer."""
    if isinstance(answer, Accepted):
        return _accepted(call, answer, at)
    meaning, due = MEANINGS[answer.fault], None
    tries = call.tries + (answer.fault is Fault.RETRY)
    if answer.fault is Fault.RETRY:
        due = _next(tries, answer, at)
        meaning = meaning if due else _GAVE_UP
    elif answer.fault is Fault.SENDER and answer.code in ABOUT_ONE_MESSAGE:
        # What the sender's rest does not hold back must not be called again and again either.
        due = _next(1, answer, at)
    return Settlement(
        message_id=call.message_id,
        attempt_id=call.outgoing.attempt_id,
        target=meaning.target,
        outcome=meaning.outcome,
        reason=meaning.reason,
        error_code=answer.code,
        due_at=due,
        tries=tries,
        check_at=at.now + ASK_AFTER if meaning.target is State.UNKNOWN else None,
    )


def after_all(refused: Settlement, now: datetime) -> Settlement:
    """The same for a message that its provider took at an earlier call: to be followed instead of tried again."""
    check_at = now + POLL_AFTER
    return replace(refused, target=State.SENT, reason=ACCEPTED_AFTER_ALL, due_at=None, check_at=check_at)


def _accepted(call: Call, answer: Accepted, at: Moment) -> Settlement:
    return Settlement(
        message_id=call.message_id,
        attempt_id=call.outgoing.attempt_id,
        target=answer.state if answer.state in _SAID_AT_ONCE else State.SENT,
        outcome=Outcome.ACCEPTED,
        provider_id=answer.provider_id,
        check_at=at.now + POLL_AFTER if at.can_look_up else None,
    )


def _next(tries: int, refusal: Refusal, at: Moment) -> datetime | None:
    due = next_try(FailureKind.TRANSIENT, tries, at.now, at.jitter)
    wished = at.now + (refusal.retry_after or timedelta(0))
    return max(due, wished) if due else None
