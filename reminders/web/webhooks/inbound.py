"""Inbound texts: kept in one transaction, understood in the next."""

from fastapi import APIRouter, HTTPException, Response

from reminders import logs
from reminders.care import replies
from reminders.models import Sender
from reminders.models.instance import now
from reminders.models.kinds import Channel, ReplyKind
from reminders.web.webhooks.senders import find_sender
from reminders.web.webhooks.signed import SignedWebhook, Webhook

_log = logs.get(__name__)

EMPTY_TWIML = '<?xml version="1.0" encoding="UTF-8"?><Response></Response>'
MAX_MEDIA = 10
"""Twilio attaches at most ten files to a message."""

router = APIRouter()


@router.post("/inbound")
def inbound(webhook: SignedWebhook) -> Response:
    """Keep the text before it is understood; what cannot be understood now is taken up by a task."""
    if not webhook.get("MessageSid"):
        raise HTTPException(400, "MessageSid is missing.")
    with webhook.database.begin() as session:
        sender = find_sender(session, webhook)
        if sender is None:
            _log.error("inbound text to a number of no clinic", code="404")
            raise HTTPException(404, "No clinic has this number.")
        reply = replies.receive(session, _inbound(webhook, sender), now(session))
    if reply is not None:
        with webhook.database.begin() as session:
            replies.understand(session, reply.id, now(session))
    # The answer is a message of its own: it must be claimed, recorded and receipted like every other.
    return Response(EMPTY_TWIML, media_type="text/xml")


def _inbound(webhook: Webhook, sender: Sender) -> replies.Inbound:
    return replies.Inbound(
        sender_id=sender.id,
        clinic_id=sender.clinic_id,
        channel=Channel.SMS,
        kind=ReplyKind.TEXT,
        provider_id=webhook.get("MessageSid"),
        from_address=webhook.get("From"),
        body=webhook.get("Body"),
        media=_media(webhook),
        raw=webhook.fields.multi_items(),
        opt_out_type=webhook.get("OptOutType"),
    )


def _media(webhook: Webhook) -> list[dict[str, str]]:
    """Where the attachments lie; nothing is fetched here."""
    given = webhook.get("NumMedia")
    count = min(int(given), MAX_MEDIA) if given.isascii() and given.isdigit() else 0
    return [
        {"url": webhook.get(f"MediaUrl{i}"), "content_type": webhook.get(f"MediaContentType{i}")} for i in range(count)
    ]
