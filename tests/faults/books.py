"""Do our books agree with the carrier's: messages, attempts, receipts against what phones and mailboxes got."""

import uuid
from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select

from reminders.database import Database
from reminders.models import Attempt, Message, Receipt
from reminders.models.kinds import Channel, Outcome
from schedules.lifecycle import State
from tests.processes import Stack
from tests.promises.settling import ENDED
from tests.promises.world import World

_DECIDED = frozenset(Outcome) - {Outcome.UNKNOWN}


def assert_agree(stack: Stack, world: World, phones: Sequence[str], mailboxes: Sequence[str] = ()) -> None:
    """Each recipient has exactly one, nothing is left in anybody's hand, and every entry has its counterpart."""
    assert stack.once_each([*phones, *mailboxes])
    sent = stack.texts()
    assert {one["to"] for one in sent} == {*phones, *mailboxes}, "nobody else got anything"
    # Receipts are still coming in: what the first ones caused is there when the rest is read.
    receipts = _receipts(world.database)
    attempts = _attempts(world.database)
    _messages_ended(world, len(phones) + len(mailboxes))
    _every_attempt_is_decided(attempts)
    _texts_are_attempts([one for one in sent if one["channel"] == Channel.SMS], attempts)
    _mails_are_attempts([one for one in sent if one["channel"] == Channel.EMAIL], attempts)
    _receipts_are_of_attempts(receipts, attempts)


def _messages_ended(world: World, owed: int) -> None:
    columns = select(Message.state, Message.claim_token, Message.lease_until, Message.sent_at)
    with world.database.read() as session:
        found = session.execute(columns).all()
    assert len(found) == owed, "one message for each recipient"
    assert {row.state for row in found} <= ENDED
    assert not [row for row in found if row.claim_token or row.lease_until], "in nobody's hand"
    assert all(row.sent_at for row in found)


def _every_attempt_is_decided(attempts: Sequence[Row[Any]]) -> None:
    """None is in doubt any more, and of each message exactly one was accepted: its last."""
    assert {row.outcome for row in attempts} <= _DECIDED
    accepted = Counter(row.message_id for row in attempts if row.outcome is Outcome.ACCEPTED)
    assert accepted == Counter({row.message_id for row in attempts})
    last: dict[uuid.UUID, Row[Any]] = {row.message_id: row for row in sorted(attempts, key=lambda row: row.number)}
    assert all(row.outcome is Outcome.ACCEPTED for row in last.values())


def _texts_are_attempts(texts: Sequence[dict[str, Any]], attempts: Sequence[Row[Any]]) -> None:
    """Each accepted attempt is one text to the same number with the same id, and each text one accepted attempt."""
    ours = Counter(
        (row.provider_id, row.to) for row in attempts if row.channel is Channel.SMS and row.outcome is Outcome.ACCEPTED
    )
    assert ours == Counter((text["id"], text["to"]) for text in texts)


def _mails_are_attempts(mails: Sequence[dict[str, Any]], attempts: Sequence[Row[Any]]) -> None:
    """A mailbox keeps no list to ask, so of an attempt in doubt it may have a copy; every copy says which message."""
    ours = [row for row in attempts if row.channel is Channel.EMAIL]
    copies = Counter(_message_id(mail) for mail in mails)
    accepted = Counter(row.message_id for row in ours if row.outcome is Outcome.ACCEPTED)
    doubtful = Counter(row.message_id for row in ours if row.outcome is Outcome.NOT_FOUND)
    assert accepted <= copies <= accepted + doubtful


def _message_id(mail: dict[str, Any]) -> uuid.UUID:
    return uuid.UUID(mail["message_id"].strip("<>").partition("@")[0])


def _receipts_are_of_attempts(receipts: Sequence[Row[Any]], attempts: Sequence[Row[Any]]) -> None:
    """Each receipt is of an accepted attempt and names its text; what was reported delivered is delivered."""
    accepted = {row.id: row for row in attempts if row.outcome is Outcome.ACCEPTED}
    assert all(accepted[receipt.attempt_id].provider_id == receipt.provider_id for receipt in receipts)
    reported = {receipt.attempt_id for receipt in receipts if receipt.status == "delivered"}
    assert all(accepted[attempt_id].state is State.DELIVERED for attempt_id in reported)


def _attempts(database: Database) -> Sequence[Row[Any]]:
    columns = (Attempt.id, Attempt.message_id, Attempt.number, Attempt.outcome, Attempt.provider_id, Attempt.to)
    query = select(*columns, Message.channel, Message.state).join(Message, Message.id == Attempt.message_id)
    with database.read() as session:
        return session.execute(query).all()


def _receipts(database: Database) -> Sequence[Row[Any]]:
    with database.read() as session:
        return session.execute(select(Receipt.attempt_id, Receipt.provider_id, Receipt.status)).all()
