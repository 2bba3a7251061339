"""Which of our senders a webhook is about."""

from fastapi import HTTPException
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from reminders import logs
from reminders.models import Sender
from reminders.models.kinds import Channel
from reminders.web.webhooks.signed import Webhook

_log = logs.get(__name__)


def find_sender(session: Session, webhook: Webhook) -> Sender:
    """The sender that was written to.

    Raises:
        HTTPException: 404, the number is no clinic's.
    """
    found = _find(session, webhook)
    if found is None:
        _log.error("webhook for a number of no clinic", code="404")
        raise HTTPException(404, "No clinic has this number.")
    return found


def _find(session: Session, webhook: Webhook) -> Sender | None:
    """By account and To; by its Messaging Service where the number is the pool's.

    An account with a single sender needs neither: whatever number of it was written to is that clinic's.
    """
    own = select(Sender).where(Sender.channel == Channel.SMS, Sender.account == webhook.get("AccountSid"))
    to, service = webhook.get("To"), webhook.get("MessagingServiceSid")
    named = [Sender.address == to, *([Sender.service == service, Sender.address == service] if service else [])]
    exact = session.scalars(own.where(or_(*named)).order_by((Sender.address == to).desc())).first()
    if exact is not None:
        return exact
    every = session.scalars(own.limit(2)).all()
    return every[0] if len(every) == 1 else None
