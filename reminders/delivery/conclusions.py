"""What follows from a provider's list: found, ask again, one further try, or a person decides."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, exists, select, update
from sqlalchemy.orm import Session

from reminders.channels.base import Listed
from reminders.channels.opening import SenderIdentity
from reminders.database import keyring_of
from reminders.delivery.happenings import Happening, tell
from reminders.delivery.housekeeping import ASK_AFTER
from reminders.delivery.lookups import far_enough_apart, match
from reminders.delivery.news import News, apply
from reminders.delivery.questions import Question
from reminders.delivery.receipts import subject
from reminders.models import Attempt, Clinic, Message
from reminders.models.kinds import Channel, EventKind, Outcome
from reminders.models.options import OnUnknown, rules_of
from reminders.outbox import NO_WAITING, Move, in_state, move
from schedules.lifecycle import State

LOOKUPS = 2
"""Lookups, ASK_AFTER apart, that must find nothing before a text counts as never accepted. What risk remains, a list
that lags longer, ends in one text too many; a receipt of the first attempt still stops it until it leaves."""

FURTHER_TRIES = 1
"""Tries after an unknown outcome that was not found, unless the clinic wants none; the next one is for a person."""

PATIENCE = timedelta(days=1)
"""How long a provider that does not say is asked."""


_POLLS = tuple(timedelta(hours=hours) for hours in (1, 6, 24, 72))
"""Ages of a sent message without a receipt, each with the wait before the next question; older ones are left be."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A question and what the provider listed; None when it did not say."""

    question: Question
    identity: SenderIdentity
    listed: Sequence[Listed] | None


def conclude(session: Session, answers: Sequence[Answered], now: datetime) -> Counter[str]:
    """Write down what follows; counts by `found`, `again`, `given_up` and `waiting`."""
    taken = _taken(session, answers)
    return Counter(_conclude_one(session, answer, taken, now) for answer in answers)


def _conclude_one(session: Session, answer: Answered, taken: set[str], now: datetime) -> str:
    question = answer.question
    if question.about.state is State.SENT:
        return _polled(session, answer, now)
    found = match(question, answer.listed or (), taken, (answer.identity, keyring_of(session)))
    if found:
        taken.add(found.provider_id)
        _apply(session, question, found, now)
        return "found"
    if answer.listed is None:
        return _given_up(session, question, now) if now - question.since >= PATIENCE else "waiting"
    return _not_found(session, answer, now)


def _not_found(session: Session, answer: Answered, now: datetime) -> str:
    question = answer.question
    counts = far_enough_apart(question.asked_at, now, ASK_AFTER)
    by_text = answer.identity.channel is Channel.SMS
    needed = LOOKUPS if by_text else 1
    if not counts or question.asked + 1 < needed:
        _note_lookup(session, question, now, counted=counts)
        return "waiting"
    if question.not_found >= FURTHER_TRIES or (by_text and _is_for_staff(session, question)):
        return _given_up(session, question, now)
    if move(session, Move(State.PLANNED, now, "not_found"), *_still_unknown(question)):
        _note_lookup(session, question, now, counted=True, outcome=Outcome.NOT_FOUND)
    return "again"


def _is_for_staff(session: Session, question: Question) -> bool:
    """Whether a person decides instead of a further try, as the clinic has set. What cannot wait is always tried."""
    if question.priority <= NO_WAITING:
        return False
    options = session.scalars(select(Clinic.options).where(Clinic.id == question.about.clinic_id)).one()
    return rules_of(options).unknown is OnUnknown.ASK_STAFF


def _given_up(session: Session, question: Question, now: datetime) -> str:
    about = question.about
    if move(session, Move(State.FAILED, now, "unresolved"), *_still_unknown(question)):
        _note_lookup(session, question, now, counted=True, outcome=Outcome.NOT_FOUND)
        detail = {"reason": "unresolved"}
        tell(session, [Happening(EventKind.UNKNOWN, about.clinic_id, about.message_id, about.sender_id, detail)], now)
    return "given_up"


def _polled(session: Session, answer: Answered, now: datetime) -> str:
    """What the provider said of an accepted message; if it still has no more to say, when to ask again."""
    question = answer.question
    found = answer.listed[0] if answer.listed else None
    if found and found.state is not State.SENT:
        _apply(session, question, found, now)
        return "found"
    wait = next((age for age in _POLLS if now - question.since < age), None)
    session.execute(
        update(Message)
        .where(Message.id == question.about.message_id, in_state(State.SENT))
        .values(check_at=now + wait if wait else None),
        execution_options={"synchronize_session": False},
    )
    return "waiting"


def _apply(session: Session, question: Question, found: Listed, now: datetime) -> None:
    """What the provider said, as a receipt would have it: the message locked, and as it stands now."""
    about = subject(session, question.about.attempt_id) or question.about
    apply(session, News(about, found.provider_id, found.state, found.error_code), now)


def _still_unknown(question: Question) -> tuple[ColumnElement[bool], ...]:
    """Nothing has happened since the question was asked: a lookup that took long decides about no later attempt."""
    as_asked = exists().where(Attempt.id == question.about.attempt_id, Attempt.lookups == question.asked)
    return Message.id == question.about.message_id, in_state(State.UNKNOWN), as_asked


def _note_lookup(
    session: Session, question: Question, now: datetime, *, counted: bool, outcome: Outcome | None = None
) -> None:
    if not counted:
        return
    values: dict[str, object] = {"lookups": question.asked + 1, "looked_up_at": now}
    session.execute(
        update(Attempt)
        .where(Attempt.id == question.about.attempt_id, Attempt.lookups == question.asked)
        .values(**values | ({"outcome": outcome} if outcome else {})),
        execution_options={"synchronize_session": False},
    )


def _taken(session: Session, answers: Sequence[Answered]) -> set[str]:
    """The listed ids that attempts have already."""
    ids = {listed.provider_id for answer in answers for listed in answer.listed or ()}
    if not ids:
        return set()
    return set(session.scalars(select(Attempt.provider_id).where(Attempt.provider_id.in_(ids))))
