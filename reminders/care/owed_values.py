"""What stands for a treatment, how its patient is written to, and what is to be done about it: values."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from reminders.models.kinds import Channel, Language, ReminderState
from schedules.lifecycle import CANCELLABLE, State
from schedules.plan import PlannedStep, SkippedStep
from schedules.replan import Addition


@dataclass(frozen=True, slots=True)
class Carried:
    """A message that carries a reminder: how it goes, where it stands, since when (UTC) and why.

    `address` is the look-up index of where it was last tried; "" before it is. `version` is the protocol version whose
    words it sends, None if its words are no protocol's.
    """

    message_id: uuid.UUID
    channel: Channel
    language: Language
    state: State
    state_at: datetime
    reason: str = ""
    address: str = ""
    version: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A stored reminder with its messages, oldest first; `due_at` in UTC."""

    reminder_id: uuid.UUID
    step: str
    round: int
    due_at: datetime
    state: ReminderState
    messages: tuple[Carried, ...]
    follows: bool = False
    """It follows from an answer or from silence, not from the calendar: no change of the plan moves it."""
    superseded: bool = False
    """Called off with its treatment, for a later one's sake; its step is owed anew if that is taken back."""

    @property
    def open_messages(self) -> tuple[Carried, ...]:
        """Those that can still be stopped."""
        return tuple(message for message in self.messages if message.state in CANCELLABLE)


@dataclass(frozen=True, slots=True)
class Terms:
    """How the patient is written to now, and since when they agree to it (UTC); without a channel, why not at all.

    `address` is the look-up index of theirs on that channel. `version` is the protocol version that the treatment
    follows; None leaves every message with its own.
    """

    channel: Channel | None
    reason: str
    language: Language
    agreed_at: datetime | None = None
    address: str = ""
    version: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class Intents:
    """What to do: stop a row (with the reason), move or re-send one, add one, note one as skipped (with the reason)."""

    stop: tuple[tuple[Row, str], ...] = ()
    move: tuple[tuple[Row, PlannedStep], ...] = ()
    replace: tuple[tuple[Row, PlannedStep], ...] = ()
    add: tuple[Addition, ...] = ()
    skip: tuple[tuple[PlannedStep | SkippedStep, str], ...] = ()
    reword: tuple[Row, ...] = ()
    """Further rounds to send at their own time, but by another channel or in another language."""

    @property
    def touched(self) -> tuple[Row, ...]:
        """The rows that something happens to."""
        return (*(row for row, _ in (*self.stop, *self.move, *self.replace)), *self.reword)
