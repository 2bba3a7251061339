"""How an alarm climbs: whom it calls in which round, without a database.

Seen to fail when: the owners were called from the first round on, or never; the e-mail was left out beside a text; a
call was worth making past the next one.
"""

import uuid
from datetime import timedelta

from reminders.care.rounds import OWNERS_FROM, ROUNDS, Colleague, calls
from reminders.models.kinds import Channel, Language, Role

MINUTE = timedelta(minutes=1)


def colleague(role: Role = Role.STAFF, *, on_call: bool = False, phone: str | None = "+15145550150") -> Colleague:
    return Colleague(uuid.uuid4(), role, on_call, Language.EN, phone, "somebody@clinic.example")


NURSE, OTHER = colleague(on_call=True), colleague(on_call=True, phone=None)
OWNER, CLERK = colleague(Role.OWNER), colleague()


def called(n: int, *staff: Colleague, channels: frozenset[Channel] = frozenset(Channel)) -> list[tuple[uuid.UUID, str]]:
    """Who is called in the n-th round, and by what."""
    found = calls(staff, channels)
    return [(call.contact.staff.id, call.contact.channel.value) for call in found if call.round.n == n]


def test_it_rings_soon_again_and_then_hourly_for_a_day() -> None:
    minutes = [round(one.after / MINUTE) for one in ROUNDS]
    assert minutes[:6] == [0, 5, 15, 30, 60, 120]
    assert (minutes[-1], len(ROUNDS)) == (24 * 60, 28)


def test_a_call_is_worth_making_until_the_next() -> None:
    """So that after a standstill everybody is called once, not as often as it was missed."""
    assert [one.until for one in ROUNDS[:-1]] == [one.after for one in ROUNDS[1:]]
    assert ROUNDS[-1].until == timedelta(hours=48)


def test_who_is_on_call_by_text_and_email_then_the_owners_too() -> None:
    staff = (CLERK, OWNER, NURSE, OTHER)
    on_call = [(NURSE.id, "sms"), (NURSE.id, "email"), (OTHER.id, "email")]
    assert called(1, *staff) == called(OWNERS_FROM - 1, *staff) == on_call
    climbed = [*on_call, (OWNER.id, "sms"), (OWNER.id, "email")]
    assert called(OWNERS_FROM, *staff) == called(len(ROUNDS), *staff) == climbed


def test_an_owner_on_call_is_called_once_a_round() -> None:
    owner = colleague(Role.OWNER, on_call=True)
    assert called(OWNERS_FROM, owner) == [(owner.id, "sms"), (owner.id, "email")]


def test_with_nobody_on_call_who_can_be_reached_the_owners_at_once() -> None:
    assert called(1, OWNER, CLERK) == [(OWNER.id, "sms"), (OWNER.id, "email")]
    texts = frozenset({Channel.SMS})
    assert called(1, OWNER, OTHER, channels=texts) == [(OWNER.id, "sms")]
    assert calls([CLERK]) == calls([OTHER], texts) == []
