"""From a claimed group to calls: lock, re-check, compose, and write down that the provider is about to be called."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from reminders import consent, logs
from reminders.channels.base import Outgoing
from reminders.crypto import Keyring
from reminders.database import keyring_of
from reminders.delivery import pacing, spending
from reminders.delivery.composing import Composed, Composer
from reminders.delivery.facts import INDEX_KIND, Addressee, Facts, Group, addressee, lock, unseal
from reminders.delivery.happenings import Happening, tell
from reminders.delivery.housekeeping import DueSender
from reminders.delivery.recheck import Circumstances, Ruling, hours_for, rule
from reminders.delivery.windows import valid_for
from reminders.errors import CryptoError
from reminders.ids import new_id
from reminders.models import Clinic, Message, ProtocolVersion
from reminders.models.kinds import Channel, EventKind
from reminders.models.options import SPEND_CAP
from reminders.outbox import Beginning, Move, begin, move
from reminders.wording.texts import WordingError
from schedules.lifecycle import State

_log = logs.get(__name__)

UNSENDABLE = "unsendable"
"""The reason of a message whose text or address cannot be had: staff are told, and it stops nobody else's."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call to make; `tries` have failed before it."""

    message_id: uuid.UUID
    clinic_id: uuid.UUID
    tries: int
    segments: int
    outgoing: Outgoing


@dataclass(frozen=True, slots=True)
class Work:
    """A claimed group of one sender, at `now`: calls must be over before `lease_until`."""

    sender: DueSender
    group: Group
    public_url: str
    now: datetime
    time_out: timedelta
    lease_until: datetime


def prepare(session: Session, work: Work) -> list[Call]:
    """Move what may leave to sending, the rest where it belongs; the calls to make once this is committed.

    A fixed number of statements, and at most three for each reason that something does not leave.
    """
    facts = lock(session, work.group, work.now + work.time_out)
    if not facts:
        return []
    around = _circumstances(session, facts, work.now)
    composer = Composer(around.clinic, _contents(session, facts), keyring_of(session))
    rulings: dict[uuid.UUID, Ruling] = {}
    ready: list[tuple[Beginning, Call]] = []
    for one in facts:
        ruling = rule(one, around) or _try(one, _Desk(work, around, composer, keyring_of(session)), ready)
        if ruling:
            rulings[one.id] = ruling
    kinds = {one.id: one.kind for one in facts}
    costs = [spending.Cost(call.message_id, kinds[call.message_id], call.segments) for _, call in ready]
    too_dear = spending.withhold(session, work.sender, around.clinic, costs, work.now)
    rulings |= dict.fromkeys(too_dear, Ruling(State.PLANNED, SPEND_CAP))
    ready = [one for one in ready if one[1].message_id not in too_dear]
    _apply(session, facts, rulings, work.now)
    begin(session, [beginning for beginning, _ in ready], work.now, work.lease_until)
    calls = [call for _, call in ready]
    spending.count(session, work.sender, around.clinic, sum(call.segments for call in calls), work.now)
    # A segment each was charged with the claim.
    pacing.charge(session, work.sender.id, sum(call.segments - 1 for call in calls), work.now)
    return calls


@dataclass(frozen=True, slots=True)
class _Desk:
    work: Work
    around: Circumstances
    composer: Composer
    keyring: Keyring


def _try(facts: Facts, desk: _Desk, ready: list[tuple[Beginning, Call]]) -> Ruling | None:
    try:
        ready.append(_write(facts, desk))
    except (WordingError, CryptoError) as error:
        _log.error("message cannot be composed", message_id=str(facts.id), reason=type(error).__name__)
        return Ruling(State.SKIPPED, UNSENDABLE)
    return None


def _write(facts: Facts, desk: _Desk) -> tuple[Beginning, Call]:
    to = addressee(facts)
    if to is None:
        raise CryptoError("no address")
    address = unseal(desk.keyring, to.sealed, to.context)
    composed = desk.composer.compose(facts, desk.work.public_url)
    outgoing = Outgoing(
        attempt_id=new_id(),
        to=address,
        body=composed.body,
        subject=composed.subject,
        valid_for=valid_for(facts.kind, desk.work.now, hours_for(facts, desk.around), facts.useful_until),
        headers=_headers(facts, composed, desk) if facts.channel is Channel.EMAIL else {},
    )
    call = Call(facts.id, facts.clinic_id, facts.tries, composed.segments, outgoing)
    return _beginning(facts, call, to, desk.keyring), call


def _beginning(facts: Facts, call: Call, to: Addressee, keyring: Keyring) -> Beginning:
    message = call.outgoing
    return Beginning(
        message_id=facts.id,
        attempt_id=message.attempt_id,
        clinic_id=facts.clinic_id,
        sender_id=facts.sender_id,
        number=facts.attempts + 1,
        to=message.to,
        address_index=to.index or keyring.index(INDEX_KIND[facts.channel], message.to),
        subject=message.subject,
        body=message.body,
        body_hash=keyring.index("body", message.body),
        segments=call.segments,
    )


def _headers(facts: Facts, composed: Composed, desk: _Desk) -> dict[str, str]:
    """The Message-ID is the message's, not the attempt's: a retry that doubles can be recognised as the same."""
    domain = parseaddr(desk.work.sender.identity.address)[1].rpartition("@")[2]
    headers = {
        "Message-ID": f"<{facts.id}@{domain}>",
        "From": desk.around.clinic.name,
        "Content-Language": facts.language.value,
    }
    if composed.unsubscribe_url:
        headers["List-Unsubscribe"] = f"<{composed.unsubscribe_url}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers


def _circumstances(session: Session, facts: Sequence[Facts], now: datetime) -> Circumstances:
    clinic_id, channel = facts[0].clinic_id, facts[0].channel
    patients = {one.patient_id for one in facts if one.patient_id is not None}
    indexes = {to.index for to in map(addressee, facts) if to and to.index}
    return Circumstances(
        now=now,
        clinic=session.get_one(Clinic, clinic_id),
        consented=consent.consented(session, patients),
        opted_out=consent.opted_out(session, clinic_id, [(channel, index) for index in indexes]),
    )


def _contents(session: Session, facts: Iterable[Facts]) -> Mapping[uuid.UUID, Mapping[str, Any]]:
    ids = {one.protocol_version_id for one in facts if one.protocol_version_id is not None}
    if not ids:
        return {}
    found = session.execute(select(ProtocolVersion.id, ProtocolVersion.content).where(ProtocolVersion.id.in_(ids)))
    return {row.id: row.content for row in found}


def _apply(session: Session, facts: Iterable[Facts], rulings: Mapping[uuid.UUID, Ruling], now: datetime) -> None:
    ids: defaultdict[Ruling, list[uuid.UUID]] = defaultdict(list)
    for message_id, ruling in rulings.items():
        ids[ruling].append(message_id)
    for ruling, affected in ids.items():
        also = {"due_at": ruling.due_at} if ruling.due_at else {}
        move(session, Move(ruling.target, now, ruling.reason, also), Message.id.in_(affected))
    tell(session, [_happening(one, rulings[one.id]) for one in facts if _is_news(rulings.get(one.id))], now)


def _is_news(ruling: Ruling | None) -> bool:
    return ruling is not None and (ruling.target is State.EXPIRED or ruling.reason == UNSENDABLE)


def _happening(facts: Facts, ruling: Ruling) -> Happening:
    kind = EventKind.EXPIRED if ruling.target is State.EXPIRED else EventKind.FAILED
    return Happening(kind, facts.clinic_id, facts.id, facts.sender_id, {"reason": ruling.reason})
