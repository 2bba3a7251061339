"""What every channel promises: one message handed over, or an error that says what may be done next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from reminders.errors import RemindersError
from schedules.lifecycle import State


class Fault(StrEnum):
    """What a failed call means for the message."""

    RETRY = "retry"
    """Definitely not accepted; another try later may succeed."""
    PERMANENT = "permanent"
    """Definitely not accepted; this recipient cannot be reached so."""
    OPTED_OUT = "opted_out"
    """Definitely not accepted: the recipient told the carrier to stop."""
    SENDER = "sender"
    """Definitely not accepted: the account or the sender is at fault, so its other messages would fail too."""
    UNKNOWN = "unknown"
    """It may have been accepted; only the provider can say."""


class ChannelError(RemindersError):
    """A call that did not end in acceptance. The text is fit for staff and holds no address and no body.

    `code` is the provider's, or a word of ours for what has none: printable ASCII, 32 characters at most.
    `retry_after` is the provider's wish, if it had one.
    """

    def __init__(self, message: str, fault: Fault, code: str = "", retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.fault = fault
        self.code = code
        self.retry_after = retry_after

    @property
    def permanent(self) -> bool:
        """Whether this recipient cannot be reached so, however often it is tried."""
        return self.fault in {Fault.PERMANENT, Fault.OPTED_OUT}


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message to hand over: `to` is an E.164 number or an e-mail address, `valid_for` how long it stays useful.

    `headers` are for e-mail: Message-ID, List-Unsubscribe, Reply-To ... `From` there is the display name alone, and
    `Content-Language` (en, fr) also tells screen readers how to speak the text.
    """

    attempt_id: UUID
    to: str = field(repr=False)
    body: str = field(repr=False)
    subject: str | None = field(repr=False)
    valid_for: timedelta
    headers: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider took the message; `state` is what it said of it at once. Its id has 200 characters at most."""

    provider_id: str
    state: State


@dataclass(frozen=True, slots=True)
class Listed:
    """A message as the provider lists it. `sender` is the number or, before one is chosen, the messaging service."""

    provider_id: str
    to: str = field(repr=False)
    body: str = field(repr=False)
    sender: str
    created_at: datetime | None
    state: State
    error_code: str


class Channel(Protocol):
    """A way for messages to leave. It keeps no record, decides nothing, and never tries a call twice."""

    can_look_up: bool
    """Whether the provider can be asked what became of a message."""

    async def send(self, message: Outgoing) -> Accepted:
        """Hand over one message, within the channel's time-out.

        Raises:
            ChannelError: it was refused, or nobody knows.
        """

    async def find(self, to: str) -> Sequence[Listed]:
        """All that the provider lists for this recipient, newest first, from any of the account's senders.

        Raises:
            ChannelError: the list could not be had (nothing follows from that), or there is none.
        """

    async def fetch(self, provider_id: str) -> Listed | None:
        """One message by the provider's id; None when the provider has no such message.

        Raises:
            ChannelError: as for `find`.
        """

    async def close(self) -> None:
        """Give up connections, in the event loop that opened them. The channel may be used again, also in another."""
