"""Every dedupe key, built in one place: what may exist once, exists once."""

import uuid
from datetime import datetime

from reminders.clock import require_aware
from reminders.models.kinds import Channel


def reminder_key(reminder_id: uuid.UUID, channel: Channel, attempt: int) -> str:
    """One reminder on one channel; `attempt` counts deliberate revivals, from 1."""
    return f"reminder:{reminder_id}:{channel}:{attempt}"


def answer_key(reply_id: uuid.UUID) -> str:
    """The answer to a reply."""
    return f"answer:{reply_id}"


def safety_key(reply_id: uuid.UUID) -> str:
    """The safety text that a reply called for."""
    return f"safety:{reply_id}"


def confirmation_key(opt_out_id: uuid.UUID, at: datetime) -> str:
    """The confirmation of one opt-out or of its lifting; `at` tells a later one of the same address apart."""
    return f"confirmation:{opt_out_id}:{require_aware(at).isoformat()}"


def alert_key(ticket_id: uuid.UUID, staff_id: uuid.UUID, channel: Channel, n: int) -> str:
    """The alert of the n-th round (from 1) to one person on one channel about one ticket."""
    return f"alert:{ticket_id}:{staff_id}:{channel}:{n}"


def draft_test_key(staff_id: uuid.UUID, version_id: uuid.UUID, text: str, at: datetime) -> str:
    """A text of a draft (`text` says which) sent to somebody of the clinic to try it: once a minute at most."""
    return f"draft:{version_id}:{staff_id}:{text}:{require_aware(at):%Y%m%d%H%M}"


def sender_test_key(sender_id: uuid.UUID, staff_id: uuid.UUID, at: datetime) -> str:
    """A text by one of the clinic's senders to somebody of the clinic, to try it: once a minute at most."""
    return f"sender:{sender_id}:{staff_id}:{require_aware(at):%Y%m%d%H%M}"


def staff_key(patient_id: uuid.UUID, nonce: str) -> str:
    """What staff write to a patient; `nonce` (at most 64 characters) tells one press of the button from the next.

    Older rows have a reply's id in the patient's place.
    """
    return f"staff:{patient_id}:{nonce[:64]}"
