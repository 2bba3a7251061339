"""From a claimed group to calls: lock, re-check, compose, and write down that the provider is about to be called."""

import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from reminders import logs
from reminders.channels.base import Outgoing
from reminders.channels.imap_address import MailboxAddress
from reminders.crypto import Keyring
from reminders.database import keyring_of
from reminders.delivery import spending
from reminders.delivery.composing import Composed, Composer
from reminders.delivery.facts import INDEX_KIND, Addressee, Facts, Group, addressee, lock, unseal
from reminders.delivery.happenings import Happening, tell
from reminders.delivery.housekeeping import DueSender
from reminders.delivery.mail_headers import answered_at, headers, in_thread
from reminders.delivery.premises import Premises
from reminders.delivery.recheck import Circumstances, Ruling, rule
from reminders.delivery.windows import window_of
from reminders.errors import CryptoError
from reminders.ids import new_id
from reminders.models import Message
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
    """The `number`th call of a message (from 1), of `segments` (1 for an e-mail), after `tries` failed ones."""

    message_id: uuid.UUID
    clinic_id: uuid.UUID
    number: int
    tries: int
    segments: int
    outgoing: Outgoing


@dataclass(frozen=True, slots=True)
class Work:
    """A claimed group of one sender, at `now`: calls must be over before `lease_until`. `mailbox` is where answers to
    its e-mails are read, if anywhere."""

    sender: DueSender
    group: Group
    public_url: str
    now: datetime
    time_out: timedelta
    lease_until: datetime
    mailbox: MailboxAddress | None = None


def prepare(session: Session, work: Work, premises: Premises) -> list[Call]:
    """Move what may leave to sending, the rest where it belongs; the calls to make once this is committed.

    A fixed number of statements, and at most three for each reason that something does not leave.
    """
    facts = lock(session, work.group, work.now + work.time_out)
    if not facts:
        return []
    clinic, composer = premises.at(session, work.now)
    composer.load(session, (one.protocol_version_id for one in facts))
    desk = _Desk(work, Circumstances(work.now, clinic), composer, keyring_of(session))
    rulings: list[tuple[Facts, Ruling]] = []
    ready: list[tuple[Beginning, Call]] = []
    # The clinic's own hours: should they be at fault, no message is.
    window_of(clinic, None, work.now)
    for one in facts:
        ruling = _consider(one, desk, ready)
        if ruling:
            rulings.append((one, ruling))
    known = {one.id: one for one in facts}
    costs = [spending.Cost(call.message_id, known[call.message_id].kind, call.segments) for _, call in ready]
    too_dear = spending.withhold(session, work.sender, clinic, costs, work.now)
    rulings += [(known[message_id], Ruling(State.PLANNED, SPEND_CAP)) for message_id in too_dear]
    ready = [one for one in ready if one[1].message_id not in too_dear]
    _apply(session, rulings, work.now)
    begin(session, [beginning for beginning, _ in ready], work.now, work.lease_until)
    spending.count(session, work.sender, clinic, sum(call.segments for _, call in ready), work.now)
    return [call for _, call in ready]


@dataclass(frozen=True, slots=True)
class _Desk:
    work: Work
    around: Circumstances
    composer: Composer
    keyring: Keyring


def _consider(facts: Facts, desk: _Desk, ready: list[tuple[Beginning, Call]]) -> Ruling | None:
    """None, and the call is among the ready ones; or what becomes of the message. It never spoils the others' group."""
    try:
        to = addressee(facts)
        ruling = rule(facts, to, desk.around)
        if ruling is None:
            ready.append(_write(facts, to, desk))
    except _OWN_FAULTS as error:
        _log.error("message cannot be composed", message_id=str(facts.id), reason=type(error).__name__)
        return Ruling(State.SKIPPED, UNSENDABLE)
    return ruling


_OWN_FAULTS = (WordingError, CryptoError, LookupError, ValueError, TypeError)
"""What a row's own contents lead to: a text that is missing, a value that does not open, a zone that this host does not
know, parameters of another shape."""


def _write(facts: Facts, to: Addressee | None, desk: _Desk) -> tuple[Beginning, Call]:
    if to is None:
        raise CryptoError("no address")
    address = unseal(desk.keyring, to.sealed, to.context)
    composed = desk.composer.compose(facts, desk.work.public_url)
    outgoing = Outgoing(
        attempt_id=new_id(),
        to=address,
        body=composed.body,
        subject=composed.subject,
        valid_for=desk.around.window(facts).valid_for(facts.kind, facts.useful_until),
        headers=_headers(facts, composed, desk),
    )
    call = Call(facts.id, facts.clinic_id, facts.attempts + 1, facts.tries, composed.segments, outgoing)
    index = to.index or desk.keyring.index(INDEX_KIND[facts.channel], address)
    return _beginning(facts, call, index, composed.body_hash), call


def _beginning(facts: Facts, call: Call, address_index: str, body_hash: str) -> Beginning:
    message = call.outgoing
    return Beginning(
        message_id=facts.id,
        attempt_id=message.attempt_id,
        clinic_id=facts.clinic_id,
        sender_id=facts.sender_id,
        number=call.number,
        to=message.to,
        address_index=address_index,
        subject=message.subject,
        body=message.body,
        body_hash=body_hash,
        segments=call.segments,
    )


def _headers(facts: Facts, composed: Composed, desk: _Desk) -> dict[str, str]:
    if facts.channel is not Channel.EMAIL:
        return {}
    address, mailbox = desk.work.sender.identity.address, desk.work.mailbox
    known = headers(facts, composed, address, desk.around.clinic)
    return known | answered_at(facts, address, mailbox, desk.keyring) | in_thread(facts, desk.keyring)


def _apply(session: Session, rulings: Sequence[tuple[Facts, Ruling]], now: datetime) -> None:
    ids: defaultdict[Ruling, list[uuid.UUID]] = defaultdict(list)
    for facts, ruling in rulings:
        ids[ruling].append(facts.id)
    for ruling, affected in ids.items():
        also = {"due_at": ruling.due_at} if ruling.due_at else {}
        move(session, Move(ruling.target, now, ruling.reason, also), Message.id.in_(affected))
    tell(session, [_happening(facts, ruling) for facts, ruling in rulings if _is_news(ruling)], now)


def _is_news(ruling: Ruling) -> bool:
    return ruling.target is State.EXPIRED or ruling.reason == UNSENDABLE


def _happening(facts: Facts, ruling: Ruling) -> Happening:
    kind = EventKind.EXPIRED if ruling.target is State.EXPIRED else EventKind.FAILED
    return Happening(kind, facts.clinic_id, facts.id, facts.sender_id, {"reason": ruling.reason})
