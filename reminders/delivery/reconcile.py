"""Asking providers what became of calls without an answer, and of accepted messages without a receipt."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from reminders import logs
from reminders.channels.base import Channel, ChannelError, Listed
from reminders.delivery import questions
from reminders.delivery.conclusions import Answered, conclude
from reminders.delivery.context import Delivery, SweepClock
from reminders.delivery.housekeeping import identity_of
from reminders.delivery.questions import Question
from reminders.models import Sender, instance
from schedules.lifecycle import State

_log = logs.get(__name__)

AT_ONCE = 50
"""Messages that are asked about in one go."""

LONGEST = timedelta(seconds=20)
"""After that a run asks no more; the rest waits for the next."""


@dataclass(frozen=True, slots=True)
class ReconcileReport:
    """How many messages were asked about, and what that came to. `again`: not found, to be tried once more;
    `given_up`: not found again, staff are told; `waiting`: to be asked about again."""

    asked: int = 0
    found: int = 0
    again: int = 0
    given_up: int = 0
    waiting: int = 0


def reconcile(context: Delivery) -> ReconcileReport:
    """Ask about what is due to be asked about, for a while. No session is open while a provider is asked."""
    with context.database.read() as session:
        clock = SweepClock(instance.now(session))
    tally: Counter[str] = Counter()
    while clock.now() < clock.started + LONGEST:
        part = _ask_some(context, clock)
        tally.update(part)
        if part["asked"] < AT_ONCE:
            break
    if tally["asked"]:
        _log.info("reconciled", count=tally["asked"], unknown=tally["waiting"], failed=tally["given_up"])
    return ReconcileReport(**tally)


def _ask_some(context: Delivery, clock: SweepClock) -> Counter[str]:
    with context.database.begin() as session:
        asked = questions.pick(session, clock.now(), AT_ONCE)
        senders = questions.senders(session, asked)
    if not asked:
        return Counter()
    answers = asyncio.run(_ask_all(context, asked, list(senders.values())))
    with context.database.begin() as session:
        return Counter({"asked": len(asked)}) + conclude(session, answers, clock.now())


async def _ask_all(context: Delivery, asked: Sequence[Question], senders: Sequence[Sender]) -> list[Answered]:
    answers = await asyncio.gather(
        *(
            _ask_sender(context, sender, [one for one in asked if one.about.sender_id == sender.id])
            for sender in senders
        )
    )
    return [answer for of_sender in answers for answer in of_sender]


async def _ask_sender(context: Delivery, sender: Sender, asked: Sequence[Question]) -> list[Answered]:
    identity = identity_of(sender)
    try:
        channel = context.opener(identity, context.settings)
    except ChannelError:
        return [Answered(one, identity, None) for one in asked]
    limit = asyncio.Semaphore(context.pace.in_flight[identity.channel])

    async def ask(question: Question) -> Answered:
        async with limit:
            return Answered(question, identity, await _ask(channel, question, context.pace.time_out))

    try:
        return list(await asyncio.gather(*map(ask, asked)))
    finally:
        await channel.close()


async def _ask(channel: Channel, question: Question, time_out: float) -> Sequence[Listed] | None:
    """What the provider lists; None when it did not say, so that nothing follows."""
    if not channel.can_look_up:
        return []
    try:
        if question.about.state is State.UNKNOWN:
            return await asyncio.wait_for(channel.find(question.to), time_out)
        found = await asyncio.wait_for(channel.fetch(question.provider_id or ""), time_out)
    except (ChannelError, TimeoutError):
        return None
    return [found] if found else []
