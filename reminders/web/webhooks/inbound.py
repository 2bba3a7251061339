"""Inbound texts."""

from fastapi import APIRouter, HTTPException, Response

from reminders.models.kinds import ReplyKind
from reminders.web.webhooks.keeping import keep, understand
from reminders.web.webhooks.senders import find_sender
from reminders.web.webhooks.signed import SignedWebhook

EMPTY_TWIML = '<?xml version="1.0" encoding="UTF-8"?><Response></Response>'

router = APIRouter()


@router.post("/inbound")
def inbound(arrived: SignedWebhook) -> Response:
    """Keep the text before it is understood; the same one again changes nothing."""
    with arrived.verified() as webhook:
        sid = webhook.word("MessageSid")
        if not sid:
            raise HTTPException(400, "MessageSid is missing.")
        received = keep(webhook, find_sender(webhook), ReplyKind.TEXT, sid)
        understand(webhook, received)
    # The answer is a message of its own: it must be claimed, recorded and receipted like every other.
    return Response(EMPTY_TWIML, media_type="text/xml")
