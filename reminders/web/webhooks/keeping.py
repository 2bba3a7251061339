"""Keeping what came in, in one transaction, and understanding it in the next."""

from reminders import logs
from reminders.care import replies
from reminders.models.kinds import Channel, ReplyKind
from reminders.web.webhooks.senders import Addressed
from reminders.web.webhooks.signed import Webhook

_log = logs.get(__name__)

MAX_MEDIA = 10
"""Twilio attaches at most ten files to a message."""

_CARRIER_ANSWERED = frozenset({"STOP", "START", "HELP"})


def keep(webhook: Webhook, to: Addressed, kind: ReplyKind, provider_id: str) -> replies.Received | None:
    """Keep a text or a call; None if it is there already."""
    answered = webhook.get("OptOutType").upper()
    inbound = replies.Inbound(
        sender_id=to.sender.id,
        clinic_id=to.sender.clinic_id,
        channel=Channel.SMS,
        kind=kind,
        provider_id=provider_id,
        from_address=webhook.number("From"),
        body=webhook.get("Body"),
        media=_media(webhook),
        raw=webhook.fields.pairs,
        opt_out_type=answered if answered in _CARRIER_ANSWERED else "",
        to_unknown_number=not to.certain,
    )
    return replies.keep(webhook.connection, inbound, webhook.now)


def understand(webhook: Webhook, received: replies.Received | None) -> None:
    """Read a new reply, and do what follows from it. The webhook's connection may be closed then.

    Whatever goes wrong, the reply is kept: the carrier is told so, and the task for unread replies takes it up.
    """
    if received is None:
        return
    try:
        replies.understand_received(webhook.database, webhook.connection, received, webhook.now)
    except Exception as error:
        _log.error("reply not understood", reply_id=str(received.reply.id), exc_info=error)


def _media(webhook: Webhook) -> list[dict[str, str]]:
    """Where the attachments lie; nothing is fetched here."""
    given = webhook.get("NumMedia")
    count = min(int(given), MAX_MEDIA) if given.isascii() and given.isdigit() and len(given) <= len("99") else 0
    return [
        {"url": webhook.get(f"MediaUrl{i}"), "content_type": webhook.get(f"MediaContentType{i}")} for i in range(count)
    ]
