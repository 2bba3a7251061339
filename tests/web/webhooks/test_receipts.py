"""Status callbacks: what became of an attempt, whatever comes in whatever order."""

import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest
from sqlalchemy import event, select, update

from reminders.database import Database
from reminders.models import Attempt, Clinic, Event, Message, MessageReminder, Receipt, Sender
from reminders.models.kinds import Channel, EventKind, Language, MessageKind, Outcome
from schedules.lifecycle import State
from tests.reminders.outbox.rows import add_patient, add_reminder, add_treatment
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
            kind=MessageKind.ALERT,
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


def _status(carrier: Carrier, attempt: object, status: str, account: str = "", token: str = "", **more: str) -> int:
    fields = {"MessageSid": "SM1", "MessageStatus": status, "AccountSid": account or carrier.account} | more
    signed_by = {"token": token} if token else {}
    answer: int = carrier.post(f"/webhooks/twilio/status/{attempt}", list(fields.items()), **signed_by).status_code
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


def test_a_number_without_an_account_of_its_own_uses_the_environments(
    carrier: Carrier, attempt_id: uuid.UUID, database: Database
) -> None:
    """Another clinic's account says nothing of its texts, however well it signs.

    Seen to fail when such a number was taken for any account's.
    """
    other, token = "AC" + "3" * 32, "another clinic's token"
    with database.begin() as session:
        session.execute(update(Sender).where(Sender.channel == Channel.SMS).values(account=""))
        theirs = Sender(channel=Channel.SMS, account=other, address="+15145550155", credentials={"token": token})
        theirs.clinic_id, theirs.created_at, theirs.next_free_at = carrier.clinic.id, TODAY, TODAY
        session.add(theirs)
    assert _status(carrier, attempt_id, "delivered", other, token=token) == 200
    assert (carrier.rows(Receipt), _state(carrier)) == ([], State.SENT)
    assert _status(carrier, attempt_id, "delivered") == 200
    assert _state(carrier) is State.DELIVERED


def test_the_usual_receipt_is_one_statement(carrier: Carrier, attempt_id: uuid.UUID, database: Database) -> None:
    """Beside the one that looks up the account; SQLite has no such statement. Seen to fail without a statement for what
    was delivered, and when that left the links of its message alive."""
    _carries_a_reminder(carrier)
    asked: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda _c, _cur, statement, *_: asked.append(statement))
    so_far = [len(asked)]
    for status in ("sent", "delivered", "delivered"):
        assert _status(carrier, attempt_id, status) == 200
        so_far.append(len(asked))
    if not database.is_sqlite:
        assert [after - before for before, after in pairwise(so_far)][:2] == [2, 2]
    assert _state(carrier) is State.DELIVERED
    with database.read() as session:
        attempt = session.get_one(Attempt, attempt_id)
        assert (attempt.outcome, attempt.provider_id) == (Outcome.ACCEPTED, "SM1")
        assert attempt.finished_at is not None
        message = session.get_one(Message, attempt.message_id)
        assert message.sent_at == message.delivered_at == message.state_at
        assert [link.live for link in session.scalars(select(MessageReminder))] == [False]


def _carries_a_reminder(carrier: Carrier) -> None:
    with carrier.database.begin() as session:
        clinic = session.scalars(select(Clinic)).one()
        reminder = add_reminder(session, add_treatment(session, clinic, add_patient(session, clinic)))
        message = session.scalars(select(Message)).one()
        link = MessageReminder(message_id=message.id, reminder_id=reminder.id, clinic_id=clinic.id)
        session.add(link)


def test_a_receipt_that_waits_for_another_sees_what_that_one_did(
    carrier: Carrier, attempt_id: uuid.UUID, database: Database
) -> None:
    """It comes for a text that was sent, and is applied to one that meanwhile was given up.

    Seen to fail when the usual statement did not ask for the state again under the lock: nothing was corrected.
    """
    with database.begin() as session, ThreadPoolExecutor(1) as pool:
        session.execute(update(Message).values(state=State.UNDELIVERED))
        waiting = pool.submit(_status, carrier, attempt_id, "delivered")
        time.sleep(0.3)
        session.commit()
        assert waiting.result() == 200
    assert _state(carrier) is State.DELIVERED
    assert [event.kind for event in carrier.rows(Event)] == [EventKind.DELIVERED_LATE]
