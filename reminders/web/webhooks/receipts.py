"""Status callbacks: what became of an attempt."""

import uuid

from fastapi import APIRouter, Response
from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from reminders.delivery import receipts
from reminders.delivery.usual_receipts import record_usual
from reminders.models import Sender
from reminders.models.kinds import Channel
from reminders.web.webhooks.signed import SignedWebhook, Webhook

router = APIRouter()


@router.post("/status/{attempt_id}")
def status(attempt_id: str, arrived: SignedWebhook) -> Response:
    """Record a receipt. An id that is not ours gets the same 200, or the carrier would keep on sending it."""
    with arrived.verified() as webhook:
        receipt = _receipt(webhook, attempt_id)
        own = [sender.id for sender in webhook.senders]
        done = receipt is None or record_usual(webhook.connection, receipt, own, webhook.now)
    if receipt is not None and not done:
        _look_closer(webhook, receipt)
    return Response(status_code=200)


def _receipt(webhook: Webhook, attempt_id: str) -> receipts.ReceiptIn | None:
    """What was said of which attempt, if it is said of one."""
    said = webhook.word("MessageStatus")
    try:
        ours = uuid.UUID(attempt_id)
    except ValueError:
        return None
    return receipts.ReceiptIn(ours, webhook.word("MessageSid"), said, webhook.word("ErrorCode")) if said else None


def _look_closer(webhook: Webhook, receipt: receipts.ReceiptIn) -> None:
    with webhook.database.begin() as session:
        about = receipts.subject(session, receipt.attempt_id)
        if about is not None and _is_of(session, about.sender_id, webhook):
            receipts.record_of(session, about, receipt, webhook.now)


_SENDER = select(Sender.account).where(Sender.id == bindparam("sender"), Sender.channel == Channel.SMS)


def _is_of(session: Session, sender_id: uuid.UUID, webhook: Webhook) -> bool:
    """Whether the account that signed made the attempt: one clinic's account says nothing of another's messages."""
    if any(sender.id == sender_id for sender in webhook.senders):
        return True
    # A number without an account of its own uses the environment's.
    return webhook.of_environment and session.connection().scalar(_SENDER, {"sender": sender_id}) == ""
