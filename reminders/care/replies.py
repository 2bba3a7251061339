"""Inbound messages: kept before they are understood, once each, and given to whom they most likely come from."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from reminders import logs
from reminders.care.matching import Match, address_index, holders, match
from reminders.care.situation import Kept
from reminders.care.surroundings import Origin, Surroundings, look_around
from reminders.care.understanding import Received, understand, understand_now, understand_pending, understand_received
from reminders.database import add_missing, keyring_of, refuse_other_clinics
from reminders.ids import new_id
from reminders.models import Patient, Reply
from reminders.models.kinds import Channel, ReplyKind

_log = logs.get(__name__)

__all__ = [
    "Inbound",
    "Match",
    "Received",
    "candidates",
    "keep",
    "receive",
    "understand",
    "understand_now",
    "understand_pending",
    "understand_received",
]


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
    refuse_other_clinics(session, {inbound.clinic_id})
    session.flush()
    received = keep(session.connection(), inbound, now)
    return received.reply.id if received else None


def keep(connection: Connection, inbound: Inbound, now: datetime) -> Received | None:
    """As `receive`, in two statements; what stands around the reply goes to `understand_received`.

    None also if that cannot be read now: the reply is kept and waits for `understand_pending`.
    """
    index = address_index(keyring_of(connection), inbound.channel, inbound.from_address)
    known = inbound.known or Match(None, None)
    origin = Origin(inbound.clinic_id, inbound.channel, index, now, known.patient_id, known.answers_id)
    around = _around(connection, origin, now)
    row = _row(inbound, index, _match(inbound, around), now)
    if not add_missing(connection, Reply, row) or around is None:
        return None
    return Received(Kept(**{name: row[name] for name in Kept.__slots__}), around)


def _around(connection: Connection, origin: Origin, now: datetime) -> Surroundings | None:
    """None if something there cannot be read, such as a language that this version does not know: the reply is kept
    all the same, from nobody known, and whoever takes up unread ones gives it to staff."""
    try:
        return look_around(connection, origin, now)
    except (LookupError, ValueError, TypeError) as error:
        _log.error("what stands around a reply cannot be read", clinic_id=str(origin.clinic_id), exc_info=error)
        return None


def _match(inbound: Inbound, around: Surroundings | None) -> Match:
    if inbound.known:
        return inbound.known
    return Match(None, None) if around is None or inbound.to_unknown_number else match(around.holders)


def _row(inbound: Inbound, index: str, found: Match, now: datetime) -> dict[str, Any]:
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


def candidates(session: Session, reply: Reply) -> Sequence[Patient]:
    """Everybody whose address a reply came from: whom staff choose between when a family shares it."""
    return holders(session, reply.clinic_id, reply.channel, reply.from_index)
