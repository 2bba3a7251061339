"""Which of our senders a webhook is about."""

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from reminders.models import Sender
from reminders.models.kinds import Channel
from reminders.web.webhooks.signed import Webhook


def find_sender(session: Session, webhook: Webhook) -> Sender | None:
    """The sender that was written to, by account and To; by its Messaging Service where the number is the pool's.

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
