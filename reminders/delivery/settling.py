"""Writing a group's answers down, in one transaction, with what they cause."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from reminders.bulk import among
from reminders.channels.base import Accepted, Fault
from reminders.channels.twilio_codes import TOO_FAST
from reminders.delivery import pacing, spending
from reminders.delivery.calls import Answer, Refusal
from reminders.delivery.happenings import Happening, tell
from reminders.delivery.prepare import Call, Work
from reminders.delivery.verdicts import EVENT_OF, Moment, after_all, settlement
from reminders.models import Attempt, Message
from reminders.models.kinds import EventKind, Outcome
from reminders.outbox import Settlement, settle
from schedules.lifecycle import State


@dataclass(frozen=True, slots=True)
class Settled:
    """A group's sum: how many went where, and whether its sender must rest."""

    sent: int
    failed: int
    unknown: int
    again: int
    must_rest: bool


@dataclass(frozen=True, slots=True)
class Answers:
    """The calls of a group, their answers in the same order, and whether the provider can be asked later."""

    work: Work
    calls: Sequence[Call]
    given: Sequence[Answer]
    can_look_up: bool


def write_down(session: Session, answers: Answers, now: datetime) -> Settled:
    """Settle the group. Harmless when repeated: every UPDATE asks for the state that the call left behind."""
    # One jitter a group keeps the number of statements fixed; other groups draw their own.
    at = Moment(now, answers.can_look_up, random.random())  # noqa: S311  spreads load, guards nothing
    meant = [settlement(call, given, at) for call, given in zip(answers.calls, answers.given, strict=True)]
    settlements = _but_taken_before(session, answers.calls, meant, now)
    refused = [one.attempt_id for one in settlements if one.outcome in _NOT_TAKEN]
    spending.refund(session, answers.work.sender, refused, answers.work.now)
    moved = settle(session, settlements, answers.work.group.token, now)
    happenings = [
        happening
        for call, one in zip(answers.calls, settlements, strict=True)
        if one.message_id in moved and (happening := _happening(call, one, answers.work))
    ]
    tell(session, happenings, now)
    must_rest = _pace(session, answers, now)
    return _sum(settlements, must_rest=must_rest)


_NOT_TAKEN = frozenset({Outcome.RETRY, Outcome.REFUSED})
_NEWS_OF_THE_PERSON = frozenset({EventKind.OPTED_OUT_BY_CARRIER})
_LOCKED = select(Message.id).where(among(Message.id, "ids")).with_for_update(key_share=True)
_ACCEPTED = select(Attempt.message_id).where(among(Attempt.message_id, "ids"), Attempt.outcome == Outcome.ACCEPTED)


def _but_taken_before(
    session: Session, calls: Sequence[Call], settlements: Sequence[Settlement], now: datetime
) -> Sequence[Settlement]:
    """Without an end or a further try for what the provider has taken at an earlier call, as news says that came during
    this one. That the person has opted out there is news all the same.

    Locked before it is asked, as news locks: what comes later finds the message waiting, and ends the wait.
    """
    further = [
        one.message_id
        for call, one in zip(calls, settlements, strict=True)
        if call.number > 1 and one.outcome in _NOT_TAKEN and EVENT_OF.get(one.reason) not in _NEWS_OF_THE_PERSON
    ]
    if not further:
        return settlements
    connection = session.connection()
    connection.execute(_LOCKED, {"ids": further})
    accepted = set(connection.execute(_ACCEPTED, {"ids": further}).scalars())
    return [after_all(one, now) if one.message_id in accepted else one for one in settlements]


def _happening(call: Call, one: Settlement, work: Work) -> Happening | None:
    kind = EventKind.UNDELIVERED if one.target is State.UNDELIVERED else EVENT_OF.get(one.reason)
    if kind is None:
        return None
    detail = {"reason": one.reason, "code": one.error_code}
    return Happening(kind, call.clinic_id, one.message_id, work.sender.id, detail)


def _pace(session: Session, answers: Answers, now: datetime) -> bool:
    """Let the sender rest if an answer says that all its messages would fail, or come too fast; whether it must."""
    troubles = [one for one in answers.given if isinstance(one, Refusal) and one.fault is Fault.SENDER]
    sender = answers.work.sender
    if troubles:
        rest = troubles[0].retry_after or pacing.PAUSE
        pacing.pause(session, (sender.clinic_id, sender.id), troubles[0].code, now, rest)
        return True
    too_fast = [one for one in answers.given if isinstance(one, Refusal) and one.code in TOO_FAST]
    if too_fast:
        pacing.slow_down(session, sender.id, now, too_fast[0].retry_after)
    if sender.has_rested and any(isinstance(one, Accepted) for one in answers.given):
        pacing.resume(session, sender.id, now)
    return bool(too_fast)


def _sum(settlements: Sequence[Settlement], *, must_rest: bool) -> Settled:
    targets = [one.target for one in settlements]
    return Settled(
        sent=sum(target in {State.SENT, State.DELIVERED} for target in targets),
        failed=sum(target in {State.FAILED, State.UNDELIVERED} for target in targets),
        unknown=targets.count(State.UNKNOWN),
        again=targets.count(State.PLANNED),
        must_rest=must_rest,
    )
