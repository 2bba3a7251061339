"""Which of our senders a webhook is about."""

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import HTTPException

from reminders import logs
from reminders.care.matching import clinics_knowing
from reminders.models.kinds import Channel
from reminders.web.webhooks.accounts import AccountSender
from reminders.web.webhooks.signed import Webhook

_log = logs.get(__name__)


@dataclass(frozen=True)
class Addressed:
    """The sender that was written to. Not `certain`: nobody knows which of the account's clinics is meant."""

    sender: AccountSender
    certain: bool = True


def find_sender(webhook: Webhook) -> Addressed:
    """The sender that was written to. A number that we do not know must not cost what the patient said: it is for
    the clinic that knows whoever wrote, if exactly one of the account's does, else for the account's first.

    Raises:
        HTTPException: 404, no clinic is on this account.
    """
    every = webhook.senders
    if not every:
        _log.error("webhook for an account of no clinic", code="404")
        raise HTTPException(404, "No clinic is on this account.")
    named = _named(webhook)
    if named is not None or len(every) == 1:
        return Addressed(named or every[0])
    _log.warning("webhook for a number of no clinic")
    return _guessed(webhook, every)


def _named(webhook: Webhook) -> AccountSender | None:
    """By To; by its Messaging Service where the number is the pool's."""
    to, service = webhook.number("To"), webhook.get("MessagingServiceSid")
    named = [sender for sender in webhook.senders if sender.address == to]
    named += [sender for sender in webhook.senders if service and service in {sender.service, sender.address}]
    return named[0] if named else None


def _guessed(webhook: Webhook, every: Sequence[AccountSender]) -> Addressed:
    """`every` is the account's senders, oldest first."""
    clinics = {sender.clinic_id for sender in every}
    knowing = clinics_knowing(webhook.connection, clinics, Channel.SMS, webhook.number("From"))
    theirs = [sender for sender in every if sender.clinic_id in knowing]
    if len(knowing) == 1 or len(clinics) == 1:
        return Addressed((theirs or every)[0])
    return Addressed(every[0], certain=False)
