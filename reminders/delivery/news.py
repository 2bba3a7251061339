"""What a provider says of one attempt, applied by the table of states: repeated, early, late or out of order."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, bindparam, exists, func, or_, update
from sqlalchemy.orm import Session, aliased

from reminders.channels.base import Fault
from reminders.channels.twilio_codes import FAULT_BY_CODE, PAUSE_BY_CODE, TOO_FAST
from reminders.database import core_table
from reminders.delivery import pacing
from reminders.delivery.happenings import Happening, tell
from reminders.delivery.verdicts import ACCEPTED_AFTER_ALL, POLL_AFTER
from reminders.models import Attempt, Message
from reminders.models.kinds import EventKind, Outcome
from reminders.outbox import Move, call_off_successors, in_state, move
from schedules.lifecycle import CANCELLABLE, State


@dataclass(frozen=True, slots=True)
class Subject:
    """The attempt that the news is about, with its message and the state that this was in when it was read."""

    attempt_id: uuid.UUID
    number: int
    message_id: uuid.UUID
    clinic_id: uuid.UUID
    sender_id: uuid.UUID
    state: State


@dataclass(frozen=True, slots=True)
class News:
    """The provider knows the attempt as `provider_id` and says that it is in `state` (SENT, DELIVERED, UNDELIVERED)."""

    about: Subject
    provider_id: str
    state: State
    error_code: str = ""


def apply(session: Session, news: News, now: datetime) -> None:
    """Move the message as far as the news proves, write the events, and note the provider's id with the attempt.

    Delivery is proof whichever attempt it was. Other news of an attempt moves nothing if a newer one may have left.
    """
    if news.state is State.UNDELIVERED:
        _undelivered(session, news, now)
    elif news.state in {State.SENT, State.DELIVERED}:
        if news.about.state in CANCELLABLE:
            _take_back(session, news, now)
        _accepted(session, news, now)
    _note(session, news, now)


def _accepted(session: Session, news: News, now: datetime) -> None:
    about = news.about
    arrived = {"sent_at": func.coalesce(Message.sent_at, now), "delivered_at": now}
    if news.state is State.SENT:
        sent = Move(State.SENT, now, also={"sent_at": now, "check_at": now + POLL_AFTER})
        move(session, sent, Message.id == about.message_id, _none_followed(about))
        return
    delivered = Move(State.DELIVERED, now, also=arrived)
    ended = in_state(State.UNDELIVERED, State.FAILED)
    if move(session, delivered, Message.id == about.message_id, ended):
        call_off_successors(session, about.message_id, "delivered_late", now)
        tell(session, [_happening(EventKind.DELIVERED_LATE, news)], now)
    else:
        move(session, delivered, Message.id == about.message_id)


def _undelivered(session: Session, news: News, now: datetime) -> None:
    about = news.about
    change = Move(State.UNDELIVERED, now, "undelivered")
    if not move(session, change, Message.id == about.message_id, _none_followed(about)):
        return
    fault, code = FAULT_BY_CODE.get(news.error_code), news.error_code
    kind = EventKind.OPTED_OUT_BY_CARRIER if fault is Fault.OPTED_OUT else EventKind.UNDELIVERED
    tell(session, [_happening(kind, news)], now)
    if fault is Fault.SENDER:
        rest = PAUSE_BY_CODE.get(code, pacing.PAUSE)
        pacing.pause(session, (about.clinic_id, about.sender_id), code, now, rest)
    elif code in TOO_FAST:
        pacing.slow_down(session, about.sender_id, now, PAUSE_BY_CODE.get(code))


def _take_back(session: Session, news: News, now: datetime) -> None:
    """A message that waits for a further try although an earlier one was accepted after all: end the wait.

    It goes the legal way, claimed and sending, without a call; a worker that has just claimed it finds it gone.
    """
    here = [Message.id == news.about.message_id]
    if news.state is not State.DELIVERED:
        here.append(_none_followed(news.about))
    for target in (State.CLAIMED, State.SENDING):
        move(session, Move(target, now, ACCEPTED_AFTER_ALL), in_state(_BEFORE[target]), *here)


_BEFORE = {State.CLAIMED: State.PLANNED, State.SENDING: State.CLAIMED}


_MAY_HAVE_LEFT = (Outcome.UNKNOWN, Outcome.ACCEPTED)


def _none_followed(about: Subject) -> ColumnElement[bool]:
    """No newer attempt may have left. One that was refused, or is to be tried again, never did."""
    newer = aliased(Attempt)
    may_have_left = or_(newer.outcome.is_(None), newer.outcome.in_(_MAY_HAVE_LEFT))
    return ~exists().where(newer.message_id == about.message_id, newer.number > about.number, may_have_left)


NOTE = (
    update(core_table(Attempt))
    .where(Attempt.id == bindparam("attempt"))
    .values(
        finished_at=func.coalesce(Attempt.finished_at, bindparam("now", type_=Attempt.finished_at.type)),
        outcome=Outcome.ACCEPTED,
        provider_id=func.coalesce(Attempt.provider_id, bindparam("known_as", type_=Attempt.provider_id.type)),
        error_code=func.coalesce(func.nullif(bindparam("code", type_=Attempt.error_code.type), ""), Attempt.error_code),
    )
)
"""Any news at all proves that the provider took the attempt."""


def _note(session: Session, news: News, now: datetime) -> None:
    given = {"attempt": news.about.attempt_id, "now": now, "known_as": news.provider_id, "code": news.error_code[:32]}
    session.connection().execute(NOTE, given)


def _happening(kind: EventKind, news: News) -> Happening:
    return Happening(kind, news.about.clinic_id, news.about.message_id, news.about.sender_id, {"code": news.error_code})
