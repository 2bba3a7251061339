"""Status callbacks: what became of an attempt."""

import uuid

from fastapi import APIRouter, Response

from reminders.delivery import receipts
from reminders.models.instance import now
from reminders.web.webhooks.signed import SignedWebhook

router = APIRouter()


@router.post("/status/{attempt_id}")
def status(attempt_id: str, webhook: SignedWebhook) -> Response:
    """Record a receipt. An id that is not ours gets the same 200, or the carrier would keep on sending it."""
    try:
        ours = uuid.UUID(attempt_id)
    except ValueError:
        return Response(status_code=200)
    receipt = receipts.ReceiptIn(
        attempt_id=ours,
        provider_id=webhook.get("MessageSid"),
        status=webhook.get("MessageStatus"),
        error_code=webhook.get("ErrorCode"),
    )
    with webhook.database.begin() as session:
        receipts.record(session, receipt, now(session))
    return Response(status_code=200)
