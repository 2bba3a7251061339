"""Which of our senders a webhook is about."""

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import HTTPException
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from reminders import logs
from reminders.care.matching import clinics_knowing
from reminders.models import Sender
from reminders.models.kinds import Channel
from reminders.web.webhooks.signed import Webhook

_log = logs.get(__name__)


@dataclass(frozen=True)
class Addressed:
    """The sender that was written to. Not `certain`: nobody knows which of the account's clinics is meant."""

    sender: Sender
    certain: bool = True


def find_sender(session: Session, webhook: Webhook) -> Addressed:
    """The sender that was written to. A number that we do not know must not cost what the patient said: it is for
    the clinic that knows whoever wrote, if exactly one of the account's does, else for the account's first.

    Raises:
        HTTPException: 404, no clinic is on this account.
    """
    own = select(Sender).where(Sender.channel == Channel.SMS, Sender.account == webhook.get("AccountSid"))
    every = session.scalars(own.order_by(Sender.created_at, Sender.id)).all()
    if not every:
        _log.error("webhook for an account of no clinic", code="404")
        raise HTTPException(404, "No clinic is on this account.")
    named = _named(session, webhook)
    if named is not None or len(every) == 1:
        return Addressed(named or every[0])
    _log.warning("webhook for a number of no clinic")
    return _guessed(session, webhook, every)


def _named(session: Session, webhook: Webhook) -> Sender | None:
    """By account and To; by its Messaging Service where the number is the pool's."""
    own = select(Sender).where(Sender.channel == Channel.SMS, Sender.account == webhook.get("AccountSid"))
    to, service = webhook.number("To"), webhook.get("MessagingServiceSid")
    named = [Sender.address == to, *([Sender.service == service, Sender.address == service] if service else [])]
    return session.scalars(own.where(or_(*named)).order_by((Sender.address == to).desc())).first()


def _guessed(session: Session, webhook: Webhook, every: Sequence[Sender]) -> Addressed:
    """`every` is the account's senders, oldest first."""
    clinics = {sender.clinic_id for sender in every}
    knowing = clinics_knowing(session, clinics, Channel.SMS, webhook.number("From"))
    theirs = [sender for sender in every if sender.clinic_id in knowing]
    if len(knowing) == 1 or len(clinics) == 1:
        return Addressed((theirs or every)[0])
    return Addressed(every[0], certain=False)
