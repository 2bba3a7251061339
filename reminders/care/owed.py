"""Deciding, purely, what must happen to a treatment's reminders for them to say what is now wanted."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from reminders.care.joining import JOINED, PARTED
from reminders.care.owed_values import Carried, Intents, Row, Terms
from reminders.models.kinds import Channel, ReminderState
from schedules.lifecycle import CANCELLABLE, State
from schedules.plan import Plan, PlannedStep, SkippedStep
from schedules.replan import DONE, OPEN, Changes, Existing, replan

__all__ = ["ADDRESS_FAILED", "NOT_IN_PROTOCOL", "OPTED_OUT", "Carried", "Intents", "Row", "Terms", "decide"]

NOT_IN_PROTOCOL = "not_in_protocol"

OPTED_OUT = "opted_out"
"""Why a message was cancelled that an opt-out called off."""

ADDRESS_FAILED = "address_failed"
"""Why a message was cancelled that would have gone to an address at which this step has failed already."""

_NOWHERE = frozenset({State.CANCELLED, State.SKIPPED, State.EXPIRED})
"""A message in one of these reached nobody, so the step may be owed anew."""

_LOST = frozenset({State.FAILED, State.UNDELIVERED})
"""A message in one of these did not arrive where it went: the step may be owed anew at another address."""


def decide(rows: Sequence[Row], wanted: Plan, terms: Terms, now: datetime) -> Intents:
    """How to get from `rows` to `wanted` under `terms`, seen from `now` (UTC).

    What was sent, or may have been, stays. What staff cancelled stays cancelled, and so does what an opt-out called
    off, unless the patient agreed to the channel afterwards: a STOP is not answered with an e-mail. A step skipped for
    want of consent comes back as a further round once there is one, if it is still useful. So does one that did not
    arrive, once the patient's address is another; no address is tried twice for one step. What still waits is sent in
    the words of `terms.version`, but for a further round of a step that is done: that would be the step once more.
    """
    changes = replan([_existing(row, rows, terms) for row in rows], wanted)
    known = {row.step for row in rows}
    skipped = {step.step.key: step.reason for step in wanted.skipped}
    stop = [(_find(rows, gone), skipped.get(gone.key, NOT_IN_PROTOCOL)) for gone in changes.cancel]
    skip: list[tuple[PlannedStep | SkippedStep, str]] = [
        (step, step.reason) for step in wanted.skipped if step.step.key not in known
    ]
    stop += [(row, ADDRESS_FAILED) for row in rows if _is_spent(row, rows, terms) and not row.follows]
    standing = _standing(rows, wanted, changes)
    if terms.channel is None:
        stop += [(row, terms.reason) for row, _ in standing]
        stop += [(row, terms.reason) for row in rows if row.follows and row.open_messages]
        skip += [(new.planned, terms.reason) for new in changes.add if new.planned.step.key not in known]
        return Intents(stop=tuple(stop), skip=tuple(skip))
    done = {existing.key for existing in changes.keep if existing.state == DONE}
    fitting = {row.reminder_id for row, _ in standing if _fits(row, terms, is_done=row.step in done)}
    return Intents(
        stop=tuple(stop),
        move=tuple((row, to) for row, to in standing if row.reminder_id in fitting and _is_elsewhere(row, to, now)),
        replace=tuple((row, to) for row, to in standing if row.reminder_id not in fitting),
        add=tuple(new for new in changes.add if not _is_called_off(rows, new.planned.step.key, terms)),
        skip=tuple(skip),
        reword=tuple(row for row in rows if _is_outdated(row, terms)),
    )


def _existing(row: Row, rows: Iterable[Row], terms: Terms) -> Existing:
    return Existing(row.step, row.round, row.due_at, _state(row, rows, terms))


def _state(row: Row, rows: Iterable[Row], terms: Terms) -> str:
    if row.state is not ReminderState.OWED:
        return row.state.value
    states = {message.state for message in row.messages}
    if row.follows:
        return "done" if states - _NOWHERE else "skipped"
    anew = _is_readdressed(row, rows, terms) or _is_stranded(row, terms)
    nowhere = _NOWHERE | _LOST if anew else _NOWHERE
    if states - nowhere - CANCELLABLE:
        return DONE
    return OPEN if states & CANCELLABLE else "skipped"


def _is_readdressed(row: Row, rows: Iterable[Row], terms: Terms) -> bool:
    """Whether the row did not arrive at an address that the patient has since changed for one not tried yet."""
    was_there = any(message.channel is terms.channel and message.address for message in _lost([row]))
    return bool(terms.address) and was_there and terms.address not in _tried(rows, row.step)


def _is_stranded(row: Row, terms: Terms) -> bool:
    """Whether the row waits for a further text although the patient can no longer be written to by text."""
    waits_for_a_text = any(message.channel is Channel.SMS for message in row.open_messages)
    return waits_for_a_text and terms.channel is not Channel.SMS


def _is_spent(row: Row, rows: Sequence[Row], terms: Terms) -> bool:
    """Whether the row is a further round that would go to an address at which an earlier one failed."""
    others = [other for other in rows if other.round < row.round]
    going = any(message.channel is terms.channel for message in row.open_messages)
    return row.state is ReminderState.OWED and going and terms.address in _tried(others, row.step)


def _tried(rows: Iterable[Row], step: str) -> set[str]:
    return {message.address for message in _lost(row for row in rows if row.step == step) if message.address}


def _lost(rows: Iterable[Row]) -> list[Carried]:
    return [message for row in rows for message in row.messages if message.state in _LOST]


def _standing(rows: Sequence[Row], wanted: Plan, changes: Changes) -> list[tuple[Row, PlannedStep]]:
    """The open rows that are still wanted, each with what is wanted of it."""
    targets = {planned.step.key: planned for planned in wanted.planned}
    kept = [_find(rows, existing) for existing in changes.keep if existing.state == OPEN]
    moved = [_find(rows, move.existing) for move in changes.move]
    return [(row, targets[row.step]) for row in (*kept, *moved) if row.step in targets]


def _fits(row: Row, terms: Terms, *, is_done: bool) -> bool:
    """Whether what waits goes by the right channel, in the right language and by the right version."""
    version = None if is_done else terms.version
    return all(
        (m.channel, m.language) == (terms.channel, terms.language) and (version is None or m.version in {None, version})
        for m in row.open_messages
    )


def _is_outdated(row: Row, terms: Terms) -> bool:
    """Whether a further round waits for a channel or a language that is not the patient's any more, and was not tried
    yet."""
    waits = row.follows and row.open_messages
    untried = not {message.state for message in row.messages} - _NOWHERE - CANCELLABLE
    return bool(waits) and untried and not _fits(row, terms, is_done=True)


def _is_elsewhere(row: Row, to: PlannedStep, now: datetime) -> bool:
    """Whether the row must move. One that is due already, and whose turn is now, just waits for its sweep."""
    return row.due_at != to.due_at and max(row.due_at, to.due_at) > now


def _is_called_off(rows: Iterable[Row], key: str, terms: Terms) -> bool:
    newest = max((row for row in rows if row.step == key), key=lambda row: row.round, default=None)
    if newest is None:
        return False
    if newest.state is ReminderState.CANCELLED:
        return not newest.superseded
    last = _ended_last(newest)
    if last is None or last.reason != OPTED_OUT:
        return False
    return terms.agreed_at is None or terms.agreed_at <= last.state_at


def _ended_last(row: Row) -> Carried | None:
    """Of what reached nobody, the message that was called off last for the row's own sake.

    Not the last made: a joined message may be older than the row's own, which was called off when they were joined.
    """
    ended = [one for one in row.messages if one.state in _NOWHERE and one.reason not in {JOINED, PARTED}]
    return max(reversed(ended), key=lambda one: one.state_at, default=None)


def _find(rows: Iterable[Row], existing: Existing) -> Row:
    return next(row for row in rows if (row.step, row.round) == (existing.key, existing.round))
