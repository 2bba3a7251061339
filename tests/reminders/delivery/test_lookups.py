"""What counts as the same message in a provider's list."""

from dataclasses import replace
from datetime import timedelta

import pytest

from reminders.channels.base import Listed
from reminders.channels.opening import SenderIdentity
from reminders.crypto import Keyring
from reminders.delivery.lookups import match
from reminders.delivery.news import Subject
from reminders.delivery.questions import Question
from reminders.ids import new_id
from reminders.models.kinds import Channel
from schedules.lifecycle import State
from tests.reminders.outbox.rows import NOW, PHONE

NUMBER = "+15145550100"
IDENTITY = SenderIdentity(channel=Channel.SMS, account="AC", address=NUMBER, service="", credentials=None)
LISTED = Listed("SM1", PHONE, "Hello.", NUMBER, NOW, State.SENT, "")


@pytest.fixture
def question(keyring: Keyring) -> Question:
    """An attempt to send "Hello." at NOW."""
    return Question(
        about=Subject(new_id(), 1, new_id(), new_id(), new_id(), State.UNKNOWN),
        priority=5,
        since=NOW,
        to=PHONE,
        address_index=keyring.index("phone", PHONE),
        body_hash=keyring.index("body", "Hello."),
        started_at=NOW,
        provider_id=None,
        asked=0,
        asked_at=None,
        not_found=0,
    )


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, True),
        ({"body": "Hello!"}, False),
        ({"to": "+15145550199"}, False),
        ({"sender": "+15145550101"}, False),
        ({"sender": ""}, True),
        ({"created_at": NOW + timedelta(hours=2)}, True),
        ({"created_at": NOW - timedelta(seconds=30)}, True),
        ({"created_at": NOW - timedelta(seconds=61)}, False),
        ({"created_at": None}, True),
        ({"provider_id": "SM0"}, False),
    ],
)
def test_match(question: Question, keyring: Keyring, changes: dict[str, object], found: bool) -> None:
    listed = replace(LISTED, **changes)  # type: ignore[arg-type]
    assert match(question, [listed], {"SM0"}, (IDENTITY, keyring)) == (listed if found else None)


def test_a_messaging_service_picks_its_number(question: Question, keyring: Keyring) -> None:
    service = replace(IDENTITY, address="MG1", service="MG1")
    listed = replace(LISTED, sender="+15145550177")
    assert match(question, [listed], set(), (service, keyring)) == listed


def test_of_several_the_oldest(question: Question, keyring: Keyring) -> None:
    later = replace(LISTED, provider_id="SM2", created_at=NOW + timedelta(minutes=1))
    assert match(question, [later, LISTED], set(), (IDENTITY, keyring)) == LISTED
