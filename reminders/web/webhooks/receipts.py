"""Status callbacks: what became of an attempt."""

import uuid

from fastapi import APIRouter, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from reminders.delivery import receipts
from reminders.models import Sender
from reminders.web.webhooks.signed import SignedWebhook, Webhook

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
        about = receipts.subject(session, ours)
        if about is not None and _is_of(session, about.sender_id, webhook):
            receipts.record_of(session, about, receipt, webhook.now)
    return Response(status_code=200)


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _is_of(session: Session, sender_id: uuid.UUID, webhook: Webhook) -> bool:
    """Whether the account that signed made the attempt: one clinic's account says nothing of another's messages."""
    if any(sender.id == sender_id for sender in webhook.senders):
        return True
    # A sender without an account of its own uses the environment's.
    return session.scalar(select(Sender.account).where(Sender.id == sender_id)) in {webhook.get("AccountSid"), ""}
