"""Inbound messages: kept before they are understood, once each, and given to whom they most likely come from."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from reminders.care.matching import Match, address_index, holders, match, who_may_have_written
from reminders.care.understanding import understand, understand_pending
from reminders.database import insert_missing, keyring_of
from reminders.ids import new_id
from reminders.models import Patient, Reply
from reminders.models.kinds import Channel, ReplyKind

__all__ = ["Inbound", "Match", "candidates", "receive", "understand", "understand_pending"]


@dataclass(frozen=True)
class Inbound:
    """What a provider handed us. `provider_id` is its own id of the message, by which a repeat is known.

    `from_address` is E.164 or an e-mail address; `media` is a list of what hangs on it, JSON-safe; `raw` is all that
    the provider said; `opt_out_type` is the keyword that the carrier has answered itself, or "".
    """

    sender_id: uuid.UUID
    clinic_id: uuid.UUID
    channel: Channel
    kind: ReplyKind
    provider_id: str
    from_address: str
    body: str
    media: Any | None = None
    raw: Any | None = None
    opt_out_type: str | None = None
    to_unknown_number: bool = False
    """The clinic is only a guess, so whoever wrote is not taken for a patient of it."""
    known: Match | None = None
    """Whose it is and what it answers, where a link said so; else the address tells."""


def receive(session: Session, inbound: Inbound, now: datetime) -> uuid.UUID | None:
    """Keep an inbound message, unread: its id, or None if it is there already.

    `understand` follows in a transaction of its own, so that nothing which goes wrong there can lose it.
    """
    row = _row(session, inbound, now)
    reply_id: uuid.UUID = row["id"]
    return reply_id if insert_missing(session, Reply, row) else None


def _row(session: Session, inbound: Inbound, now: datetime) -> dict[str, Any]:
    index = address_index(keyring_of(session), inbound.channel, inbound.from_address)
    found = inbound.known or _match(session, inbound, index, now)
    return {
        "id": new_id(),
        "sender_id": inbound.sender_id,
        "clinic_id": inbound.clinic_id,
        "patient_id": found.patient_id,
        "answers_id": found.answers_id,
        "kind": inbound.kind,
        "channel": inbound.channel,
        "provider_id": inbound.provider_id,
        "sender_address": inbound.from_address,
        "from_index": index,
        "body": inbound.body,
        "media": inbound.media,
        "raw": inbound.raw,
        "opt_out_type": (inbound.opt_out_type or "").upper()[:16],
        "to_unknown_number": inbound.to_unknown_number,
        "received_at": now,
    }


def _match(session: Session, inbound: Inbound, index: str, now: datetime) -> Match:
    if inbound.to_unknown_number:
        return Match(None, None)
    return match(who_may_have_written(session, inbound.clinic_id, inbound.channel, index, now))


def candidates(session: Session, reply: Reply) -> Sequence[Patient]:
    """Everybody whose address a reply came from: whom staff choose between when a family shares it."""
    return holders(session, reply.clinic_id, reply.channel, reply.from_index)
