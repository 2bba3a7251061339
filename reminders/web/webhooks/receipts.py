"""Status callbacks: what became of an attempt."""

import uuid

from fastapi import APIRouter, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from reminders.delivery import receipts
from reminders.models import Attempt, Sender
from reminders.models.instance import now
from reminders.web.webhooks.signed import SignedWebhook

router = APIRouter()


@router.post("/status/{attempt_id}")
def status(attempt_id: str, arrived: SignedWebhook) -> Response:
    """Record a receipt. An id that is not ours gets the same 200, or the carrier would keep on sending it."""
    webhook = arrived.verified()
    ours = _uuid(attempt_id)
    if ours is None or not webhook.word("MessageStatus"):
        return Response(status_code=200)
    receipt = receipts.ReceiptIn(
        attempt_id=ours,
        provider_id=webhook.word("MessageSid"),
        status=webhook.word("MessageStatus"),
        error_code=webhook.word("ErrorCode"),
    )
    with webhook.database.begin() as session:
        if _is_of(session, ours, webhook.get("AccountSid")):
            receipts.record(session, receipt, now(session))
    return Response(status_code=200)


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _is_of(session: Session, attempt_id: uuid.UUID, account: str) -> bool:
    """Whether the account that signed made the attempt: one clinic's account says nothing of another's messages."""
    maker = select(Sender.account).join(Attempt, Attempt.sender_id == Sender.id).where(Attempt.id == attempt_id)
    # A sender without an account of its own uses the environment's.
    return session.scalar(maker) in {account, ""}
