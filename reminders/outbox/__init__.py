"""The only SQL that moves a message's state: enqueue, cancel, claim, begin, settle."""

from reminders.outbox.begin import Beginning, begin
from reminders.outbox.cancel import call_off_successors, cancel, move_due
from reminders.outbox.claim import (
    FOR_MOST,
    Claim,
    all_held,
    claim,
    is_due,
    is_held,
    is_unpaused,
    release,
    rests_for_most,
)
from reminders.outbox.drafts import NO_WAITING, PRIORITY, Draft
from reminders.outbox.enqueue import enqueue, sending_channels
from reminders.outbox.moves import (
    Instant,
    Move,
    in_hand,
    in_state,
    may_become,
    move,
    moving,
    pick_free,
    stands_in,
    unlink,
    unlinking,
)
from reminders.outbox.settle import Settlement, end, settle

__all__ = [
    "FOR_MOST",
    "NO_WAITING",
    "PRIORITY",
    "Beginning",
    "Claim",
    "Draft",
    "Instant",
    "Move",
    "Settlement",
    "all_held",
    "begin",
    "call_off_successors",
    "cancel",
    "claim",
    "end",
    "enqueue",
    "in_hand",
    "in_state",
    "is_due",
    "is_held",
    "is_unpaused",
    "may_become",
    "move",
    "move_due",
    "moving",
    "pick_free",
    "release",
    "rests_for_most",
    "sending_channels",
    "settle",
    "stands_in",
    "unlink",
    "unlinking",
]
