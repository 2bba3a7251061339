"""How long each kind of work may wait, and in which group it stands on Today. Pure; the figures are the product's own
judgement but where a source is named: what is urgent is a matter of minutes, all else must not lie over a second day.
"""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum

from reminders.care.effects import SEEN_WITHIN, SOON
from reminders.care.tickets import ALERT_LOST
from reminders.models.kinds import TicketKind


class Group(StrEnum):
    """The groups of Today, most urgent first."""

    URGENT = "urgent"
    CONSULT = "consult"
    UNREACHABLE = "unreachable"
    QUESTION = "question"
    SENDER = "sender"
    NO_ANSWER = "no_answer"
    OTHER = "other"


_GROUPS: Mapping[TicketKind, Group] = {
    TicketKind.RED_FLAG: Group.URGENT,
    TicketKind.CONSULT: Group.CONSULT,
    TicketKind.UNREACHABLE: Group.UNREACHABLE,
    TicketKind.QUESTION: Group.QUESTION,
    TicketKind.UNKNOWN_SENDER: Group.SENDER,
    TicketKind.WRONG_NUMBER: Group.SENDER,
    TicketKind.MISSED_CHECK_IN: Group.NO_ANSWER,
}

RANK: Mapping[Group, int] = {group: place for place, group in enumerate(Group)}
"""Which group stands before which."""

_URGENT = timedelta(minutes=15)
_DAY = timedelta(days=1)

_TARGETS: Mapping[TicketKind, timedelta] = {
    TicketKind.RED_FLAG: _URGENT,
    TicketKind.CONSULT: _DAY,
    TicketKind.UNREACHABLE: _DAY,
    TicketKind.QUESTION: _DAY,
    TicketKind.UNKNOWN_SENDER: _DAY,
    TicketKind.WRONG_NUMBER: 2 * _DAY,
    TicketKind.MISSED_CHECK_IN: 2 * _DAY,
    TicketKind.UNCLEAR: _DAY,
    TicketKind.OVERLAP: 2 * _DAY,
    TicketKind.OPTED_OUT: 7 * _DAY,
    TicketKind.DELIVERY: _DAY,
}

_BY_REASON: Mapping[str, timedelta] = {SOON: SEEN_WITHIN[SOON] / 12}
"""Who should be seen within two days must hear from the clinic on the first half-day."""


def group_of(kind: TicketKind, priority: int) -> Group:
    """Where a ticket stands. What lets an alarm reach nobody is as urgent as the alarm."""
    return Group.URGENT if priority <= ALERT_LOST else _GROUPS.get(kind, Group.OTHER)


def target_of(kind: TicketKind, reason: str, priority: int) -> timedelta:
    """How long a ticket may wait until it is closed."""
    if priority <= ALERT_LOST:
        return _URGENT
    return _BY_REASON.get(reason, _TARGETS[kind])
