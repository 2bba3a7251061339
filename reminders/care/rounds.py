"""How an alarm climbs: whom it calls, by what, in which round, and how long each call is worth making. Pure."""

import uuid
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from reminders.models.kinds import Channel, Language, Role


@dataclass(frozen=True, slots=True)
class Colleague:
    """One member of staff, as far as alerts go."""

    id: uuid.UUID
    role: Role
    on_call: bool
    language: Language
    phone: str | None = field(repr=False)
    email: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Contact:
    """One member of staff, and by what they are alerted."""

    staff: Colleague
    channel: Channel


@dataclass(frozen=True, slots=True)
class Round:
    """One time that an alarm rings. `n` counts from 1; it rings `after` the red flag, and is worth it until `until`."""

    n: int
    after: timedelta
    until: timedelta


@dataclass(frozen=True, slots=True)
class Call:
    """One contact, called in one round."""

    contact: Contact
    round: Round


_TIMES = (
    timedelta(),
    # Somebody had the phone in another room, or in a pocket with a patient before them.
    timedelta(minutes=5),
    # Whoever is on call has missed it twice: from here on the owners hear it too.
    timedelta(minutes=15),
    timedelta(minutes=30),
    # Within the hour it rings again, and then hourly for a day: until then somebody has opened the clinic.
    *(timedelta(hours=hour) for hour in range(1, 25)),
)

_LAST_USEFUL_FOR = timedelta(hours=24)
"""How long the last call is still worth making; staff who come in the next morning must still hear of it."""

_ENDS = (*_TIMES[1:], _TIMES[-1] + _LAST_USEFUL_FOR)
# Each call is worth making until the next one: after a standstill one goes at once, not all that were missed.
ROUNDS = tuple(Round(n, *span) for n, span in enumerate(zip(_TIMES, _ENDS, strict=True), start=1))
"""When an alarm rings."""

OWNERS_FROM = 3
"""The round in which the owners are called too."""

_BOTH = frozenset(Channel)


_A_TURN = 100
"""More than there are rounds."""


def number(n: int, turn: int) -> int:
    """What round `n` counts as in the key of a call, when the alarm was called off by mistake `turn` times before."""
    return n + turn * _A_TURN


def again(one: Round, turn: int) -> Round:
    """The same round when the alarm rings for the next time, under a number of its own."""
    return replace(one, n=number(one.n, turn))


def calls(staff: Sequence[Colleague], channels: Collection[Channel] = _BOTH) -> list[Call]:
    """Every call of an alarm, by text and by e-mail, in order: whoever is on call, then the owners beside them.

    With nobody on call who can be reached, the owners from the first round on. `channels` are those that can be sent
    on; who can be reached on none of them is left out.
    """
    first = first_called(staff, channels)
    later = first + [owner for owner in owners(staff, channels) if owner not in first]
    return [Call(contact, one) for one in ROUNDS for contact in (later if one.n >= OWNERS_FROM else first)]


def first_called(staff: Sequence[Colleague], channels: Collection[Channel] = _BOTH) -> list[Contact]:
    """Whoever is on call, or else the owners."""
    on_call = [contact for person in staff if person.on_call for contact in ways(person, channels)]
    return on_call or owners(staff, channels)


def owners(staff: Sequence[Colleague], channels: Collection[Channel] = _BOTH) -> list[Contact]:
    """The owners, by all by which they can be reached."""
    return [contact for person in staff if person.role is Role.OWNER for contact in ways(person, channels)]


def ways(person: Colleague, channels: Collection[Channel] = _BOTH) -> Iterator[Contact]:
    """By what an alert can reach somebody: a viewer by nothing, for they could not act on it."""
    may_act = person.role is not Role.VIEWER
    has = {Channel.SMS: may_act and bool(person.phone), Channel.EMAIL: may_act and bool(person.email)}
    return (Contact(person, channel) for channel in Channel if channel in channels and has[channel])
