"""Do our books agree with the carrier's: messages, attempts, receipts against what phones and mailboxes got."""

from collections import Counter

from sqlalchemy import select

from reminders.database import Database
from reminders.models import Attempt, Message, Receipt
from reminders.models.kinds import Channel, Outcome
from tests.processes import Stack
from tests.promises.settling import ENDED
from tests.promises.world import World


def assert_agree(stack: Stack, world: World, recipients: list[str]) -> None:
    """Each recipient has exactly one, nothing is left in anybody's hand, and every entry has its counterpart."""
    assert stack.once_each(recipients)
    assert set(world.states()) <= ENDED
    sids = Counter(text["id"] for text in stack.texts() if text["channel"] == Channel.SMS)
    accepted = _accepted(world.database)
    assert Counter(accepted.values()) == sids, "each accepted attempt is one text, and each text one attempt"
    assert _reported(world.database).items() <= {str(attempt): sid for attempt, sid in accepted.items()}.items()


def _accepted(database: Database) -> dict[object, str | None]:
    """The carrier's id of each attempt that counts as accepted."""
    query = select(Attempt.id, Attempt.provider_id).join(Message, Message.id == Attempt.message_id)
    with database.read() as session:
        found = session.execute(query.where(Attempt.outcome == Outcome.ACCEPTED, Message.channel == Channel.SMS))
        return {row.id: row.provider_id for row in found}


def _reported(database: Database) -> dict[str, str]:
    """The carrier's id that receipts gave for each attempt."""
    with database.read() as session:
        found = session.execute(select(Receipt.attempt_id, Receipt.provider_id).distinct())
        return {str(row.attempt_id): row.provider_id for row in found}
