"""Status callbacks: what became of an attempt, whatever comes in whatever order."""

import uuid

import pytest
from sqlalchemy import select, update

from reminders.models import Attempt, Message, Receipt, Sender
from reminders.models.kinds import Channel, Language, MessageKind
from schedules.lifecycle import State
from tests.web.conftest import TODAY
from tests.web.webhooks.conftest import Carrier


@pytest.fixture
def attempt_id(carrier: Carrier) -> uuid.UUID:
    """A text that was handed to the carrier."""
    with carrier.database.begin() as session:
        sender = session.scalars(select(Sender).where(Sender.channel == Channel.SMS)).one()
        message = Message(
            clinic_id=carrier.clinic.id,
            sender_id=sender.id,
            channel=Channel.SMS,
            kind=MessageKind.STAFF,
            priority=1,
            language=Language.FR,
            template="alert:test",
            dedupe_key="m:1",
            due_at=TODAY,
            useful_until=TODAY,
            state=State.SENT,
            state_at=TODAY,
            created_at=TODAY,
        )
        session.add(message)
        session.flush()
        attempt = Attempt(clinic_id=message.clinic_id, message_id=message.id, sender_id=sender.id, number=1)
        attempt.to, attempt.address_index, attempt.body_hash = "+15145550142", "", ""
        attempt.started_at = TODAY
        session.add(attempt)
        session.flush()
        return attempt.id


def _status(carrier: Carrier, attempt: object, status: str, **more: str) -> int:
    fields = {"MessageSid": "SM1", "MessageStatus": status, "AccountSid": carrier.account} | more
    answer: int = carrier.post(f"/webhooks/twilio/status/{attempt}", list(fields.items())).status_code
    return answer


def _state(carrier: Carrier) -> State:
    found: State = carrier.rows(Message)[0].state
    return found


def test_receipts_in_any_order_and_twice(carrier: Carrier, attempt_id: uuid.UUID) -> None:
    """Each different one is kept once; delivered stays delivered."""
    for status in ("queued", "delivered", "sent", "delivered", "undelivered", "sent"):
        assert _status(carrier, attempt_id, status) == 200
    assert _state(carrier) is State.DELIVERED
    assert sorted(receipt.status for receipt in carrier.rows(Receipt)) == ["delivered", "queued", "sent", "undelivered"]


def test_an_undelivered_text_has_its_code(carrier: Carrier, attempt_id: uuid.UUID) -> None:
    """It decides what follows."""
    assert _status(carrier, attempt_id, "undelivered", ErrorCode="30005") == 200
    assert _state(carrier) is State.UNDELIVERED
    assert [receipt.error_code for receipt in carrier.rows(Receipt)] == ["30005"]


def test_ids_that_are_not_ours_get_200(carrier: Carrier, attempt_id: uuid.UUID) -> None:
    """Or the carrier would keep on."""
    for other in (uuid.uuid4(), "x", "0", "%C3%A9", str(attempt_id)[:-1]):
        assert _status(carrier, other, "delivered") == 200
    assert (carrier.rows(Receipt), _state(carrier)) == ([], State.SENT)


def test_words_that_no_carrier_says_do_no_harm(carrier: Carrier, attempt_id: uuid.UUID) -> None:
    """Empty, endless, with a NUL, or new."""
    for status in ("", "\0", "é", "x" * 5000, "a brand new status", "brand-new"):
        assert _status(carrier, attempt_id, status, ErrorCode="\0", MessageSid="\0" * 300) == 200
    assert _state(carrier) is State.SENT


def test_an_account_tells_nothing_of_anothers_texts(carrier: Carrier, attempt_id: uuid.UUID) -> None:
    """However well it signs."""
    with carrier.database.begin() as session:
        session.execute(update(Sender).where(Sender.channel == Channel.SMS).values(account="AC" + "2" * 32))
    assert _status(carrier, attempt_id, "delivered") == 200
    assert (carrier.rows(Receipt), _state(carrier)) == ([], State.SENT)
